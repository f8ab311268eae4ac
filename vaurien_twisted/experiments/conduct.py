# -*- test-case-name: tests.integration.test_experiment -*-
"""
Conducting experiments on services, in a reactor of their own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING

import attrs

from vaurien_twisted.client.aio import AsyncClient
from vaurien_twisted.experiments.externals import Externals, LoadCommand
from vaurien_twisted.experiments.fleet import Fleet
from vaurien_twisted.experiments.keep_alive import KeepAliveRequests
from vaurien_twisted.experiments.record import experimentStatus
from vaurien_twisted.experiments.report import report
from vaurien_twisted.experiments.requests import TreqRequests
from vaurien_twisted.experiments.run import ExperimentRun
from vaurien_twisted.experiments.service import Service

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from vaurien_twisted.experiments.conditions import Condition
    from vaurien_twisted.experiments.document import Experiment
    from vaurien_twisted.experiments.externals import IExperimentReactor

#: The exit status of an experiment that did not run.
NOT_RUN = 3

#: The time limit of an answer of a service, in seconds.
PATIENCE = 2.0


@attrs.frozen(eq=False)
class Conductor:
    """
    Runs experiments on services, and writes their progress to standard output.

    @param urls: the services.
    @param token: their token.
    @param quiet: whether to write nothing.
    @param service: makes the L{Service<vaurien_twisted.experiments.service.Service>} of one of
        them.
    """

    _reactor: IExperimentReactor
    _urls: Sequence[str]
    _token: str | None = None
    _quiet: bool = False
    _service: Callable[[AsyncClient, IExperimentReactor], Service] = Service

    async def perform(self, experiment: Experiment) -> dict[str, object]:
        """
        Run an experiment once.

        @return: its report.
        """
        reactor, begun = self._reactor, time.time()

        def say(words: str) -> None:
            if not self._quiet:
                print(f"{time.time() - begun:8.1f} s  {words}", flush=True)

        def missing(url: str, reason: str) -> bool:
            goesOn = experiment.policy.unreachable == "continue"
            say(f"{url} failed{', the others go on' if goesOn else ''}: {reason}")
            return goesOn

        requests = KeepAliveRequests(reactor)
        services = [self._service(self._client(url, requests), reactor) for url in self._urls]
        run: ExperimentRun | None = None

        async def holds(condition: Condition) -> bool:
            return run is not None and await run.holds(condition)

        externals = Externals(reactor, TreqRequests(reactor), holds)
        fleet, load = Fleet(services, missing), LoadCommand(reactor)
        run = ExperimentRun(reactor, experiment, fleet, externals, load, say)
        try:
            record = await run.run()
            found = report(experiment, record, record.wall)
            if record.wall:
                await fleet.publish(experimentStatus(experiment, record, str(found["outcome"])))
        finally:
            await requests.close()
        return found

    def _client(self, url: str, requests: KeepAliveRequests) -> AsyncClient:
        return AsyncClient(
            url=url, timeout=PATIENCE, http=requests, reactor=self._reactor, token=self._token
        )


def drive(
    reactor: IExperimentReactor, begin: Callable[[], Coroutine[Deferred[object], object, int]]
) -> int:
    """
    Run a reactor until a coroutine has ended; a signal cancels it, a second one stops at once.

    @return: the result of the coroutine; L{NOT_RUN} if it failed, with the reason on standard
        error.
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
                print(f"the experiment did not run: {reason}", file=sys.stderr)
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
