"""
Tests for C{/experiment}.
"""

from __future__ import annotations

from typing import Any

from tests.control.support import Asker, around
from tests.control.test_vaurien import Faced
from vaurien_twisted.control.experiment import ExperimentAPI
from vaurien_twisted.control.history import HistoryAPI
from vaurien_twisted.control.request_counter import RequestCounter
from vaurien_twisted.control.site import ControlRoot
from vaurien_twisted.metrics.history import History
from vaurien_twisted.metrics.observe import Observed

PHASE = {"name": "dead", "what": "down on db", "begin": 20.0, "end": None}


class ExperimentTests(Faced):
    """
    Reports of a runner, and the answers to others.
    """

    def setUp(self):
        """
        A proxy, with the history of its service.
        """
        super().setUp()
        self.proxies = around(self.proxy)
        observed = Observed(lambda: [self.proxy], self.proxies.journal)
        history = HistoryAPI(
            observed, History(self.proxy.reactor, observed), self.proxies.experiments
        )
        root = ControlRoot([ExperimentAPI(self.proxies), history], [], RequestCounter())
        self.ask = Asker(root).ask

    def told(self, **more: object) -> dict[str, Any]:
        """
        The report of a runner.
        """
        return {"title": "MySQL dies", "begun": 10.0, "phases": [PHASE], **more}

    def test_none(self):
        """
        At first none runs.
        """
        answer = self.ask("GET", "/experiment")
        self.assertEqual((answer.status, answer.json), (200, {"experiment": None, "past": []}))

    def test_running(self):
        """
        A running experiment is listed until it has an outcome; the journal has both.
        """
        self.assertEqual(self.ask("PUT", "/experiment", self.told()).status, 200)
        running = {"title": "MySQL dies", "begun": 10.0, "outcome": "", "phases": [PHASE]}
        answer = self.ask("GET", "/experiment")
        self.assertEqual(answer.json, {"experiment": running, "past": []})
        self.ask("PUT", "/experiment", self.told(outcome="held"))
        answer = self.ask("GET", "/experiment")
        self.assertEqual(
            answer.json, {"experiment": None, "past": [{**running, "outcome": "held"}]}
        )
        entries = [e for e in self.proxies.journal.since() if e["kind"] == "experiment"]
        self.assertEqual(
            [(e["phase"], e["outcome"]) for e in entries], [("dead", ""), ("dead", "held")]
        )

    def test_deleted(self):
        """
        It can be made to be over.
        """
        self.ask("PUT", "/experiment", self.told())
        self.assertEqual(self.ask("DELETE", "/experiment").status, 200)
        answer = self.ask("GET", "/experiment").json
        self.assertEqual((answer["experiment"], answer["past"][0]["outcome"]), (None, "lost"))

    def test_marks(self):
        """
        The plots of all proxies have marks where phases began.
        """
        self.ask("PUT", "/experiment", self.told())
        marks = self.ask("GET", "/history").json["marks"]
        self.assertEqual(marks, [{"time": 20.0, "what": "phase 'dead': down on db"}])
        self.assertEqual(self.ask("GET", "/history?since=20").json["marks"], [])

    def test_refused(self):
        """
        An invalid report is refused, and nothing has changed.
        """
        for body in (
            self.told(titel="x"),
            self.told(outcome="won"),
            self.told(begun="soon"),
            self.told(title="a\nb"),
            self.told(phases={}),
            self.told(phases=[5]),
            self.told(phases=[{"nam": "x"}]),
            self.told(phases=[PHASE] * 501),
            [],
        ):
            self.assertEqual(self.ask("PUT", "/experiment", body).status, 400, body)
        self.assertIsNone(self.ask("GET", "/experiment").json["experiment"])
