# -*- test-case-name: tests.test_testing -*-
"""
Proxies for test suites.

On the running reactor, for trial::

    class SlowDatabaseTests(FaultAssertions, TestCase):

        async def setUp(self):
            self.proxy = await proxyFor(reactor, "127.0.0.1:3306", protocol="mysql")
            self.addCleanup(self.proxy.stop)

        async def test_deadlock(self):
            with self.proxy.fault("error", code=1213, when={"sql": "^UPDATE"}) as fault:
                ...
            self.assertStruck(fault, 1)

In a process of its own, for unittest::

    class ShopTests(VaurienTests, unittest.TestCase):

        def test_deadlock(self):
            db = self.proxyTo("db", "localhost:3306", protocol="mysql")
            with db.fault("error", code=1213, when={"sql": "^UPDATE"}, times=1):
                ...
"""

from __future__ import annotations

import atexit
import secrets
from collections.abc import Callable, Mapping
from typing import Protocol

from vaurien_twisted.app.embedded import EmbeddedFault, RunningProxy, proxyFor
from vaurien_twisted.client.strikes import missed
from vaurien_twisted.pytest_plugin.kit import Kit, Proxied
from vaurien_twisted.pytest_plugin.server import Server

__all__ = ["EmbeddedFault", "FaultAssertions", "RunningProxy", "VaurienTests", "proxyFor"]


class StruckFault(Protocol):
    """
    A fault in force, with its counts.
    """

    @property
    def proxy(self) -> str:
        """
        The name of its proxy.
        """

    @property
    def rule(self) -> Mapping[str, object]:
        """
        The rule, as JSON.
        """

    @property
    def struck(self) -> int:
        """
        The number of exchanges that it affected.
        """

    def count(self) -> Mapping[str, object]:
        """
        Its counts.
        """


class FaultAssertions:
    """
    Assertions about faults, to be mixed into a test case.
    """

    def assertStruck(self, fault: StruckFault, times: int | None = None) -> None:
        """
        A fault took effect.

        @param times: how often; at least once if not given.
        @raise AssertionError: it did not; has the nearest miss.
        """
        struck = fault.struck
        if not struck and times != 0:
            raise AssertionError(missed(fault.proxy, fault.rule, fault.count()))
        if times is not None and struck != times:
            raise AssertionError(
                f"the fault {fault.count()['rule']} struck {struck} times, not {times}"
            )


class Case(Protocol):
    """
    The methods of C{unittest.TestCase} that are used here.
    """

    def id(self) -> str:
        """
        Its name.
        """

    def addCleanup(self, function: Callable[[], object], /) -> None:
        """
        Call a function after the test.
        """


class VaurienTests(FaultAssertions):
    """
    Proxies for the tests of unittest: all share a process, and each finds them as they were.
    """

    def proxyTo(self: Case, name: str, upstream: str | None = None, **fields: object) -> Proxied:
        """
        A proxy by its name, with C{fault(...)}; see L{Kit.proxy}.

        @param upstream: the backend, C{HOST:PORT}; not needed after the first time.
        """
        kit = _kit()
        if kit.test != self.id():
            kit.begin(self.id())
            self.addCleanup(kit.end)
        return kit.proxy(name, upstream, **fields)


_kits: list[Kit] = []


def _kit() -> Kit:
    """
    The kit of this process.
    """
    if not _kits:
        _kits.append(Kit(Server, {}, secrets.randbits(32)))
        atexit.register(_kits[0].stop)
    return _kits[0]
