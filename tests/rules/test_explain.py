"""
Tests for L{vaurien_twisted.rules.explain}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.control.watched import watched
from vaurien_twisted.model.decision import drawnPercent


class ExplainTests(SynchronousTestCase):
    """
    Why, and why not.
    """

    def explain(self, exchange: int = 1, asked: bytes = b"GET a\n", rules: Any = ()) -> Any:
        """
        The explanation of one exchange under rules.
        """
        self.seen, self.asker = watched(*rules)
        self.client = self.seen.connect()
        self.client.ask(asked)
        return self.again(exchange)

    def again(self, exchange: int = 1) -> Any:
        """
        The same, later.
        """
        answer = self.asker.ask("GET", f"/explain?connection=1&exchange={exchange}")
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json

    def missed(self, rule: dict[str, Any], **more: Any) -> str:
        """
        Why a rule did not apply.
        """
        told = self.explain(rules=[rule], **more)
        self.assertIs(told["hit"], False)
        [only] = told["rules"]
        self.assertIs(only["applied"], False)
        self.assertEqual(told["summary"], f"nothing happened: {only['rule']}: {only['reason']}")
        return str(only["reason"])

    def test_hit(self) -> None:
        """
        The rule, what it did, and the number that was drawn, as the journal has it.
        """
        rule = {"behavior": "hang", "percent": 50, "name": "half"}
        for exchange in range(1, 30):
            asked = b"".join(b"GET %d\n" % number for number in range(1, exchange + 1))
            told = self.explain(exchange, asked, [rule])
            if told["hit"] and told["known"]:
                break
        [only], [entry] = told["rules"], told["journal"]
        self.assertEqual((told["description"], only["applied"]), (f"GET {exchange}", True))
        self.assertLess(only["drew"], 50)
        self.assertEqual(only["reason"], f"drew {only['drew']:.2f} for 50 percent")
        self.assertEqual(entry["reason"], only["reason"])
        self.assertEqual(
            told["summary"], f"half: 50:hang: left without an answer ({only['reason']})"
        )

    def test_unlucky(self) -> None:
        """
        The number that was drawn is the one that the decision would have had.
        """
        rule = {"behavior": "error", "percent": 0.001}
        reason = self.missed(rule)
        decider, connection = self.seen.proxy.decider, self.client.relay.link.connection
        drawn = drawnPercent(decider.seed, "proxy", connection.number, 1, 0)
        self.assertEqual(reason, f"drew {drawn:.2f} for 0.001 percent")

    def test_alternatives(self) -> None:
        """
        Alternatives share a draw, each with its part of it.
        """
        parts = [{"behavior": "error", "percent": 0.1}, {"behavior": "delay", "percent": 0.2}]
        told = self.explain(rules=[{"draw": parts}])
        first, second = told["rules"]
        self.assertEqual(first["drew"], second["drew"])
        self.assertIn("for 0.2 percent from 0.1 on", second["reason"])

    def test_noMatch(self) -> None:
        """
        The part of C{when} that does not match is named.
        """
        when = {"command": "GET", "key": "b*"}
        self.assertEqual(
            self.missed({"behavior": "error", "when": when}), "no match: when key 'b*'"
        )

    def test_windowNotBegun(self) -> None:
        """
        The exchanges before C{after} pass.
        """
        reason = self.missed({"behavior": "error", "after": 3, "when": {"command": "GET"}})
        self.assertEqual(reason, "its window had not begun: after 3 requests, 1 seen by now")

    def test_windowOver(self) -> None:
        """
        It applied as often as it may.
        """
        rule = {"behavior": "delay", "times": 1, "when": {"command": "GET"}}
        told = self.explain(2, b"GET a\nGET b\n", [rule])
        self.assertEqual(told["rules"][0]["reason"], "its window has ended: applied 1 of 1 times")

    def test_expired(self) -> None:
        """
        An expired rule applies to nothing.
        """
        self.explain(rules=[{"behavior": "hang", "for": 1}])
        self.seen.clock.advance(2)
        self.client.ask(b"GET b\n")
        self.assertEqual(self.again(2)["rules"][0]["reason"], "its duration has ended")

    def test_ended(self) -> None:
        """
        A rule that ended the exchange leaves nothing to those after it.
        """
        told = self.explain(
            rules=[{"behavior": "error", "options": {"code": "busy"}}] * 1 + [{"behavior": "delay"}]
        )
        first, second = told["rules"]
        self.assertEqual((first["applied"], second["applied"]), (True, False))
        self.assertIn("ended the exchange first: later rules are not checked", second["reason"])

    def test_endedMissed(self) -> None:
        """
        The same, if it then took no effect.
        """
        when = {"command": "GET"}
        partial = {"behavior": "error", "options": {"at": "partial", "count": 1000}, "when": when}
        self.explain(rules=[partial, {"behavior": "delay", "when": when}])
        self.client.answer(b"short\n")
        told = self.again()
        first, second = told["rules"]
        self.assertEqual((told["hit"], first["applied"]), (False, False), told)
        self.assertIn("ended the exchange first: later rules are not checked", second["reason"])

    def test_letPass(self) -> None:
        """
        A behavior may do nothing.
        """
        reason = self.missed({"behavior": "error", "options": {"warmup": 9}}, exchange=1)
        self.assertEqual(reason, "its behavior did nothing to it")

    def test_notForTheExchange(self) -> None:
        """
        A behavior may be for other exchanges only.
        """
        reason = self.missed({"behavior": "error", "options": {"code": "busy"}}, exchange=0)
        self.assertEqual(reason, "its behavior does not apply to such an exchange")

    def test_connectionScope(self) -> None:
        """
        The draw is the connection's.
        """
        rule = {"behavior": "error", "percent": 0.001, "scope": "connection"}
        reason = self.missed(rule)
        self.assertRegex(reason, r"drew \d+\.\d\d for 0.001 percent of connections")

    def test_streams(self) -> None:
        """
        Rules for bytes are explained with the connection.
        """
        rule = {"behavior": "latency", "options": {"latency": 5}, "name": "far"}
        told = self.explain(rules=[rule])
        self.assertIn("exchange 0", told["rules"][0]["reason"])
        told = self.again(0)
        self.assertEqual((told["hit"], told["rules"][0]["applied"]), (True, True))
        self.assertIn("upstream", told["journal"][0]["effect"])

    def test_streamDrawnAgainst(self) -> None:
        """
        A connection that a stream rule was not drawn for.
        """
        rule = {"behavior": "latency", "options": {"latency": 5}, "percent": 0.001}
        self.assertRegex(self.missed(rule, exchange=0), r"drew \d+\.\d\d for 0.001 percent of con")

    def test_noRules(self) -> None:
        """
        Nothing was in force.
        """
        self.assertEqual(self.explain()["summary"], "nothing happened: no rules are in force")

    def test_changed(self) -> None:
        """
        Rules that were set later do not explain earlier exchanges; the journal does.
        """
        self.explain(rules=[{"behavior": "delay"}])
        self.seen.clock.advance(5)
        self.seen.setRules({"behavior": "error"})
        told = self.again()
        self.assertEqual((told["hit"], told["rules"]), (True, []))
        self.assertIn("100:delay: delayed 1 s", told["summary"])
        self.explain()
        self.seen.clock.advance(5)
        self.seen.setRules({"behavior": "error"})
        self.assertIn("the plan has changed since", self.again()["summary"])

    def test_changedMissed(self) -> None:
        """
        The reason why a rule did not strike is known also after its removal.
        """
        self.explain(rules=[{"behavior": "dummy"}])
        self.seen.clock.advance(5)
        self.seen.journal.record(
            "missed", "proxy", 1, exchange=1, rule="100:patch", effect="not patched: it is short"
        )
        self.seen.clock.advance(5)
        self.seen.setRules({"behavior": "error"})
        told = self.again()
        self.assertEqual(
            (told["hit"], told["summary"]),
            (
                False,
                "nothing happened; 100:patch: not patched: it is short; the plan has changed since",
            ),
        )

    def test_forgotten(self) -> None:
        """
        For old exchanges only the draws are known, and the explanation says so.
        """
        many = b"".join(b"GET %d\n" % number for number in range(20))
        told = self.explain(1, many, [{"behavior": "delay", "when": {"key": "x"}}])
        self.assertEqual((told["known"], told["hit"]), (False, False))
        self.assertIn("no longer kept", told["rules"][0]["reason"])
        told = self.explain(1, many, [{"behavior": "delay", "percent": 0.001}])
        self.assertIn("drew", told["rules"][0]["reason"])

    def test_journalForgets(self) -> None:
        """
        Where neither the exchange nor the journal of that time is left, nothing is claimed.
        """
        many = b"".join(b"GET %d\n" % number for number in range(20))
        self.explain(1, many, [{"behavior": "delay", "when": {"key": "x"}}])
        for _ in range(10_001):
            self.seen.journal.record("decision", "proxy", 9)
        told = self.again(1)
        self.assertIs(told["hit"], None)
        self.assertIn("does not reach back", told["summary"])
        # One that is still known has its reasons without a journal.
        self.assertIs(self.again(20)["hit"], False)

    def test_closed(self) -> None:
        """
        Of a connection that is closed the journal and the draws are left.
        """
        self.explain(rules=[{"behavior": "error", "options": {"code": "gone"}}])
        self.client.relay.connectionLost()
        self.seen.endpoint.protocols[0].connectionLost()
        told = self.again(1)
        self.assertEqual(told["known"], False)
        self.assertEqual((told["hit"], told["description"]), (True, "GET a"))

    def test_ownPlan(self) -> None:
        """
        A connection with its own plan is explained by that plan.
        """
        self.explain(rules=[{"behavior": "error", "when": {"command": "GET"}}])
        answer = self.asker.ask("POST", "/connections/1", {"rules": [{"behavior": "hang"}]})
        self.assertEqual(answer.status, 200)
        self.seen.clock.advance(1)
        self.client.ask(b"GET b\n")
        told = self.again(2)
        self.assertEqual([rule["rule"] for rule in told["rules"]], ["100:hang"])
        self.assertTrue(told["hit"])
