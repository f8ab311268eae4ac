"""
Tests for the Grafana dashboard in C{docs}.
"""

from __future__ import annotations

import json
import re

from prometheus_client.parser import text_string_to_metric_families
from twisted.trial.unittest import SynchronousTestCase

from tests.seen import SeenProxy
from tests.test_extending import ROOT
from vaurien_twisted.metrics.prometheus import Collector


class DashboardTests(SynchronousTestCase):
    """
    It asks for what there is.
    """

    def test_metrics(self) -> None:
        """
        Every metric and label that it names is one of ours.
        """
        seen = SeenProxy({"behavior": "hang"})
        seen.connect()
        text = Collector(seen.observed, {}).text().decode()
        samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
        labels = {sample.name: set(sample.labels) for sample in samples}
        dashboard = json.loads((ROOT / "docs" / "grafana-dashboard.json").read_text())
        asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(asked), 8)
        for expression in asked:
            [name] = re.findall(r"\b(?:vaurien|toxiproxy)_\w+", expression)
            self.assertIn(name, labels)
            for words in re.findall(r"by \(([^)]*)\)", expression):
                self.assertLessEqual(set(words.split(", ")), labels[name], expression)

    def test_places(self) -> None:
        """
        Its parts stand beside one another, not over one another.
        """
        dashboard = json.loads((ROOT / "docs" / "grafana-dashboard.json").read_text())
        cells = [
            (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
            for panel in dashboard["panels"]
            for x in range(panel["gridPos"]["w"])
            for y in range(panel["gridPos"]["h"])
        ]
        self.assertEqual(len(cells), len(set(cells)))
        self.assertLess(max(x for x, _ in cells), 24)
