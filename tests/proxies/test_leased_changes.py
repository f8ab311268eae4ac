"""
Tests for changes of proxies that are undone when a lease ends.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import around, makeProxy
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.leases import LeaseFields


class LeasedChangeTests(SynchronousTestCase):
    """
    One proxy, and leases.
    """

    def setUp(self) -> None:
        """
        A proxy with a backend.
        """
        self.proxy = makeProxy()
        self.proxies = around(self.proxy)
        for name in ("a", "b"):
            self.proxies.leases.take(LeaseFields(name=name, seconds=10.0))
        self.before = self.proxy.backend

    def change(self, lease: str, upstream: str | None = None, enabled: bool | None = None) -> None:
        """
        Change the proxy.
        """
        coroutine = self.proxies.change(self.proxy, None, upstream, enabled, lease)
        self.successResultOf(Deferred.fromCoroutine(coroutine))

    def test_ends(self) -> None:
        """
        Both get the values from before the first change.
        """
        self.change("a", upstream="127.0.0.1:1")
        self.change("a", upstream="127.0.0.1:2", enabled=False)
        self.assertEqual((self.proxy.backend, self.proxy.enabled), ("127.0.0.1:2", False))
        self.proxies.leases.end("a")
        self.assertEqual((self.proxy.backend, self.proxy.enabled), (self.before, True))

    def test_other(self) -> None:
        """
        The end of another lease changes nothing, nor do changes under none.
        """
        self.change("a", upstream="127.0.0.1:1")
        self.proxies.leases.end("b")
        self.assertEqual(self.proxy.backend, "127.0.0.1:1")
        self.change("", enabled=False)
        self.proxies.leases.end("a")
        self.assertEqual((self.proxy.backend, self.proxy.enabled), (self.before, False))

    def test_putBack(self) -> None:
        """
        A value restored under the lease is not restored again.
        """
        self.change("a", upstream="127.0.0.1:1", enabled=False)
        self.change("a", upstream=self.before)
        self.change("", upstream="127.0.0.1:3")
        self.proxies.leases.end("a")
        self.assertEqual((self.proxy.backend, self.proxy.enabled), ("127.0.0.1:3", True))

    def test_refused(self) -> None:
        """
        A lease that is not held: nothing has changed.
        """
        coroutine = self.proxies.change(self.proxy, None, "127.0.0.1:1", None, "c")
        self.failureResultOf(Deferred.fromCoroutine(coroutine), Refused)
        self.assertEqual(self.proxy.backend, self.before)

    def test_deleted(self) -> None:
        """
        A deleted proxy is ignored.
        """
        self.change("a", upstream="127.0.0.1:1")
        self.proxy.disownServiceParent()
        self.proxies.leases.end("a")
        self.assertEqual(self.proxy.backend, "127.0.0.1:1")
