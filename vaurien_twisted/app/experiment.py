# -*- test-case-name: tests.integration.test_experiment -*-
"""
C{vaurien run}: an experiment with proxies of its own, in one process.
"""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from twisted.internet.defer import maybeDeferred

from vaurien_twisted.app.config import configure
from vaurien_twisted.app.config_file import Given
from vaurien_twisted.app.service import Vaurien
from vaurien_twisted.experiments.command import (
    EPILOG,
    USAGE,
    addArguments,
    conduct,
    drive,
    dryRun,
    prepare,
)
from vaurien_twisted.model.options import Refused
from vaurien_twisted.record.clocks import installedReactor
from vaurien_twisted.rules.registry import loadRegistry

if TYPE_CHECKING:
    from vaurien_twisted.experiments.surroundings import IExperimentReactor


def runExperiment(arguments: Sequence[str]) -> int:
    """
    Run an experiment.

    @param arguments: the command line after C{run}.
    @return: the exit status.
    @raise SystemExit: 2, the command line is wrong; 0, help was shown.
    """
    parser = argparse.ArgumentParser(
        "vaurien run",
        description="Run an experiment, with the proxies that its file declares.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    addArguments(parser, fleet=False)
    parsed = parser.parse_args(arguments)
    try:
        experiment = prepare(parsed)
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
    reactor = installedReactor()
    own = cast("IExperimentReactor", reactor)
    token = secrets.token_urlsafe()
    given = Given(settings={"toxiproxy": "127.0.0.1:0", "token": token})
    service = Vaurien(reactor, configure(loadRegistry(), given))

    async def embedded() -> int:
        service.privilegedStartService()
        service.startService()
        if service.ready is not None:
            await service.ready
        try:
            assert service.toxiproxy is not None
            url = f"http://{service.toxiproxy.address}"
            return await conduct(own, experiment, [url], parsed, token)
        finally:
            await maybeDeferred(service.stopService)

    return drive(own, embedded)
