# -*- test-case-name: tests.experiments.test_reports -*-
"""
Running experiments from a shell: C{vaurien run} and C{vaurienctl experiment}.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import attrs

from vaurien_twisted.arguments import takesFile
from vaurien_twisted.experiments.console import verdict
from vaurien_twisted.experiments.document import Experiment, readExperiment, schema
from vaurien_twisted.experiments.targets import addTargetArguments
from vaurien_twisted.experiments.timeline import timeline
from vaurien_twisted.model.json_types import Answer, JSONObject
from vaurien_twisted.model.options import Refused
from vaurien_twisted.model.text_file import readText

if TYPE_CHECKING:
    from vaurien_twisted.experiments.externals import IExperimentReactor

#: The exit status of a bad command line or file.
USAGE = 2

EPILOG = """\
exit status: 0 all conditions held, 1 one was broken, 2 bad usage, 3 halted or not judged
"""


def addArguments(parser: argparse.ArgumentParser, fleet: bool) -> None:
    """
    Add the arguments of a run to a parser.

    @param fleet: whether the experiment may run on other services.
    """
    words = "the experiment, in YAML or JSON"
    if fleet:
        takesFile(parser.add_argument("file", metavar="FILE", help=words))
    else:
        parser.add_argument("file", metavar="FILE", nargs="?", default="", help=words)
        parser.add_argument(
            "--replay",
            metavar="REPORT",
            help="strike the same exchanges with the same faults as in the run of a report in "
            "JSON; FILE is then by default the report's",
        )
        parser.add_argument(
            "--bisect",
            action="store_true",
            help="repeat the run of --replay with ever fewer faults, and tell the smallest set "
            "that still breaks the hypothesis",
        )
    parser.add_argument("--dry-run", action="store_true", help="show the timeline and end")
    parser.add_argument("--seed", type=int, help="a seed in place of the file's")
    for option, what in (("report", "JSON"), ("html", "one HTML file"), ("junit", "JUnit XML")):
        takesFile(
            parser.add_argument(f"--{option}", metavar="FILE", help=f"write the report as {what}")
        )
    parser.add_argument("--quiet", action="store_true", help="show the verdict only")
    if fleet:
        addTargetArguments(parser)


def readFile(path: str) -> Experiment:
    """
    Read an experiment from a file.

    @raise Refused: the file cannot be read, or is not an experiment; the message begins with its
        path.
    """
    from vaurien_twisted.experiments.names import checkNames

    try:
        experiment = readExperiment(readText(path))
        checkNames(experiment)
        return experiment
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise Refused(f"{path}: {getattr(error, 'description', error)}") from None


def check(path: str, asJSON: bool = False) -> str:
    """
    Check a file.

    @return: what it is, in one line of text or JSON.
    @raise Refused: the file is not an experiment.
    """
    experiment = readFile(path)
    title = experiment.title
    phases, conditions = len(timeline(experiment)), len(experiment.hypothesis)
    if asJSON:
        described = {"file": path, "title": title, "phases": phases, "conditions": conditions}
        return json.dumps(described)
    return f"{path}: {title or 'an experiment'}: {phases} phases, {conditions} conditions"


def dryRun(experiment: Experiment, asJSON: bool = False) -> str:
    """
    The timeline as text, or as a list in JSON.
    """
    entries = timeline(experiment)
    if asJSON:
        return json.dumps([attrs.asdict(entry) for entry in entries])
    return "\n".join(entry.describe() for entry in entries)


def schemaText() -> str:
    """
    The JSON Schema of a file.
    """
    return json.dumps(schema(), indent=2)


def writeReports(report: JSONObject, parsed: argparse.Namespace) -> list[str]:
    """
    Write the requested reports.

    @return: the files that could not be written, with the reasons.
    """
    from vaurien_twisted.experiments.html import page
    from vaurien_twisted.experiments.junit import junit

    failed = []
    for path, content in (
        (parsed.report, lambda: json.dumps(report, indent=2) + "\n"),
        (parsed.html, lambda: page(report)),
        (parsed.junit, lambda: junit(report).decode("utf-8")),
    ):
        if path:
            try:
                Path(path).write_text(content(), "utf-8")
            except OSError as error:
                failed.append(f"{path}: {error.strerror}")
    return failed


def checkReports(parsed: argparse.Namespace) -> None:
    """
    Check that the files of L{writeReports} can be written, before hours of an experiment.

    @raise Refused: the folder of one is not there.
    """
    for name in ("report", "html", "junit"):
        path = getattr(parsed, name)
        if path and not Path(path).absolute().parent.is_dir():
            raise Refused(f"--{name}: cannot write {path}: its folder is not there")


def compare(first: str, second: str) -> str:
    """
    Two reports side by side, by their paths.

    @raise Refused: a report cannot be read.
    """
    from vaurien_twisted.experiments.compare import compare as compared

    return compared(readReport(first), readReport(second))


def readReport(path: str) -> Answer:
    """
    Read the report of an experiment.

    @raise Refused: the file cannot be read, or is not a report; the message begins with its path.
    """
    try:
        report = json.loads(readText(path))
        report["conditions"], report["outcome"]
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise Refused(f"{path}: this is not the report of an experiment") from None
    return dict(report)


def finish(report: JSONObject, parsed: argparse.Namespace) -> int:
    """
    Print the verdict of a report, or with C{--json} the report, and write the files that were
    asked for.

    @return: the exit status.
    """
    from vaurien_twisted.experiments.report import exitStatus

    text = json.dumps(report) if getattr(parsed, "json", False) else verdict(report)
    print(text, flush=True)
    for line in writeReports(report, parsed):
        print(f"cannot write {line}", file=sys.stderr)
    return exitStatus(str(report["outcome"]))


def prepare(parsed: argparse.Namespace) -> Experiment:
    """
    The experiment that a command line names.

    @raise Refused: its file is not an experiment, or a report cannot be written.
    """
    checkReports(parsed)
    experiment = readFile(parsed.file)
    if parsed.seed is not None:
        experiment = attrs.evolve(experiment, seed=parsed.seed)
    return experiment


def runOn(experiment: Experiment, urls: Sequence[str], parsed: argparse.Namespace) -> int:
    """
    Run an experiment on services, with a reactor of its own.  SIGINT and SIGTERM end it, and its
    faults are removed.

    @return: the exit status.
    """
    from twisted.internet import reactor

    from vaurien_twisted.experiments.conduct import Conductor, drive

    own = cast("IExperimentReactor", reactor)

    async def conduct() -> int:
        quiet = parsed.quiet or getattr(parsed, "json", False)
        conductor = Conductor(own, urls, quiet=quiet)
        return finish(await conductor.perform(experiment), parsed)

    return drive(own, conduct)
