"""
Tests for L{vaurien_twisted.experiments.decisions}.
"""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.experiments.decisions import packed, unpacked
from vaurien_twisted.model.options import Refused

ENTRY = {
    "kind": "decision",
    "proxy": "db",
    "connection": 3,
    "exchange": 5,
    "description": "GET /",
    "after": 1.5,
    "repeat": {
        "behavior": "delay",
        "options": {"sleep": 2.0, "before": True},
        "seed": 7,
        "drawn": [3, 5],
        "key": 0,
        "number": 2,
    },
}


class DecisionTests(SynchronousTestCase):
    """
    From a journal to a report and back.
    """

    def test_both(self) -> None:
        """
        Decisions come back; rules are written once, other entries are omitted.
        """
        later = {**ENTRY, "exchange": 6, "after": 2.0}
        entries = [ENTRY, {"kind": "set", "proxy": "db"}, {**ENTRY, "repeat": None}, later]
        report = json.loads(json.dumps(packed(entries)))
        self.assertEqual(len(report["rules"]), 1)
        first, second = unpacked(report)
        self.assertEqual(first.repeat, ENTRY["repeat"])
        self.assertEqual((first.after, second.exchange), (1.5, 6))
        told = {name: ENTRY[name] for name in ("connection", "exchange", "description", "repeat")}
        self.assertEqual(first.toJSON(), told)
        self.assertEqual(first.describe(), "db 3/5 GET /: delay before=True sleep=2.0")

    def test_refused(self) -> None:
        """
        Other forms are refused.
        """
        good = packed([ENTRY])
        for wrong in (
            {},
            {"rules": [], "taken": good["taken"]},
            {**good, "taken": [[1]]},
            {**good, "taken": 5},
            {**good, "rules": [{}]},
        ):
            with self.assertRaises(Refused):
                unpacked(wrong)
