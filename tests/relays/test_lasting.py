"""
Tests for rules that last for a while, on a link.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.session import Session


class LastingTests(SynchronousTestCase):
    """
    Rules that revert by themselves.
    """

    def test_reverts(self) -> None:
        """
        After its time the rule is over, also for what it holds; the journal says so.
        """
        session = Session()
        session.setRules({"behavior": "hang", "for": 5, "name": "short"})
        self.assertEqual(session.ask(b"GET a\n"), b"")
        session.clock.advance(4.9)
        self.assertEqual(session.backend.heard(), b"")
        session.clock.advance(0.1)
        self.assertEqual(session.backend.heard(), b"GET a\n")
        self.assertEqual(session.answer(b"answer\n"), b"answer\n")
        [held, reverted] = session.journal.since()
        self.assertEqual((held["effect"], reverted["kind"]), ("hold", "reverted"))
        self.assertEqual(reverted["rule"], "short: 100:hang")

    def test_eachItsOwn(self) -> None:
        """
        Each rule has its own time; a new plan begins it anew.
        """
        rules = [
            {"behavior": "delay", "options": {"sleep": 60}, "for": 5},
            {"behavior": "hang", "for": 10, "when": {"command": "SET"}},
        ]
        session = Session()
        session.setRules(*rules)
        session.clock.advance(6)
        self.assertEqual(session.ask(b"GET a\n"), b"GET a\n")
        self.assertEqual(session.ask(b"SET a\n"), b"")
        session.factory.setPlan(session.factory.decider.plan)
        session.clock.advance(9)
        self.assertEqual(session.backend.heard(), b"")
        session.clock.advance(1)
        self.assertEqual(session.backend.heard(), b"SET a\n")
        self.assertEqual(session.clock.getDelayedCalls(), [])
