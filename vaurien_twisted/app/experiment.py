# -*- test-case-name: tests.integration.test_experiment,tests.integration.test_replay -*-
"""
C{vaurien run}: an experiment with its own proxies, in one process.
"""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

import attrs
from twisted.internet.defer import maybeDeferred

from vaurien_twisted.app.config import configure
from vaurien_twisted.app.config_file import Given
from vaurien_twisted.app.replay import Replayer
from vaurien_twisted.app.service import Vaurien
from vaurien_twisted.arguments import OneLineParser, parseAll
from vaurien_twisted.client.aio import AsyncClient
from vaurien_twisted.experiments.command import (
    EPILOG,
    USAGE,
    addArguments,
    dryRun,
    finish,
    prepare,
    readReport,
)
from vaurien_twisted.experiments.conduct import NOT_RUN, Conductor, drive
from vaurien_twisted.experiments.decisions import Decision, unpacked
from vaurien_twisted.experiments.document import Experiment, readExperiment
from vaurien_twisted.experiments.names import checkNames
from vaurien_twisted.experiments.removable_steps import removableSteps
from vaurien_twisted.experiments.service import Service
from vaurien_twisted.interfaces import IBehavior
from vaurien_twisted.model.json_types import Answer
from vaurien_twisted.model.options import Refused
from vaurien_twisted.record.clocks import installedReactor
from vaurien_twisted.rules.registry import Registry, loadRegistry

if TYPE_CHECKING:
    from vaurien_twisted.experiments.externals import IExperimentReactor


@attrs.frozen
class Replay:
    """
    The run to repeat.

    @ivar report: the report of the run.
    @ivar decisions: those that were taken in it.
    """

    report: Answer
    decisions: list[Decision]


def runExperiment(arguments: Sequence[str]) -> int:
    """
    Run an experiment.

    @param arguments: the command line after C{run}.
    @return: the exit status.
    @raise SystemExit: 2, the command line is wrong; 0, help was shown.
    """
    parser = OneLineParser(
        "vaurien run",
        description="Run an experiment, with the proxies that its file declares.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    addArguments(parser, fleet=False)
    parsed = parseAll(parser, arguments)
    try:
        replay = _replay(parsed)
        experiment = _experiment(parsed, replay)
        if not any(experiment.proxies.values()):
            raise Refused(
                f"{parsed.file}: it declares no proxies of its own: add them under 'proxies', "
                "or run it on a service with vaurienctl experiment run"
            )
    except Refused as refused:
        parser.exit(USAGE, f"vaurien run: {refused.description}\n")
    if parsed.dry_run:
        print(dryRun(experiment))
        return 0
    return _run(experiment, replay, parsed)


def _replay(parsed: argparse.Namespace) -> Replay | None:
    """
    @raise Refused: the report has no decisions, or the command line makes no sense.
    """
    if not parsed.replay:
        if parsed.bisect:
            raise Refused("--bisect needs the report of a run: add --replay REPORT")
        if not parsed.file:
            raise Refused("no experiment is named: give FILE, or --replay REPORT")
        return None
    report = readReport(parsed.replay)
    try:
        return Replay(report, unpacked(report.get("decisions", {})))
    except Refused as refused:
        raise Refused(f"{parsed.replay}: {refused.description}") from None


def _experiment(parsed: argparse.Namespace, replay: Replay | None) -> Experiment:
    """
    The experiment of the file, otherwise that of the report, with the seed of the report.

    @raise Refused: it is none.
    """
    if replay is None:
        return prepare(parsed)
    seed = int(replay.report["seed"]) if parsed.seed is None else parsed.seed
    if parsed.file:
        return attrs.evolve(prepare(parsed), seed=seed)
    try:
        experiment = readExperiment(str(replay.report.get("file", "")))
        checkNames(experiment)
        return attrs.evolve(experiment, seed=seed)
    except Refused as refused:
        raise Refused(f"{parsed.replay}: the file in it: {refused.description}") from None


def _run(experiment: Experiment, replay: Replay | None, parsed: argparse.Namespace) -> int:
    reactor = installedReactor()
    own = cast("IExperimentReactor", reactor)
    token = secrets.token_urlsafe()
    settings = {"toxiproxy": "127.0.0.1:0", "token": token, "seed": str(experiment.seed)}
    registry = loadRegistry()
    service = Vaurien(reactor, configure(registry, Given(settings=settings)))

    def conductor(
        make: Callable[[AsyncClient, IExperimentReactor], Service] = Service, quiet: bool = False
    ) -> Conductor:
        assert service.toxiproxy is not None
        url = f"http://{service.toxiproxy.address}"
        return Conductor(own, [url], token, quiet or parsed.quiet, make)

    async def embedded() -> int:
        service.privilegedStartService()
        service.startService()
        if service.ready is not None:
            await service.ready
        try:
            if replay is None:
                report = await conductor().perform(experiment)
            else:
                say = partial(print, flush=True)
                replayer = Replayer(service.proxies, conductor, say)
                report = await _repeat(replayer, registry, experiment, replay, parsed.bisect)
            return finish(report, parsed)
        except Refused as refused:
            print(f"vaurien run: {refused.description}", flush=True)
            return NOT_RUN
        finally:
            await maybeDeferred(service.stopService)

    return drive(own, embedded)


async def _repeat(
    replayer: Replayer, registry: Registry, experiment: Experiment, replay: Replay, bisect: bool
) -> dict[str, object]:
    if not bisect:
        return await replayer.repeat(experiment, replay.decisions)

    def decides(behavior: str) -> bool:
        return bool(behavior) and IBehavior.providedBy(registry.behavior(behavior))

    steps = removableSteps(experiment, decides)
    return await replayer.bisect(experiment, replay.decisions, steps, replay.report["phases"])
