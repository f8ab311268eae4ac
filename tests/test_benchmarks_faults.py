"""
Tests for what C{benchmarks} measures with a fault in force; nothing is measured here.
"""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from docutils.core import publish_doctree
from twisted.trial.unittest import SynchronousTestCase

from benchmarks import configs
from benchmarks.bench import Bench
from benchmarks.faults import FAULTS, WITHOUT
from benchmarks.plot import plot
from benchmarks.relays import RELAYS, Relay, Route
from benchmarks.results import FAULT, Results
from benchmarks.table import restTable
from benchmarks.works import MEASURES, WORKS, Effort, Work


class FaultTests(SynchronousTestCase):
    """
    Relays with a fault, and works that are for them alone.
    """

    def test_known(self) -> None:
        """
        Each has works that there are, and stands before what these need; what it is compared
        to is measured, too.
        """
        works = {work.key: work for work in WORKS}
        for relay in FAULTS:
            self.assertTrue(relay.key.startswith(FAULT), relay.key)
            self.assertEqual(set(relay.works) - set(works), set(), relay.key)
            for work in relay.works:
                self.assertIn(works[work].backend, relay.backends, relay.key)
        keys = [relay.key for relay in (*RELAYS, *FAULTS)]
        self.assertEqual(len(set(keys)), len(keys))
        self.assertEqual({*WITHOUT, *WITHOUT.values()} - set(keys), set())

    def test_commands(self) -> None:
        """
        A Vaurien's faults are chosen by the same seed in each run; its files go to its folder.
        """
        folder = Path(self.mktemp())
        folder.mkdir()
        ours = [relay for relay in FAULTS if relay.title.startswith("Vaurien")]
        for relay in ours:
            self.assertIn("--seed", relay.command(Route(1, 2, folder, 100)), relay.key)
        [filed] = [relay for relay in ours if relay.key == f"{FAULT}redis-file"]
        self.assertIn(f"{folder}/journal", filed.command(Route(1, 2, folder, 100)))

    def test_named(self) -> None:
        """
        Works for faults are for those relays alone that name them.
        """
        bench = Bench(Path(), 100, Effort(1, 1, (1, 2)), Results({}), str)
        for named in (True, False):
            work = Work("work", "redis", lambda way, effort: {}, named=named)
            for works, fits in ((set[str](), not named), ({"work"}, True), ({"other"}, False)):
                relay = Relay("relay", "", lambda route: [], works=frozenset(works))
                self.assertIs(bench._fits(relay, work), fits, (named, works))

    def test_envoy(self) -> None:
        """
        Envoy's faults say what they were asked to.
        """
        told = json.dumps(configs.envoyRedis(fault_type="DELAY", delay="0.001s"))
        for word in ('"delay": "0.001s"', '"fault_type": "DELAY"'):
            self.assertIn(word, told)
        self.assertNotIn("hstrlen", told)
        told = json.dumps(configs.envoyHTTP(delay={"fixed_delay": "0.001s"}))
        self.assertIn('"delay": {"percentage": {"numerator": 100}, "fixed_delay": "0.001s"}', told)
        self.assertNotIn("x-never", told)


class FiguresTests(SynchronousTestCase):
    """
    What is made of them.
    """

    def results(self) -> Results:
        """
        Two rounds with a relay that lets all wait for a millisecond.
        """
        results = Results({"haproxy": "HAProxy", "plain": "Plain", "fault-slow": "Slow"})
        for quantity, relay, figures in (
            ("p50", "plain", [100, 110]),
            ("waited50", "fault-slow", [1150, None]),
            ("waited99", "fault-slow", [1300, 1500]),
            ("c50", "haproxy", [60_000, 60_000]),
            ("c50", "plain", [50_000, 50_000]),
            ("c50", "fault-slow", [20_000, 25_000]),
        ):
            for figure in figures:
                results.add(quantity, relay, figure)
        results.compareWaits({"fault-slow": "plain", "fault-absent": "plain"}, 1000)
        return results

    def test_late(self) -> None:
        """
        How late answers were is what they took without the wait and the relay's own time; the
        ideal is 50 requests in the time that one takes without the wait, and the wait.
        """
        results = self.results()
        self.assertEqual(results.samples["late50"], {"fault-slow": [50]})
        self.assertEqual(results.samples["late99"], {"fault-slow": [200, 390]})
        # Without a wait 50 requests take 1 ms, so with it they take 2 ms: 25,000 in a second.
        for figure, expected in zip(results.samples["ideal"]["fault-slow"], (0.8, 1), strict=True):
            self.assertAlmostEqual(figure or 0, expected)

    def test_measured(self) -> None:
        """
        A relay that was not measured adds nothing.
        """
        results = Results({})
        results.compareWaits(WITHOUT, 1000)
        self.assertEqual(results.samples, {})

    def test_tables(self) -> None:
        """
        Faults stand in tables of their own, beside HAProxy.
        """
        document = publish_doctree(restTable(self.results()), settings_overrides={"halt_level": 2})
        told = [
            [row[0].astext() for row in table.findall(nodes.row)]
            for table in document.findall(nodes.table)
        ]
        self.assertEqual(told, [["", "HAProxy", "Plain"], ["", "HAProxy", "Slow"], ["", "Slow"]])

    def test_plot(self) -> None:
        """
        They are not drawn.
        """
        tree = ElementTree.fromstring(plot(self.results()))
        words = [text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")]
        self.assertIn("Plain", words)
        self.assertNotIn("Slow", words)

    def test_everythingMeasured(self) -> None:
        """
        What works for faults measure is kept by its name.
        """
        self.assertEqual(MEASURES["late"], ("waited50", "waited99"))
        self.assertEqual(MEASURES["waiting"], ("waiting",))
