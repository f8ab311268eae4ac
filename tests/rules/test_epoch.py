"""
Tests for L{vaurien_twisted.rules.epoch}, and for decisions in an epoch.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.ruled import LINES
from vaurien_twisted.model.decision import CONNECTION
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.draws import alternatives
from vaurien_twisted.rules.epoch import REMEMBERED, Epoch

HALF = {"behavior": "error", "percent": 50, "when": {"command": "GET"}}


class EpochTests(SynchronousTestCase):
    """
    Numbers.
    """

    def test_order(self) -> None:
        """
        Connections are numbered in the order of their first draw, exchanges for each draw.
        """
        epoch = Epoch()
        self.assertEqual(epoch.exchange(70, 12, 0), (1, 1))
        self.assertEqual(epoch.exchange(30, 5, 0), (2, 1))
        self.assertEqual(epoch.exchange(70, 15, 0), (1, 2))
        self.assertEqual(epoch.exchange(70, 15, 1), (1, 1))
        self.assertEqual(epoch.exchange(70, 12, 0), (1, 1))
        self.assertEqual(epoch.connection(30), 2)
        self.assertEqual(epoch.known(70, 15, 0), (1, 2))
        self.assertEqual(epoch.known(70, CONNECTION, 0), (1, CONNECTION))
        self.assertIsNone(epoch.known(70, 99, 0))
        self.assertIsNone(epoch.known(1, 1, 0))

    def test_bounded(self) -> None:
        """
        It forgets old exchanges and ended connections, and never uses a number again.
        """
        epoch = Epoch()
        for number in range(REMEMBERED * 3):
            epoch.exchange(1, number, 0)
        self.assertIsNone(epoch.known(1, 0, 0))
        epoch.forget(1)
        self.assertIsNone(epoch.known(1, REMEMBERED * 3 - 1, 0))
        self.assertEqual(epoch.connection(1), 2)


class DecisionTests(SynchronousTestCase):
    """
    Earlier traffic does not matter.
    """

    def decisions(self, before: int, seed: int | None, connection: int) -> list[bool]:
        """
        Which of 20 requests are hit, after others on other connections and on the same one.
        """
        decider = Decider("p", LINES.wire, 1, Journal(lambda: 0.0))
        decider.setPlan(planFromRules(LINES, [HALF]))
        own = Connection(connection)
        for number in range(before):
            decider.decide(own, Exchange(number, "GET"))
            decider.decide(Connection(number + 1000), Exchange(1, "GET"))
        if seed is not None:
            decider.begin(seed)
        decider.setPlan(planFromRules(LINES, [HALF]))
        hit = []
        for number in range(20):
            # What no rule is for does not count.
            decider.decide(own, Exchange(before + 2 * number, "SET"))
            asked = Exchange(before + 2 * number + 1, "GET")
            hit.append(bool(decider.decide(own, asked).request))
        return hit

    def test_alike(self) -> None:
        """
        The same seed gives the same decisions, another one others.
        """
        alone = self.decisions(0, 7, 1)
        self.assertEqual(self.decisions(30, 7, 5), alone)
        self.assertNotEqual(self.decisions(0, 8, 1), alone)

    def test_old(self) -> None:
        """
        Without an epoch the numbers of connections and exchanges decide.
        """
        self.assertNotEqual(self.decisions(30, None, 5), self.decisions(0, None, 1))

    def test_reason(self) -> None:
        """
        The journal, and an explanation, have the number that was drawn.
        """
        journal = Journal(lambda: 0.0)
        decider = Decider("p", LINES.wire, 1, journal)
        decider.begin(7)
        decider.setPlan(planFromRules(LINES, [HALF]))
        [[alternative]] = alternatives(decider.plan)
        connection = Connection(9)
        for number in range(50, 60):
            decider.decide(connection, Exchange(number, "GET"))
        for entry in journal.since():
            drawn = decider.drawn(alternative, 9, entry["exchange"])
            self.assertIn(f"drew {drawn:.2f} for 50 percent", entry["reason"])
            self.assertLess(drawn, 50)
        self.assertIsNone(decider.drawn(alternative, 9, 1))
