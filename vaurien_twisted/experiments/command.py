# -*- test-case-name: tests.experiments.test_reports -*-
"""
Running experiments from a shell: C{vaurien run} and C{vaurienctl experiment}.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import attrs

from vaurien_twisted.experiments.console import verdict
from vaurien_twisted.experiments.document import Experiment, readExperiment, schema
from vaurien_twisted.experiments.timeline import timeline
from vaurien_twisted.model.json_types import Answer, JSONObject
from vaurien_twisted.model.options import Refused
from vaurien_twisted.model.text_file import readText

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from vaurien_twisted.experiments.conditions import Condition
    from vaurien_twisted.experiments.surroundings import IExperimentReactor

#: Exit statuses of a bad command line or file, and of an experiment that was not run.
USAGE, NOT_RUN = 2, 3

EPILOG = """\
exit status: 0 all conditions held, 1 one was broken, 2 bad usage, 3 halted or not judged
"""


def addArguments(parser: argparse.ArgumentParser, fleet: bool) -> None:
    """
    The arguments of a run.

    @param fleet: it may run on services elsewhere.
    """
    parser.add_argument("file", metavar="FILE", help="the experiment, in YAML or JSON")
    parser.add_argument("--dry-run", action="store_true", help="show the timeline and end")
    parser.add_argument("--seed", type=int, help="a seed in place of the file's")
    parser.add_argument("--report", metavar="FILE", help="write the report as JSON")
    parser.add_argument("--html", metavar="FILE", help="write the report as one HTML file")
    parser.add_argument("--junit", metavar="FILE", help="write the report as JUnit XML")
    parser.add_argument("--quiet", action="store_true", help="show the verdict only")
    if fleet:
        parser.add_argument(
            "--target",
            action="append",
            default=[],
            metavar="URL",
            help="a control service; may be given several times",
        )
        parser.add_argument(
            "--targets", metavar="FILE", help="a file with the URL of a service on each line"
        )


def readFile(path: str) -> Experiment:
    """
    The experiment of a file.

    @raise Refused: it cannot be read, or describes none; begins with its path.
    """
    try:
        return readExperiment(readText(path))
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise Refused(f"{path}: {getattr(error, 'description', error)}") from None


def check(path: str) -> str:
    """
    Check a file.

    @return: what it is, in one line.
    @raise Refused: it is no experiment.
    """
    experiment = readFile(path)
    phases = len(timeline(experiment))
    return (
        f"{path}: {experiment.title or 'an experiment'}: "
        f"{phases} phases, {len(experiment.hypothesis)} conditions"
    )


def dryRun(experiment: Experiment) -> str:
    """
    The timeline as text.
    """
    return "\n".join(entry.describe() for entry in timeline(experiment))


def schemaText() -> str:
    """
    The JSON Schema of a file.
    """
    return json.dumps(schema(), indent=2)


def writeReports(report: JSONObject, parsed: argparse.Namespace) -> list[str]:
    """
    Write the files that were asked for.

    @return: what could not be written.
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


def compare(first: str, second: str) -> str:
    """
    Two reports side by side.

    @raise Refused: one cannot be read.
    """
    a, b = (_readReport(path) for path in (first, second))
    lines = [f"{'':40} {'A':>24} {'B':>24}"]
    lines.append(f"{'outcome':40} {a['outcome']:>24} {b['outcome']:>24}")
    found: dict[tuple[str, str], list[str]] = {}
    for number, report in enumerate((a, b)):
        for condition in report["conditions"]:
            for judged in condition["judged"]:
                key = (condition["condition"], judged["phase"])
                value = judged["value"]
                figure = "" if value is None else f" {value:.4g}"
                found.setdefault(key, ["-", "-"])[number] = judged["outcome"] + figure
    for (condition, phase), (left, right) in found.items():
        name = f"{condition} ({phase})"
        lines.append(f"{name[:40]:40} {left:>24} {right:>24}")
    return "\n".join(lines)


def _readReport(path: str) -> Answer:
    try:
        report = json.loads(readText(path))
        report["conditions"], report["outcome"]
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise Refused(f"{path}: not the report of an experiment") from None
    return dict(report)


