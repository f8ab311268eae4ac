"""
Tests for what C{benchmarks} makes of the figures; nothing is measured here.
"""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from docutils.core import publish_doctree
from twisted.trial.unittest import SynchronousTestCase

from benchmarks import configs, servers
from benchmarks.__main__ import ALL, chosen, parse
from benchmarks.bench import Bench
from benchmarks.plot import plot
from benchmarks.quantities import QUANTITIES, SPEEDS
from benchmarks.report import report
from benchmarks.results import Results, fromJSON
from benchmarks.table import cell, restTable
from benchmarks.works import MEASURES, WORKS, Effort, Work


def sample() -> Results:
    """
    Three rounds of two quantities.
    """
    relays = {"direct": "no relay", "haproxy": "HAProxy", "vaurien": "Vaurien <tcp>"}
    results = Results(relays, machine={"Cores": "2"}, notes=["Something & something."])
    rounds: dict[str, dict[str, list[float | None]]] = {
        "c50": {
            "direct": [150_000, 160_000, 140_000],
            "haproxy": [100_000, 90_000, 80_000],
            "vaurien": [45_678, None, 45_000],
        },
        "p50": {
            "direct": [10, 30, 20],
            "haproxy": [20, 50, 40],
            "vaurien": [15, None, 60],
        },
    }
    for quantity, relays_ in rounds.items():
        for relay, figures in relays_.items():
            for figure in figures:
                results.add(quantity, relay, figure)
    results.compareLatency()
    return results


class ResultsTests(SynchronousTestCase):
    """
    Medians and ratios.
    """

    def test_median(self) -> None:
        """
        Rounds that failed are left out; without any there is no median.
        """
        results = sample()
        self.assertEqual(results.median("c50", "haproxy"), 90_000)
        self.assertEqual(results.median("c50", "vaurien"), 45_339)
        results.add("http", "vaurien", None)
        self.assertIsNone(results.median("http", "vaurien"))
        self.assertIsNone(results.median("bulk", "vaurien"))

    def test_ratio(self) -> None:
        """
        A ratio is one of medians; there is none to nothing, nor to less than nothing.
        """
        results = sample()
        self.assertAlmostEqual(results.ratio("c50", "vaurien") or 0, 45_339 / 90_000)
        self.assertEqual(results.ratio("c50", "haproxy"), 1)
        results.add("bulk", "vaurien", 5)
        self.assertIsNone(results.ratio("bulk", "vaurien"))
        results.add("bulk", "haproxy", -1)
        self.assertIsNone(results.ratio("bulk", "vaurien"))

    def test_spread(self) -> None:
        """
        The way from the least to the greatest; one round has none.
        """
        results = sample()
        self.assertAlmostEqual(results.spread("c50", "haproxy") or 0, 20_000 / 90_000)
        results.add("bulk", "vaurien", 5)
        self.assertIsNone(results.spread("bulk", "vaurien"))

    def test_addedLatency(self) -> None:
        """
        What is subtracted is of the same round; nothing is added without a relay.
        """
        added = sample().samples["added50"]
        self.assertEqual(added, {"haproxy": [10, 20, 20], "vaurien": [5, None, 40]})

    def test_noLatency(self) -> None:
        """
        A run without latency has no added one.
        """
        results = Results({"direct": "no relay"})
        results.compareLatency()
        self.assertEqual(results.samples, {})

    def test_json(self) -> None:
        """
        Results come back from their JSON, which has the medians for other readers.
        """
        results = sample()
        text = results.toJSON()
        self.assertEqual(fromJSON(text), results)
        summary = json.loads(text)["summary"]["c50"]["vaurien"]
        self.assertEqual(summary["median"], 45_339)
        self.assertEqual(summary["ratio"], 0.5038)

    def test_notedOnce(self) -> None:
        """
        A note that every relay makes is kept once, an empty one not at all.
        """
        results = Results({})
        for text in ("one", "", "one"):
            results.note(text)
        self.assertEqual(results.notes, ["one"])


