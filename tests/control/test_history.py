"""
Tests for L{vaurien_twisted.control.history}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Asker
from tests.seen import NOON, SeenProxy
from vaurien_twisted.control.request_counter import RequestCounter
from vaurien_twisted.control.site import ControlRoot, observingAPIs
from vaurien_twisted.metrics.history import KEPT, History


class HistoryAPITests(SynchronousTestCase):
    """
    C{/history}.
    """

    def setUp(self) -> None:
        seen = self.seen = SeenProxy()
        self.history = History(seen.clock, seen.observed)
        requests = RequestCounter()
        apis = observingAPIs(
            seen.clock, lambda: [seen.proxy], seen.journal, requests, 7, self.history
        )
        self.ask = Asker(ControlRoot(apis, [])).ask

    def run_(self, seconds: int) -> None:
        """
        Let the history run for so long.
        """
        self.history.startService()
        self.addCleanup(self.history.stopService)
        self.seen.clock.pump([1.0] * seconds)

    def test_rows(self) -> None:
        """
        Rows and marks of a proxy, the first one without a name, and those after a moment.
        """
        self.run_(2)
        self.seen.setRules({"behavior": "hang"})
        self.seen.clock.advance(1)
        told = self.ask("GET", "/history").json
        self.assertEqual((told["proxy"], told["step"], told["kept"]), ("proxy", 1.0, KEPT))
        self.assertEqual([row[0] for row in told["rows"]], [NOON + 2, NOON + 3, NOON + 4])
        for row in told["rows"]:
            self.assertEqual(len(row), len(told["columns"]))
        self.assertEqual(told["marks"], [{"time": NOON + 4, "what": "100:hang"}])
        later = self.ask("GET", f"/history?proxy=proxy&since={NOON + 3}").json
        self.assertEqual([row[0] for row in later["rows"]], [NOON + 4])

    def test_none(self) -> None:
        """
        Before it runs there is nothing.
        """
        told = self.ask("GET", "/history").json
        self.assertEqual((told["rows"], told["marks"]), ([], []))

    def test_refused(self) -> None:
        """
        An unknown proxy, and values that are not valid.
        """
        self.assertEqual(self.ask("GET", "/history?proxy=prxoy").status, 404)
        self.assertEqual(self.ask("GET", "/history?since=x").status, 400)
        self.assertEqual(self.ask("GET", "/history?until=3").status, 400)
