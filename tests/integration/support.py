"""
Blocking clients against a proxy on the running reactor.
"""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread, deferToThread
from twisted.trial.unittest import TestCase

from tests.integration.servers import ENVIRONMENT, find
from vaurien_twisted.testing import RunningProxy, proxyFor

#: How long any one thing may take, in seconds: only what would never end takes so long.
PATIENCE = 120.0


def theReactor() -> Any:
    """
    The reactor that runs the tests.
    """
    from twisted.internet import reactor

    return reactor


def optional(name: str) -> Any:
    """
    A module that the tests can do without, C{None} if it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def inThread(test: Callable[[Any], None]) -> Callable[[Any], Deferred[None]]:
    """
    Run a test that blocks in a thread, beside the reactor.
    """

    @wraps(test)
    def deferred(case: Any) -> Deferred[None]:
        return deferToThread(test, case)

    return deferred


class ProxyCase(TestCase):
    """
    Tests that speak through C{self.proxy}.

    @cvar timeout: how long a test may take, in seconds.
    """

    timeout = 5 * PATIENCE
    proxy: RunningProxy

    def setUp(self) -> Any:
        """
        Get ready.
        """
        return Deferred.fromCoroutine(self.prepare())

    async def prepare(self) -> None:
        """
        Start what is not running; put a proxy before it.
        """
        raise NotImplementedError("every case has its own servers, and says here which")

    async def open(self, backend: str, protocol: str, **more: Any) -> None:
        """
        Put the proxy before C{backend} until the test is over.
        """
        self.proxy = await proxyFor(theReactor(), backend, protocol, **more)
        self.addCleanup(self.proxy.stop)

    def reopen(self, backend: str, protocol: str, **more: Any) -> None:
        """
        Another proxy, from a test in a thread.
        """

        def opening() -> Any:
            return Deferred.fromCoroutine(self.open(backend, protocol, **more))

        blockingCallFromThread(theReactor(), opening)

    def behave(self, name: str, **options: Any) -> None:
        """
        Put a behavior in force, from a test in a thread.
        """
        blockingCallFromThread(theReactor(), lambda: self.proxy.setBehavior(name, **options))

    def effects(self) -> list[str]:
        """
        What was done, from the journal: the effects of the decisions, in order.
        """
        return [entry["effect"] for entry in self.proxy.journal.since() if "effect" in entry]

    def opaque(self) -> list[str]:
        """
        Why connections could not be read, from the journal.
        """
        return [e["reason"] for e in self.proxy.journal.since() if e["kind"] == "opaque"]


def run(
    name: str, *words: str, seconds: float = PATIENCE, said: str = ""
) -> subprocess.CompletedProcess[str]:
    """
    Run a program to its end.

    @param said: to its standard input.
    @raise TimeoutExpired: that took more than C{seconds}.
    """
    command: Sequence[str] = [find(name) or name, *words]
    return subprocess.run(
        command, input=said, capture_output=True, text=True, timeout=seconds, env=ENVIRONMENT
    )