def targets(parsed: argparse.Namespace, default: str) -> list[str]:
    """
    The URLs of the services on which it is to run.

    @raise Refused: the file of targets cannot be read.
    """
    found = list(parsed.target)
    if parsed.targets:
        try:
            text = readText(parsed.targets)
        except (OSError, ValueError) as error:
            raise Refused(f"{parsed.targets}: {getattr(error, 'strerror', error)}") from None
        found += [line.strip() for line in text.splitlines() if line.strip()[:1] not in ("", "#")]
    return found or [default]


async def conduct(
    reactor: IExperimentReactor,
    experiment: Experiment,
    urls: Sequence[str],
    parsed: argparse.Namespace,
    token: str | None = None,
) -> int:
    """
    Run an experiment on services, write its reports, and print the verdict.

    @return: the exit status.
    """
    from vaurien_twisted.client.aio import AsyncClient
    from vaurien_twisted.experiments.fleet import Fleet
    from vaurien_twisted.experiments.report import exitStatus, report
    from vaurien_twisted.experiments.requests import TreqRequests
    from vaurien_twisted.experiments.run import ExperimentRun
    from vaurien_twisted.experiments.service import Service
    from vaurien_twisted.experiments.surroundings import LoadCommand, Surroundings

    begun = time.time()

    def say(words: str) -> None:
        if not parsed.quiet:
            print(f"{time.time() - begun:8.1f} s  {words}", flush=True)

    def missing(url: str, reason: str) -> bool:
        goesOn = experiment.policy.unreachable == "continue"
        say(f"{url} failed{', the others go on' if goesOn else ''}: {reason}")
        return goesOn

    services = [
        Service(AsyncClient(url=url, timeout=2.0, reactor=reactor, token=token), reactor)
        for url in urls
    ]
    fleet = Fleet(services, missing)
    requests = TreqRequests(reactor)
    run: ExperimentRun | None = None

    async def holds(condition: Condition) -> bool:
        return run is not None and await run.holds(condition)

    surroundings = Surroundings(reactor, requests, holds)
    run = ExperimentRun(reactor, experiment, fleet, surroundings, LoadCommand(reactor), say)
    record = await run.run()
    found = report(experiment, record, time.time() - reactor.seconds() + record.began)
    print(verdict(found), flush=True)
    for line in writeReports(found, parsed):
        print(f"cannot write {line}", file=sys.stderr)
    return exitStatus(str(found["outcome"]))


def prepare(parsed: argparse.Namespace) -> Experiment:
    """
    The experiment that a command line names.

    @raise Refused: its file is no experiment.
    """
    experiment = readFile(parsed.file)
    if parsed.seed is not None:
        experiment = attrs.evolve(experiment, seed=parsed.seed)
    return experiment


def runOn(experiment: Experiment, urls: Sequence[str], parsed: argparse.Namespace) -> int:
    """
    Run an experiment on services, with a reactor of its own.  SIGINT and SIGTERM end it, and
    what it set is lifted.

    @return: the exit status.
    """
    from twisted.internet import reactor

    own = cast("IExperimentReactor", reactor)
    return drive(own, lambda: conduct(own, experiment, urls, parsed))


def drive(
    reactor: IExperimentReactor, begin: Callable[[], Coroutine[Deferred[object], object, int]]
) -> int:
    """
    Run a reactor until a coroutine has ended; a signal cancels it, a second one stops at once.

    @return: what the coroutine returned; L{NOT_RUN} where it failed, with the reason on
        standard error.
    """
    import signal

    from twisted.internet.defer import CancelledError, Deferred
    from twisted.python.failure import Failure

    status = NOT_RUN
    running: Deferred[int] | None = None

    def done(result: int | Failure) -> None:
        nonlocal status
        if isinstance(result, Failure):
            if not result.check(CancelledError):
                reason = " ".join(str(result.value).split()) or type(result.value).__name__
                print(f"the experiment was not run: {reason}", file=sys.stderr)
        else:
            status = result
        reactor.stop()

    def interrupted(number: int, frame: object) -> None:
        if running is not None:
            reactor.callFromThread(running.cancel)

    def started() -> None:
        nonlocal running
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, interrupted)
        running = Deferred.fromCoroutine(begin())
        running.addBoth(done)

    reactor.callWhenRunning(started)
    reactor.run()
    return status
