"""
Tests for L{vaurien_twisted.proxies.faults}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import makeProxy
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.faults import LOGGED
from vaurien_twisted.record.actors import acting
from vaurien_twisted.rules.codec import planFromRules, ruleFromJSON
from vaurien_twisted.rules.toxics import Toxics, toxicFromJSON


class FaultsTests(SynchronousTestCase):
    """
    The faults in force on a proxy.
    """

    def setUp(self) -> None:
        """
        A proxy that is as if it were started.
        """
        self.proxy = makeProxy()
        self.faults = self.proxy.faults
        self.faults.leased = lambda name: name in ("mine", "other")
        self.faults.active = True

    def put(self, *rules: dict[str, Any]) -> None:
        """
        Put rules in force.
        """
        self.faults.setPlan(planFromRules(self.proxy.ruleBuilder, list(rules)))

    def toxic(self, **fields: Any) -> None:
        """
        Add a toxic.
        """
        toxic = toxicFromJSON(self.proxy.ruleBuilder, {"type": "latency", **fields})
        self.faults.setToxics(self.faults.toxics.adding(toxic))

    def names(self) -> list[str]:
        """
        The names of the faults in force.
        """
        return [rule.name for rule in self.proxy.decider.plan.rules]

    def test_lease(self) -> None:
        """
        Faults under a lease end with it; all others stay.
        """
        self.put(
            {"behavior": "hang", "name": "a", "lease": "mine"},
            {"behavior": "hang", "name": "b", "lease": "other"},
            {"behavior": "hang", "name": "c"},
        )
        self.toxic(name="d", lease="mine")
        self.toxic(name="e")
        self.faults.add(
            ruleFromJSON(
                self.proxy.ruleBuilder, {"behavior": "delay", "name": "f", "lease": "mine"}
            )
        )
        self.assertEqual(self.faults.toxics.toJSON()[0]["lease"], "mine")
        self.faults.lift("mine")
        self.assertEqual(self.names(), ["b", "c", "e"])
        self.assertEqual([toxic.name for toxic in self.faults.toxics], ["e"])

    def test_noLease(self) -> None:
        """
        A lease that is not held is refused; nothing has changed.
        """
        leased = {"behavior": "hang", "lease": "gone"}
        rule = ruleFromJSON(self.proxy.ruleBuilder, leased)
        for call in (
            lambda: self.put(leased),
            lambda: self.toxic(lease="gone"),
            lambda: self.faults.add(rule),
        ):
            with self.assertRaises(Refused) as caught:
                call()
            self.assertIn("no lease 'gone'", str(caught.exception))
        self.assertEqual((self.names(), self.faults.toxics), ([], Toxics()))

    def test_toxicFor(self) -> None:
        """
        A toxic with C{for} is removed after its time, which begins when it is added.
        """
        clock = self.proxy.reactor
        clock.advance(50)
        self.toxic(name="short", **{"for": "1500ms"})
        self.assertEqual(self.faults.toxics.toJSON()[0]["for"], 1.5)
        clock.advance(1)
        self.toxic(name="long")
        clock.advance(0.5)
        self.assertEqual([toxic.name for toxic in self.faults.toxics], ["long"])
        self.assertEqual(self.names(), ["long"])

    def test_recorded(self) -> None:
        """
        The journal has each setting with its actor, except those of this process itself.
        """
        with acting("curl at ::1"):
            self.put({"behavior": "hang", "name": "a"})
        self.put({"behavior": "hang", "name": "a"})
        with acting("start"):
            self.faults.remove("a")
            self.toxic()
            self.proxy.setBackend("localhost:1")
        entries = self.proxy.journal.since()
        self.assertEqual({entry["kind"] for entry in entries}, {"set"})
        self.assertEqual(
            [(entry["what"], entry["effect"], entry["by"]) for entry in entries],
            [
                ("rules", "a: 100:hang", "curl at ::1"),
                ("rule removed", "a: 100:hang", "start"),
                ("toxics", "latency_downstream: 100:latency direction=downstream", "start"),
                ("backend", "localhost:1", "start"),
            ],
        )

    def test_bounded(self) -> None:
        """
        An entry names a limited number of rules, and is short.
        """
        with acting("ada"):
            self.put(*[{"behavior": "hang", "name": "x" * 100}] * (LOGGED + 5))
        [entry] = self.proxy.journal.since()
        self.assertLessEqual(len(entry["effect"]), 300)
