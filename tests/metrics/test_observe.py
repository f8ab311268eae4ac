"""
Tests for L{vaurien_twisted.metrics.observe}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.seen import SeenProxy
from vaurien_twisted.metrics.observe import Observed, describeHistogram, describeProxy, totals
from vaurien_twisted.model.options import Refused
from vaurien_twisted.record.histogram import Histogram


class TotalsTests(SynchronousTestCase):
    """
    Sums of open links and ended ones.
    """

    def test_together(self) -> None:
        """
        A link counts the same before and after its end.
        """
        seen = SeenProxy({"behavior": "error", "when": {"command": "BAD"}})
        first, second = seen.connect(), seen.connect()
        first.ask(b"GET a\n")
        first.answer(b"value\n")
        second.ask(b"BAD a\n")
        before = totals(seen.proxy)
        self.assertEqual((before.open, before.accepted, before.exchanges), (2, 2, 4))
        self.assertEqual(before.faults, 1)
        self.assertEqual(before.traffic.fromClient, 12)
        self.assertEqual(before.traffic.toBackend, 6)
        first.relay.connectionLost()
        seen.endpoint.protocols[0].connectionLost()
        after = totals(seen.proxy)
        self.assertEqual((after.open, after.accepted, after.exchanges), (1, 2, 4))
        self.assertEqual(after.traffic, before.traffic)

    def test_told(self) -> None:
        """
        All that the page shows of a proxy.
        """
        seen = SeenProxy({"behavior": "hang", "times": 3})
        seen.connect()
        told = describeProxy(seen.proxy)
        self.assertEqual(
            told,
            {
                "name": "proxy",
                "protocol": "lines",
                "listen": "localhost:8000",
                "upstream": "localhost:8888",
                "enabled": True,
                "rules": [{"behavior": "hang", "times": 3}],
                "toxics": [],
                "own": [],
                "open": 1,
                "accepted": 1,
                "exchanges": 1,
                "faults": 1,
                "received": {"upstream": 0, "downstream": 0},
                "sent": {"upstream": 0, "downstream": 0},
                "connectFailures": 0,
                "opaque": {"open": 0, "total": 0},
                "errors": None,
                "duration": {
                    "sum": 0.0,
                    "count": 0,
                    "p50": None,
                    "p95": None,
                    "p99": None,
                    "buckets": [],
                },
            },
        )

    def test_histogram(self) -> None:
        """
        Percentiles, and the buckets that they were read from.
        """
        histogram = Histogram()
        for seconds, times in ((0.001, 50), (0.2, 49), (100_000.0, 1)):
            histogram.observe(seconds, times)
        told = describeHistogram(histogram)
        self.assertEqual((told["count"], told["sum"]), (100, 100_009.85))
        self.assertLess(abs(told["p50"] - 0.001), 0.00005)
        self.assertLess(abs(told["p95"] - 0.2), 0.01)
        self.assertEqual(told["p99"], told["p95"])
        (first, second, last) = told["buckets"]
        self.assertEqual((first, last), ([0.001, 50], [None, 1]))
        self.assertEqual(second[1], 49)


class FindingTests(SynchronousTestCase):
    """
    Proxies by name, connections by number.
    """

    def setUp(self) -> None:
        """
        Two proxies.
        """
        self.one = SeenProxy(name="one")
        self.two = SeenProxy(name="two", journal=self.one.journal)
        self.observed = Observed(lambda: [self.one.proxy, self.two.proxy], self.one.journal)

    def test_named(self) -> None:
        """
        By name; the first one where none is given.
        """
        self.assertIs(self.observed.named("two"), self.two.proxy)
        self.assertIs(self.observed.named(), self.one.proxy)

    def test_unknown(self) -> None:
        """
        The nearest is named; without proxies there is nothing to choose from.
        """
        refused = self.assertRaises(Refused, self.observed.named, "tow")
        self.assertIn("did you mean 'two'?", refused.description)
        empty = Observed(list, self.one.journal)
        self.assertIn("none", self.assertRaises(Refused, empty.named).description)

    def test_link(self) -> None:
        """
        An open connection; one that is over and one that never was are told apart.
        """
        client = self.one.connect()
        proxy = self.one.proxy
        self.assertIs(self.observed.link(proxy, 1), client.relay.link)
        self.assertIn(
            "not been", self.assertRaises(Refused, self.observed.link, proxy, 2).description
        )
        client.relay.connectionLost()
        self.one.endpoint.protocols[0].connectionLost()
        self.assertIn(
            "is closed", self.assertRaises(Refused, self.observed.link, proxy, 1).description
        )
