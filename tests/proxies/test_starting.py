"""
Tests for L{vaurien_twisted.proxies.starting}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import makeProxy
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.leases import LeaseFields, Leases
from vaurien_twisted.proxies.starting import startProxy


class StartingTests(SynchronousTestCase):
    """
    A proxy on a reactor in memory.
    """

    def test_leaseEndsMeanwhile(self) -> None:
        """
        A proxy whose lease ends while it starts to listen is stopped again.
        """
        leases = Leases(Clock(), lambda name, reason: None)
        leases.take(LeaseFields(name="ci"))
        proxy = makeProxy()
        proxy.lease = "ci"
        starting: Deferred[None] = Deferred()
        proxy.listening = starting
        done = Deferred.fromCoroutine(startProxy(proxy, leases))
        leases.end("ci")
        starting.callback(None)
        self.failureResultOf(done, Refused)
        self.assertIsNone(proxy.listening)

    def test_started(self) -> None:
        """
        One with a lease that is held, or with none, listens.
        """
        leases = Leases(Clock(), lambda name, reason: None)
        leases.take(LeaseFields(name="ci"))
        for lease in ("", "ci"):
            proxy = makeProxy()
            proxy.lease = lease
            self.successResultOf(Deferred.fromCoroutine(startProxy(proxy, leases)))
            self.assertIsNotNone(proxy.host)
