"""
Tests for the forms of a report: L{vaurien_twisted.experiments.html}, C{plots}, C{junit},
C{console}, and what C{command} does with them.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from tests.experiments.support import Lab
from vaurien_twisted.experiments import command
from vaurien_twisted.experiments.console import verdict
from vaurien_twisted.experiments.html import page
from vaurien_twisted.experiments.junit import junit
from vaurien_twisted.experiments.plots import Line, plot, ticks
from vaurien_twisted.experiments.report import report
from vaurien_twisted.model.options import Refused

TEXT = (
    "title: <slow> & late\n"
    "load: wrk\n"
    "hypothesis:\n"
    " - {quantile: 99%, below: 1s}\n"
    " - {probe: 'http://x/'}\n"
    "method: [{name: normal, hold: 3s}, {name: bad, set: {behavior: delay}, for: 3s}]"
)


def reported(bad: int = 2000) -> dict[str, Any]:
    """
    The report of an experiment whose second phase was bad.
    """
    lab = Lab(TEXT)
    for second in range(7):
        lab.count(**{f"ms{bad if 3 <= second < 6 else 5}": 10})
        lab.advance(1)
    assert lab.result is not None, lab.failure
    lab.result.journal = [
        {"id": 7, "time": 4.5, "kind": "set", "proxy": "db", "connection": 0, "effect": "2:set"},
        {"id": 8, "time": 4.5, "kind": "experiment", "proxy": "", "connection": 0, "effect": "x"},
        {
            "id": 1,
            "kind": "decision",
            "time": 4.5,
            "proxy": "db",
            "connection": 2,
            "exchange": 3,
            "description": "GET <b>",
            "rule": "delay",
            "effect": "wait 2 s, error 503",
            "words": "delayed 2 s, answered 503",
        },
    ]
    return report(lab.experiment, lab.result, 0.0)


class ReportTests(SynchronousTestCase):
    """
    The report itself.
    """

    def test_journal(self) -> None:
        """
        It has the decisions about exchanges, not the runner's settings.
        """
        found = reported()
        self.assertEqual([entry["id"] for entry in found["journal"]], [1])
        self.assertEqual(found["journal_left_out"], 0)
        (bad,) = (each for each in found["conditions"][0]["judged"] if each["phase"] == "bad")
        self.assertEqual(bad["entries"], [1])

    def test_spaced(self) -> None:
        """
        Plots have no points for readings at the ends of phases next to regular ones.
        """
        times = [reading["time"] for reading in reported()["readings"]]
        self.assertTrue(all(b - a >= 0.25 for a, b in pairwise(times)), times)


class TicksTests(SynchronousTestCase):
    """
    The marks of the axes.
    """

    def test_even(self) -> None:
        """
        Round numbers with as many digits each, up to the value that is shown.
        """
        for value, most, words in (
            (16.1, 10, "0 2 4 6 8 10 12 14 16 18"),
            (434.7, 4, "0 200 400 600"),
            (1.0, 4, "0.0 0.5 1.0"),
            (0.07, 4, "0.00 0.02 0.04 0.06 0.08"),
            (7.1, 4, "0 2 4 6 8"),
            (100.0, 4, "0 50 100"),
            (1234.0, 4, "0 500 1000 1500"),
            (1e-9, 4, None),
        ):
            marks = ticks(value, most)
            if words is not None:
                self.assertEqual(" ".join(text for _, text in marks), words, value)
            self.assertGreaterEqual(marks[-1][0], value * (1 - 1e-9))
            self.assertLessEqual(len(marks), most + 2)


class FormTests(SynchronousTestCase):
    """
    A report in each form.
    """

    def test_html(self) -> None:
        """
        One file, with everything in it escaped and nothing loaded.
        """
        text = page(reported())
        self.assertIn("&lt;slow&gt; &amp; late", text)
        self.assertIn("GET &lt;b&gt;", text)
        self.assertIn('<polyline class="a"', text)
        for heading in ("Slowest exchanges", "Failed exchanges"):
            table = text.partition(f"<h2>{heading}</h2>")[2].partition("<h2>")[0]
            self.assertEqual(table.count("delayed 2 s, answered 503"), 1, heading)
        self.assertIn('class="breach"', text)
        for outside in ("src=", "href=", "@import", "url("):
            self.assertNotIn(outside, text)

    def test_junit(self) -> None:
        """
        A case for each condition and phase; the broken one failed.
        """
        suite = ElementTree.fromstring(junit(reported()))[0]
        self.assertEqual(suite.attrib["failures"], "1")
        [failed] = [case for case in suite if case.find("failure") is not None]
        self.assertIn("(bad)", failed.attrib["name"])
        self.assertEqual(ElementTree.fromstring(junit(reported(5)))[0].attrib["failures"], "0")

    def test_console(self) -> None:
        """
        The broken phase, when, and the requests that were struck.
        """
        text = verdict(reported())
        self.assertIn("bad: BROKEN", text)
        self.assertIn("2/3 GET <b>", text)
        self.assertTrue(text.endswith("broken"))

    def test_plot(self) -> None:
        """
        Lines are interrupted if there is no value; a single point is a dot.
        """
        svg = plot("x", "ms", [Line("a", [(0, 1), (1, 2), (2, None), (3, 5)])], 4)
        self.assertEqual(svg.count("<polyline"), 1)
        self.assertEqual(svg.count("<circle"), 1)
        ElementTree.fromstring(svg)
        self.assertIn("<svg", plot("empty", "", [], 0))


class CommandTests(SynchronousTestCase):
    """
    Files of the command line.
    """

    def parse(self, *words: str) -> argparse.Namespace:
        """
        A command line of C{vaurienctl experiment run}.
        """
        parser = argparse.ArgumentParser()
        command.addArguments(parser, fleet=True)
        return parser.parse_args(words)

    def file(self, text: str) -> str:
        """
        A file with that text.
        """
        path = self.mktemp()
        Path(path).write_text(text, "utf-8")
        return path

    def test_check(self) -> None:
        """
        A good file in one line; a bad one with its path, line and the nearest word.
        """
        self.assertIn("2 phases, 2 conditions", command.check(self.file(TEXT)))
        bad = self.file("metod: []")
        with self.assertRaises(Refused) as caught:
            command.check(bad)
        self.assertEqual(
            caught.exception.description,
            f"{bad}: line 1: there is no 'metod' here: did you mean 'method'?",
        )
        with self.assertRaises(Refused):
            command.check("/nowhere")

    def test_dryRun(self) -> None:
        """
        The timeline.
        """
        experiment = command.prepare(self.parse(self.file(TEXT), "--seed", "9"))
        self.assertEqual(experiment.seed, 9)
        lines = command.dryRun(experiment).splitlines()
        self.assertEqual(len(lines), 2)
        self.assertTrue(lines[1].strip().startswith("3 s"), lines)

    def test_reports(self) -> None:
        """
        The requested files are written; those that cannot be written are named.
        """
        html, written = self.mktemp(), self.mktemp()
        parsed = self.parse("x", "--html", html, "--report", written, "--junit", "/no/such/x")
        [failed] = command.writeReports(reported(), parsed)
        self.assertIn("/no/such/x", failed)
        self.assertEqual(json.loads(Path(written).read_text())["outcome"], "broken")
        self.assertIn("<svg", Path(html).read_text())

    def test_compare(self) -> None:
        """
        Two reports side by side.
        """
        a, b = (self.file(json.dumps(reported(ms))) for ms in (5, 2000))
        text = command.compare(a, b)
        self.assertIn("outcome", text)
        self.assertRegex(text, r"\(bad\)\s+held  4\.85 ms\s+broken  1\.94 s")
        with self.assertRaises(Refused):
            command.compare(a, self.file("{}"))
