"""
Tests for L{vaurien_twisted.proxies.leases}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.leases import LEASES, LeaseExists, LeaseFields, Leases, NoSuchLease


class LeasesTests(SynchronousTestCase):
    """
    On a clock.
    """

    def setUp(self) -> None:
        """
        No leases.
        """
        self.clock = Clock()
        self.lifted: list[tuple[str, str]] = []
        self.leases = Leases(self.clock, lambda *lift: self.lifted.append(lift))

    def take(self, name: str = "", seconds: float = 10.0) -> str:
        """
        Take a lease.
        """
        return self.leases.take(LeaseFields(name=name, seconds=seconds), "me").name

    def test_ends(self) -> None:
        """
        One that is not renewed in time ends, and once.
        """
        self.take("a")
        self.clock.advance(9.9)
        self.assertTrue(self.leases.known("a"))
        self.clock.advance(0.1)
        self.assertEqual(self.lifted, [("a", "was not renewed")])
        self.assertFalse(self.leases.known("a"))
        self.clock.advance(100)
        self.assertEqual(len(self.lifted), 1)
        self.assertRaises(NoSuchLease, self.leases.renew, "a")
        self.assertRaises(NoSuchLease, self.leases.end, "a")

    def test_renewed(self) -> None:
        """
        A renewed lease lasts for its whole time again, or for another time.
        """
        self.take("a")
        for _ in range(5):
            self.clock.advance(9)
            self.leases.renew("a")
        self.assertEqual(self.lifted, [])
        self.leases.renew("a", 1)
        self.clock.advance(1)
        self.assertEqual(len(self.lifted), 1)

    def test_ended(self) -> None:
        """
        One that is ended leaves no timer.
        """
        self.take("a")
        self.leases.end("a")
        self.assertEqual(self.lifted, [("a", "was ended")])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop(self) -> None:
        """
        At the end no faults are removed.
        """
        self.take("a")
        self.leases.stop()
        self.assertEqual((self.lifted, self.clock.getDelayedCalls()), ([], []))

    def test_names(self) -> None:
        """
        A name is its own, fits into a path, or is one that cannot be guessed.
        """
        self.take("a")
        self.assertRaises(LeaseExists, self.take, "a")
        self.assertRaises(Refused, self.take, "a/b")
        self.assertRaises(Refused, self.take, "a\n")
        self.assertNotEqual(self.take(), self.take())
        self.assertEqual(len(self.leases.held), 3)

    def test_many(self) -> None:
        """
        There is a bound.
        """
        for _ in range(LEASES):
            self.take()
        self.assertRaises(Refused, self.take)
