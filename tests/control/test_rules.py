"""
Tests for the API that speaks of the whole plan.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Asker, around
from tests.control.test_vaurien import Faced
from tests.seen import SeenProxy
from vaurien_twisted.control.request_counter import RequestCounter
from vaurien_twisted.control.rules import RulesAPI
from vaurien_twisted.control.site import ControlRoot
from vaurien_twisted.rules.plan import Plan

RULES = [
    {"behavior": "hang", "when": {"client": "10.0.0.0/8"}, "times": 2, "name": "first"},
    {"draw": [{"behavior": "error", "percent": 20}, {"behavior": "delay", "percent": 10}]},
]


class RulesTests(Faced):
    """
    C{/rules}.
    """

    def test_none(self):
        """
        At first there are none.
        """
        answer = self.ask("GET", "/rules")
        self.assertEqual(
            (answer.status, answer.json), (200, {"rules": [], "counts": [], "seed": 7})
        )

    def test_state(self):
        """
        On request the answer has the state.
        """
        answer = self.ask("PUT", "/rules", {"rules": RULES, "state": True})
        self.assertEqual(answer.json["status"], "ok")
        (proxy,) = answer.json["state"]["proxies"]
        self.assertEqual(len(proxy["rules"]), 2)
        answer = self.ask("PUT", "/rules", {"rules": RULES, "state": 1})
        self.assertEqual((answer.status, self.proxy.plan.rules != ()), (400, True))

    def test_set(self):
        """
        A list is accepted, and an object that has it; the answer of GET is accepted again.
        """
        for body in (RULES, {"rules": RULES}):
            self.ask("PUT", "/rules", [])
            answer = self.ask("PUT", "/rules", body)
            self.assertEqual((answer.status, answer.json), (200, {"status": "ok"}))
            plan = self.proxy.plan
            told = self.ask("GET", "/rules").json
            self.assertEqual(told["rules"][0], RULES[0])
            [error, delay] = told["rules"][1]["draw"]
            self.assertEqual(delay["options"], {"sleep": 1.0, "before": True})
            self.assertEqual((error["percent"], delay["percent"]), (20, 10))
            self.ask("PUT", "/rules", [])
            self.assertEqual(self.proxy.plan, Plan())
            self.assertEqual(self.ask("PUT", "/rules", told).status, 200)
            self.assertEqual(self.proxy.plan, plan)

    def test_behavior(self):
        """
        C{/behavior} is the case of one rule.
        """
        self.ask("PUT", "/behavior", {"name": "delay", "sleep": 2})
        told = self.ask("GET", "/rules").json["rules"]
        self.assertEqual(told, [{"behavior": "delay", "options": {"sleep": 2.0, "before": True}}])
        self.ask("PUT", "/rules", [{"behavior": "hang"}])
        told = self.ask("GET", "/behavior").json
        self.assertEqual(told, {"behavior": "hang", "options": {}})

    def test_behaviorTellsAll(self):
        """
        C{/behavior} has the rules too if a name and options do not describe the plan.
        """
        for rules in (
            RULES,
            [{"behavior": "hang", "when": {"direction": "client"}}],
            [{"behavior": "hang"}, {"behavior": "hang"}],
            [{"behavior": "hang", "percent": 5}, {"behavior": "delay", "percent": 5}],
            [{"behavior": "hang", "name": "mine"}],
            [{"behavior": "hang", "for": 60}],
        ):
            self.ask("PUT", "/rules", rules)
            told = self.ask("GET", "/behavior").json
            self.assertEqual(told["rules"], self.ask("GET", "/rules").json["rules"])
            self.assertEqual(self.ask("PUT", "/rules", told["rules"]).status, 200)
        for name in ("dummy", "hang", "20:hang", "20:error,10:delay", "0:hang"):
            self.ask("PUT", "/behavior", {"name": name})
            self.assertNotIn("rules", self.ask("GET", "/behavior").json, name)

    def test_expired(self):
        """
        Expired rules are not listed.
        """
        self.ask("PUT", "/rules", [{"behavior": "hang", "for": 5}, {"behavior": "delay"}])
        clock = self.proxy.reactor
        clock.advance(4.9)
        self.assertEqual(len(self.ask("GET", "/rules").json["rules"]), 2)
        clock.advance(0.2)
        [left] = self.ask("GET", "/rules").json["rules"]
        self.assertEqual(left["behavior"], "delay")

    def test_refused(self):
        """
        A refused rule changes nothing; the error has its number.
        """
        self.ask("PUT", "/rules", RULES)

        def refused(rules, name, *words):
            self.assertRefused(rules, name, *words, path="/rules")

        refused([{"behavior": "hang"}, {"behavior": "dealy"}], "name", "rule 2", "'delay'")
        refused([{"behavior": "hang", "tims": 1}], "tims", "did you mean 'times'")
        refused({"rules": [{"behavior": "delay", "options": {"sleep": -1}}]}, "sleep", "minimum 0")
        refused([{"behavior": "hang", "when": {"command": "GET"}}], "when", "no matcher 'command'")
        refused({"rules": [], "rule": []}, "rule", "did you mean 'rules'")
        refused({"rules": [], "keep": 1}, "keep", "true or false")
        for wrong in ({}, {"rules": None}, {"rules": {}}, "hang", 1):
            refused(wrong, "rules", '"rules" must be a list of rules')

    def test_notJSON(self):
        """
        The hint is one for rules.
        """
        answer = self.ask("PUT", "/rules", data=b"[{")
        self.assertEqual(answer.status, 400)
        self.assertIn('[{"behavior": "dummy"}]', answer.error["description"])

    def test_paths(self):
        """
        Other methods are refused.
        """
        self.assertEqual(self.ask("GET", "/rules/1").header("allow"), "DELETE")
        self.assertEqual(self.ask("DELETE", "/rules").header("allow"), "GET, HEAD, POST, PUT")


class KeepTests(SynchronousTestCase):
    """
    C{keep}, together with the rules.
    """

    def test_keep(self) -> None:
        """
        Exchanges that wait continue to wait with C{keep}; otherwise their waits end.
        """
        seen = SeenProxy({"behavior": "hang"})
        asker = Asker(ControlRoot([RulesAPI(around(seen.proxy))], [], RequestCounter()))
        client = seen.connect()
        self.assertEqual(client.ask(b"GET a\n"), b"")
        for keep, passed in ((True, b""), (False, b"GET a\n")):
            body = {"rules": [{"behavior": "delay"}], "keep": keep}
            self.assertEqual(asker.ask("PUT", "/rules", body).status, 200)
            self.assertEqual(client.ask(b""), passed)
