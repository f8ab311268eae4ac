"""
Tests for L{vaurien_twisted.metrics.history}.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from tests.seen import NOON, SeenProxy
from vaurien_twisted.metrics import history
from vaurien_twisted.metrics.history import COLUMNS, KEPT, MARKS, History, ProxyHistory
from vaurien_twisted.metrics.observe import Observed


def named(row: list[float | None]) -> dict[str, float | None]:
    """
    A row by the names of its columns.
    """
    return dict(zip(["time", *COLUMNS], row, strict=True))


class HistoryTests(SynchronousTestCase):
    """
    The rows and marks of a proxy, on a clock of the test's.
    """

    def setUp(self) -> None:
        self.seen = SeenProxy()
        self.history = self.begin(self.seen.observed)

    def begin(self, observed: Observed) -> History:
        """
        A history that runs until the test is over.
        """
        kept = History(self.seen.clock, observed)
        kept.startService()
        self.addCleanup(kept.stopService)
        return kept

    @property
    def own(self) -> ProxyHistory:
        """
        The history of the proxy.
        """
        found = self.history.of("proxy")
        assert found is not None
        return found

    def rows(self, since: float = 0.0) -> list[dict[str, float | None]]:
        """
        Its rows, by name.
        """
        return [named(self.own.row(number)) for number in self.own.since(since)]

    def test_rates(self) -> None:
        """
        A row has what a second added: bytes, exchanges and faults per second, open
        connections, and how long exchanges took.
        """
        client = self.seen.connect()
        client.ask(b"GET a\n")
        self.seen.clock.advance(0.5)
        client.answer(b"value\n")
        self.seen.setRules({"behavior": "error"})
        client.ask(b"GET b\n")
        self.seen.clock.advance(0.5)
        [row] = self.rows()
        self.assertEqual(row["time"], NOON + 2)
        self.assertEqual((row["received"], row["exchanges"], row["faults"]), (12.0, 3.0, 1.0))
        self.assertEqual((row["open"], row["connectFailures"]), (1.0, 0.0))
        assert row["p99"] is not None
        self.assertTrue(0.48 < row["p99"] < 0.52, row)
        self.seen.clock.advance(1)
        quiet = self.rows()[-1]
        self.assertEqual((quiet["received"], quiet["mean"], quiet["p50"]), (0.0, None, None))

    def test_bounded(self) -> None:
        """
        The oldest rows are dropped; those after a moment can be asked for.
        """
        self.seen.clock.pump([1.0] * (KEPT + 50))
        rows = self.rows()
        times = [row["time"] for row in rows]
        self.assertEqual(times, [NOON + 1 + 50 + n for n in range(1, KEPT + 1)])
        self.assertEqual(len(self.rows(NOON + KEPT + 48)), 3)

    def test_marks(self) -> None:
        """
        A mark says when something was set, and what is in force since then.
        """
        self.seen.clock.advance(0.25)
        self.seen.setRules({"behavior": "delay", "options": {"sleep": 2}})
        self.seen.clock.pump([0.75, 1.0, 0.25])
        self.seen.setRules()
        self.seen.clock.advance(0.75)
        self.assertEqual(
            [(mark.time, mark.what) for mark in self.own.marks],
            [
                (NOON + 1.25, "100:delay sleep=2.0"),
                (NOON + 3.25, "everything passes unchanged"),
            ],
        )

    def test_marksBounded(self) -> None:
        """
        There are so many marks at most.
        """
        for _ in range(MARKS + 5):
            self.seen.setRules({"behavior": "delay"})
            self.seen.clock.advance(1)
        self.assertEqual(len(self.own.marks), MARKS)

    def test_backend(self) -> None:
        """
        Another backend is marked, too.
        """
        self.seen.proxy.setBackend("localhost:9999")
        self.seen.clock.advance(1)
        self.assertEqual([mark.what for mark in self.own.marks], ["backend localhost:9999"])

    def test_manyLinks(self) -> None:
        """
        A proxy with very many open connections is counted less often, and its rates stay
        those of a second.
        """
        with mock.patch.object(history, "LINKS", 1):
            client = self.seen.connect()
            client.ask(b"GET a\n")
            self.seen.clock.pump([1.0] * 4)
        rows = self.rows()
        self.assertEqual([row["time"] for row in rows], [NOON + 3, NOON + 5])
        self.assertEqual(rows[0]["received"], 3.0)

    def test_clockSetBack(self) -> None:
        """
        There is no row for a second that the clock was set back in.
        """
        own = ProxyHistory(self.seen.proxy, 100.0)
        own.take(90.0)
        own.take(91.0)
        self.assertEqual([own.row(n)[0] for n in own.since(0)], [91.0])

    def test_gone(self) -> None:
        """
        The history of a proxy goes with it; another one of its name begins anew; and there
        is a bound on how many have any.
        """
        proxies: list[Any] = [self.seen.proxy]
        kept = self.begin(Observed(lambda: proxies, self.seen.journal))
        self.seen.clock.pump([1.0] * 2)
        first = kept.of("proxy")
        proxies[:] = [SeenProxy(name="proxy").proxy]
        self.seen.clock.advance(1)
        self.assertIsNot(kept.of("proxy"), first)
        proxies.append(SimpleNamespace())
        with mock.patch.object(history, "PROXIES", 1):
            self.seen.clock.advance(1)
        proxies.clear()
        self.seen.clock.advance(1)
        self.assertIsNone(kept.of("proxy"))