class ShownTests(SynchronousTestCase):
    """
    The table, the drawing and the report.
    """

    def test_cell(self) -> None:
        """
        Three digits, and the ratio where there is one.
        """
        results = sample()
        self.assertEqual(cell(results, QUANTITIES["c50"], "vaurien"), "45,300 (0.50)")
        self.assertEqual(cell(results, QUANTITIES["added50"], "vaurien"), "22.5 (1.12)")
        self.assertEqual(cell(results, QUANTITIES["bulk"], "vaurien"), "n/a")

    def test_table(self) -> None:
        """
        It is reStructuredText: a row for each relay that has figures, a column for each
        quantity that was measured.
        """
        document = publish_doctree(restTable(sample()), settings_overrides={"halt_level": 2})
        tables = list(document.findall(nodes.table))
        rows = [
            [entry.astext() for entry in row.findall(nodes.entry)]
            for row in tables[0].findall(nodes.row)
        ]
        self.assertEqual(rows[0], ["", "50 connections, GET/s"])
        self.assertEqual(rows[1], ["no relay", "150,000 (1.67)"])
        self.assertEqual([row[0] for row in rows[2:]], ["HAProxy", "Vaurien <tcp>"])
        costs = [row.astext() for row in tables[1].findall(nodes.row)]
        self.assertEqual(len(costs), 3)
        self.assertIn("Something & something.", document.astext())

    def test_plot(self) -> None:
        """
        It is XML with a bar for each relay but the reference and no relay, as long as
        its ratio, and the figure beside it.
        """
        results = sample()
        results.relays["nginx"] = "nginx"
        results.add("c50", "nginx", 180_000)
        space = "{http://www.w3.org/2000/svg}"
        tree = ElementTree.fromstring(plot(results))
        _, *bars = tree.iter(f"{space}rect")
        own, other = (float(bar.attrib["width"]) for bar in bars)
        self.assertAlmostEqual(other / own, 2 / (45_339 / 90_000), places=1)
        words = [text.text for text in tree.iter(f"{space}text")]
        for word in ("Vaurien <tcp>", "0.50", "2.00", "50 connections"):
            self.assertIn(word, words)

    def test_plotOfNothing(self) -> None:
        """
        Without HAProxy there is nothing to draw, and still a drawing.
        """
        results = Results({"vaurien": "Vaurien"})
        results.add("c50", "vaurien", 1)
        tree = ElementTree.fromstring(plot(results))
        self.assertEqual(len(list(tree.iter("{http://www.w3.org/2000/svg}rect"))), 1)

    def test_report(self) -> None:
        """
        Every relay with median, ratio and spread, the machine, the notes, what failed.
        """
        results = sample()
        results.add("bulk", "vaurien", None)
        results.failures.append("bulk, Vaurien: why")
        text = report(results)
        self.assertRegex(text, r"HAProxy +90,000 +1\.00 +22%")
        self.assertRegex(text, r"Vaurien <tcp> +failed\n")
        for line in ("Cores: 2", "Note: Something & something.", "FAILED: bulk, Vaurien: why"):
            self.assertIn(line + "\n", text)


class CommandTests(SynchronousTestCase):
    """
    What is measured with whom.
    """

    def test_everything(self) -> None:
        """
        Without C{--only} it is everything, and every figure has a place in the tables.
        """
        self.assertEqual(chosen(""), (list(ALL), list(WORKS)))
        told = {quantity for work in WORKS for quantity in MEASURES[work.key]}
        self.assertEqual(told - set(QUANTITIES), set())
        self.assertEqual({quantity.key for quantity in SPEEDS} - told, set())

    def test_servers(self) -> None:
        """
        There is a server for everything that is measured, and for nothing else.
        """
        self.assertEqual({work.backend for work in WORKS}, set(servers.KINDS))
        for relay in ALL:
            self.assertEqual(relay.backends - set(servers.KINDS), set())

    def test_serverMissing(self) -> None:
        """
        What is measured against a server that does not start is not measured; that is told.
        """

        def absent(port: int, folder: Path) -> list[str]:
            return [str(folder / "no such program")]

        self.patch(servers, "KINDS", {"absent": (absent, lambda port, folder: None)})
        results = Results({})
        folder = Path(self.mktemp())
        folder.mkdir()
        said: list[str] = []
        bench = Bench(folder, 100, Effort(1, 1, (1, 2)), results, said.append)
        bench.run(ALL, [Work("work", "absent", lambda way, effort: {})], 1)
        self.assertEqual((results.samples, said), ({}, []))
        [failure] = results.failures
        self.assertIn("no such program", failure)

    def test_only(self) -> None:
        """
        Relays are left with those that they are compared to; works as they are named.
        """
        relays, works = chosen("nginx,c50")
        self.assertEqual([relay.key for relay in relays], ["direct", "haproxy", "nginx"])
        self.assertEqual([work.key for work in works], ["c50"])
        self.assertEqual(chosen("bulk")[0], list(ALL))
        self.assertEqual(chosen("vaurien")[1], list(WORKS))

    def test_refused(self) -> None:
        """
        Unknown words and numbers out of bounds end the command.
        """
        for words, reason in (
            (["--only", "c51"], "'c51'"),
            (["--rounds", "0"], "from 1 to 100"),
            (["--rounds", "x"], "invalid int"),
        ):
            printed = io.StringIO()
            with contextlib.redirect_stderr(printed):
                error = self.assertRaises(SystemExit, parse, words)
            self.assertEqual(error.code, 2)
            self.assertIn(reason, printed.getvalue())

    def test_connections(self) -> None:
        """
        HAProxy is never told of more connections than files allow, two for each.
        """
        self.assertIn("maxconn 8000\n", configs.haproxy(1, 2, 1_000_000))
        self.assertIn("maxconn 450\n", configs.haproxy(1, 2, 1000))

    def test_body(self) -> None:
        """
        The web backend answers with as many bytes as it is said to.
        """
        self.assertEqual(len(configs.BODY), 24)
        self.assertIn(f'return 200 "{configs.BODY}"', configs.nginxWeb(1, "/folder"))

    def test_envoy(self) -> None:
        """
        Envoy's faults are there, and its bounds are out of the way.
        """
        for filters, kind in ((configs.envoyRedis(), "faults"), (configs.envoyHTTP(), "abort")):
            told = json.loads(configs.envoy(1, filters, 2))["static_resources"]
            self.assertIn(kind, json.dumps(told["listeners"]))
            [bounds] = told["clusters"][0]["circuit_breakers"]["thresholds"]
            self.assertEqual(bounds["max_connections"], 1_000_000)
