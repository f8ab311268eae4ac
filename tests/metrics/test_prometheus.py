"""
Tests for L{vaurien_twisted.metrics.prometheus}.
"""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families
from twisted.trial.unittest import SynchronousTestCase

from tests.seen import SeenProxy
from vaurien_twisted import __version__
from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.metrics.prometheus import Collector
from vaurien_twisted.record.histogram import BOUNDS

#: One sample by its name and labels.
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class MetricsTests(SynchronousTestCase):
    """
    What is told in the text format, read by the library's own parser.
    """

    def setUp(self) -> None:
        """
        Two proxies.
        """
        rules = [
            {"behavior": "error", "options": {"code": "busy"}, "when": {"command": "BAD"}},
            {"behavior": "hang", "when": {"command": "HANG"}},
        ]
        self.seen = SeenProxy(*rules)
        self.other = SeenProxy(name='o"ther\\', journal=self.seen.journal)
        observed = Observed(lambda: [self.seen.proxy, self.other.proxy], self.seen.journal)
        self.collector = Collector(observed, {("GET", "/state", "200"): 3})

    def read(self) -> Samples:
        """
        All samples.
        """
        found: Samples = {}
        for family in text_string_to_metric_families(self.collector.text().decode()):
            self.assertTrue(family.documentation.endswith("."), family.name)
            for sample in family.samples:
                found[sample.name, frozenset(sample.labels.items())] = sample.value
        return found

    def value(self, name: str, **labels: str) -> float:
        """
        One sample's value.
        """
        return self.read()[name, frozenset(labels.items())]

    def talk(self) -> None:
        """
        A client asks, is refused, and hangs.
        """
        client = self.seen.connect()
        client.ask(b"GET a\n")
        self.seen.clock.advance(0.3)
        client.answer(b"value\n")
        client.ask(b"BAD a\n")
        client.ask(b"HANG a\n")

    def test_pitfall5_traffic(self) -> None:
        """
        Toxiproxy's byte counters: what was read, and what was written, each way.
        """
        self.talk()
        place = {"proxy": "proxy", "listener": "localhost:8000", "upstream": "localhost:8888"}
        for kind, direction, count in (
            ("received", "upstream", len(b"GET a\nBAD a\nHANG a\n")),
            ("sent", "upstream", len(b"GET a\n")),
            ("received", "downstream", len(b"hello\nvalue\n")),
            ("sent", "downstream", len(b"hello\nvalue\n-busy try again\n")),
        ):
            name = f"toxiproxy_proxy_{kind}_bytes_total"
            self.assertEqual(
                self.value(name, direction=direction, **place), count, (kind, direction)
            )

    def test_pitfall43_held(self) -> None:
        """
        What links hold is told.
        """
        self.talk()
        (link,) = self.seen.proxy.links
        held = link.held
        self.assertGreater(held, 0)
        self.assertEqual(self.value("vaurien_held_bytes", proxy="proxy"), held)

    def test_counts(self) -> None:
        """
        Exchanges, connections and faults, by behavior and code.
        """
        self.talk()
        self.assertEqual(self.value("vaurien_exchanges_total", proxy="proxy"), 4)
        self.assertEqual(self.value("vaurien_connections_accepted_total", proxy="proxy"), 1)
        self.assertEqual(self.value("vaurien_open_connections", proxy="proxy"), 1)
        self.assertEqual(self.value("vaurien_connect_failures_total", proxy="proxy"), 0)
        for behavior, code in (("error", "busy"), ("hang", "")):
            labels = {"proxy": "proxy", "behavior": behavior, "code": code}
            self.assertEqual(self.value("vaurien_faults_total", **labels), 1)
        labels = {"proxy": "proxy", "command": "BAD", "code": "busy"}
        self.assertEqual(self.value("vaurien_failed_exchanges_total", **labels), 1)

    def test_active(self) -> None:
        """
        What hangs now; when it is lifted the gauge comes down to zero.
        """
        self.talk()
        labels = {"proxy": "proxy", "behavior": "hang"}
        self.assertEqual(self.value("vaurien_active_faults", **labels), 1)
        self.assertEqual(self.value("vaurien_active_faults", proxy="proxy", behavior="error"), 0)
        self.seen.setRules()
        self.assertEqual(self.value("vaurien_active_faults", **labels), 0)

    def test_histograms(self) -> None:
        """
        The buckets add up, and each has those below it.
        """
        self.talk()
        name, labels = "vaurien_exchange_duration_seconds", {"proxy": "proxy"}
        # The greeting took no time, the other exchange 0.3 seconds.
        for bound, count in (("0.0005", 1), ("0.25", 1), ("0.5", 2), ("60.0", 2), ("+Inf", 2)):
            self.assertEqual(self.value(f"{name}_bucket", le=bound, **labels), count, bound)
        self.assertEqual(self.value(f"{name}_count", **labels), 2)
        self.assertAlmostEqual(self.value(f"{name}_sum", **labels), 0.3, places=5)
        buckets = [key for key in self.read() if key[0] == f"{name}_bucket"]
        self.assertEqual(len(buckets), 2 * (len(BOUNDS) + 1))

    def test_escaped(self) -> None:
        """
        A name may have any characters.
        """
        self.assertEqual(self.value("vaurien_open_connections", proxy='o"ther\\'), 0)

    def test_control(self) -> None:
        """
        The control service's own requests, and the version.
        """
        labels = {"method": "GET", "path": "/state", "code": "200"}
        self.assertEqual(self.value("vaurien_control_requests_total", **labels), 3)
        self.assertEqual(self.value("vaurien_info", version=__version__), 1)
