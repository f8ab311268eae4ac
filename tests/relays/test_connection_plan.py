"""
Tests for L{vaurien_twisted.relays.connection_plan}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.session import Session
from tests.relays.support import Pair, plan
from tests.ruled import LINES
from vaurien_twisted.rules.codec import planFromRules


class OwnPlanTests(SynchronousTestCase):
    """
    A plan for one link alone.
    """

    def setUp(self) -> None:
        """
        Two clients of one proxy.
        """
        self.session = Session()
        self.first = self.session.relay
        self.firstWire = self.session.backend
        self.session.connect()
        self.session.answer(b"hello\n")

    def give(self, *rules) -> None:
        """
        The first client has these rules for itself.
        """
        self.first.link.setOwnPlan(planFromRules(LINES, list(rules)))

    def askFirst(self, data: bytes) -> bytes:
        """
        The first client asks; what its backend gets.
        """
        self.first.dataReceived(data)
        return self.firstWire.heard()

    def test_alone(self) -> None:
        """
        It holds for that one and for no other.
        """
        self.give({"behavior": "hang"})
        self.assertEqual(self.askFirst(b"GET a\n"), b"")
        self.assertEqual(self.session.ask(b"GET a\n"), b"GET a\n")

    def test_inPlaceOfTheProxys(self) -> None:
        """
        The proxy's plan does not reach it, neither the one before nor another.
        """
        self.session.setRules({"behavior": "hang"})
        self.give({"behavior": "delay", "options": {"sleep": 9}, "when": {"command": "SET"}})
        self.assertEqual(self.askFirst(b"GET a\n"), b"GET a\n")
        self.session.setRules({"behavior": "error"})
        self.assertEqual(self.askFirst(b"GET b\n"), b"GET b\n")

    def test_back(self) -> None:
        """
        Without it the proxy's plan is in force again, and what only it held goes on.
        """
        self.session.setRules({"behavior": "error", "when": {"command": "SET"}})
        self.give({"behavior": "hang"})
        self.assertEqual(self.askFirst(b"GET a\n"), b"")
        self.first.link.setOwnPlan(None)
        self.assertEqual(self.firstWire.heard(), b"GET a\n")
        self.assertEqual(self.askFirst(b"SET a\n"), b"")
        self.assertEqual(self.session.factory.counters.faults["error", "busy"], 1)

    def test_countsOfItsOwn(self) -> None:
        """
        A window counts this connection's exchanges, from zero.
        """
        self.give({"behavior": "hang", "after": 1, "times": 1})
        self.session.ask(b"GET 1\nGET 2\n")
        self.assertEqual(self.askFirst(b"GET a\n"), b"GET a\n")
        self.assertEqual(self.askFirst(b"GET b\n"), b"")

    def test_expires(self) -> None:
        """
        A rule with a time reverts by itself, and the journal says whose it was.
        """
        self.give({"behavior": "hang", "for": 3})
        self.assertEqual(self.askFirst(b"GET a\n"), b"")
        self.session.clock.advance(3)
        self.assertEqual(self.firstWire.heard(), b"GET a\n")
        last = self.session.journal.since()[-1]
        self.assertEqual((last["kind"], last["connection"]), ("reverted", 1))

    def test_noTimerIsLeft(self) -> None:
        """
        Neither of a link that ends nor of a plan that is replaced.
        """
        self.give({"behavior": "hang", "for": 30})
        self.give({"behavior": "hang", "for": 40})
        self.assertEqual(len(self.session.clock.getDelayedCalls()), 1)
        self.first.link.reset()
        self.first.connectionLost()
        self.session.endpoint.protocols[0].connectionLost()
        self.assertEqual(self.session.clock.getDelayedCalls(), [])

    def test_sameDraws(self) -> None:
        """
        The decisions are those that the proxy's seed makes for this connection.
        """
        rule = {"behavior": "error", "percent": 50}
        asked = b"".join(b"GET %d\n" % number for number in range(40))
        other = Session(rule)
        self.give(rule)
        self.assertEqual(self.askFirst(asked), other.ask(asked))

    def test_streams(self) -> None:
        """
        Stages are its own, too: there while the plan is.
        """
        pair = Pair()
        [link] = pair.factory.links
        link.setOwnPlan(plan("latency", latency=100, direction="upstream"))
        self.assertEqual(pair.ask(b"late"), b"")
        pair.clock.advance(0.1)
        self.assertEqual(pair.backend.heard(), b"late")
        link.setOwnPlan(None)
        self.assertEqual(pair.ask(b"soon"), b"soon")
        self.assertEqual(pair.relay.dataReceived, pair.backend.write)
