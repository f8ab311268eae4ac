"""
Tests for L{vaurien_twisted.rules.fault_header}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.support import REGISTRY
from vaurien_twisted.model.commands import Reply, Wait
from vaurien_twisted.model.decision import NOTHING, Decision
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.fault_header import faultHeaderFor, readFaultHeader
from vaurien_twisted.wire.http.protocol import HTTP, HTTPOptions


class ReadTests(SynchronousTestCase):
    """
    Fault headers are read.
    """

    def test_valid(self) -> None:
        """
        A behavior and its options, with any spaces.
        """
        for text, name, options in (
            ("hang", "hang", {}),
            ("delay; sleep=1", "delay", {"sleep": "1"}),
            (" delay ;sleep = 1 ; before=no ;", "delay", {"sleep": "1", "before": "no"}),
            ('error;code=503; body="a; \\"b\\"=c"', "error", {"code": "503", "body": 'a; "b"=c'}),
            ('error; headers="{\\"A\\": \\"b\\"}"', "error", {"headers": '{"A": "b"}'}),
            ("error; message=", "error", {"message": ""}),
        ):
            self.assertEqual(readFaultHeader(text), (name, options), text)

    def test_refused(self) -> None:
        """
        The invalid part is quoted, cut to one line.
        """
        for text in ("delay; sleep", "delay; =1", 'error; body="a', "a;" * 10_000, 'b; c="d"e'):
            refused = self.assertRaises(Refused, readFaultHeader, text)
            self.assertLess(len(refused.description), 200)


class FaultHeaderTests(SynchronousTestCase):
    """
    Fault headers are obeyed.
    """

    def setUp(self) -> None:
        """
        A decider for C{http} whose plan answers everything with 500.
        """
        self.journal = Journal(Clock().seconds)
        self.ruleBuilder = RuleBuilder(REGISTRY, wire=HTTP())
        self.decider = Decider("proxy", HTTP(), 7, self.journal)
        rules: list[Any] = [{"behavior": "error", "options": {"code": 500}}]
        self.decider.setPlan(planFromRules(self.ruleBuilder, rules))

    def decide(self, value: str, allowed: bool = True) -> Decision:
        """
        The decision about a request with this fault header.
        """
        options = HTTPOptions(obey_header=allowed)
        self.decider.faultHeader = faultHeaderFor(
            "proxy", HTTP(), options, self.ruleBuilder, self.journal, 7
        )
        field = f"X-Vaurien-Behavior: {value}\r\n" if value else ""
        head = f"GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n".encode()
        return self.decider.decide(Connection(3), Exchange(5, "GET", "/", head))

    def test_granted(self) -> None:
        """
        It is done in place of what the plan has, and journalled.
        """
        decision = self.decide("delay; sleep=1.5; before=yes")
        self.assertEqual([step.command for step in decision.request], [Wait(1.5)])
        [entry] = self.journal.since()
        self.assertEqual(entry["kind"], "decision")
        self.assertEqual((entry["connection"], entry["exchange"]), (3, 5))
        self.assertEqual(entry["reason"], "the client asked for it")
        self.assertIn("delay", entry["rule"])
        self.assertEqual(entry["effect"], "wait 1.5 s")

    def test_error(self) -> None:
        """
        An error of one's choice.
        """
        [step] = self.decide('error; code=503; headers="{\\"X-A\\": \\"b\\"}"').request
        assert isinstance(step.command, Reply)
        self.assertIn(b" 503 ", step.command.data)
        self.assertIn(b"\r\nX-A: b\r\n", step.command.data)

    def test_dummy(self) -> None:
        """
        A request can ask for no fault; the journal has no entry.
        """
        self.assertIs(self.decide("dummy"), NOTHING)
        self.assertEqual(self.journal.since(), [])

    def test_refused(self) -> None:
        """
        A request with an invalid header passes, and the journal has the reason.
        """
        for value, reason in (
            ("dealy; sleep=1", "did you mean 'delay'?"),
            ("delay; slep=1", "did you mean 'sleep'?"),
            ("delay; sleep=-1", "minimum"),
            ("error; code=slow-bod", "did you mean 'slow-body'?"),
            ("delay; sleep", "OPTION=VALUE"),
            ("latency; latency=5", "for whole connections"),
        ):
            self.assertIs(self.decide(value), NOTHING)
            entry = self.journal.since()[-1]
            self.assertEqual((entry["kind"], entry["connection"]), ("refused", 3))
            self.assertIn(reason, entry["reason"])

    def test_none(self) -> None:
        """
        The plan decides without a fault header, or if none is allowed.
        """
        for value, allowed in (("", True), ("delay; sleep=1", False)):
            [step] = self.decide(value, allowed).request
            assert isinstance(step.command, Reply)
            self.assertIn(b" 500 ", step.command.data)

    def test_unfit(self) -> None:
        """
        A behavior that is not for this exchange does nothing to it.
        """
        self.assertIs(self.decide("error; code=slow-body; warmup=1"), NOTHING)

    def test_others(self) -> None:
        """
        Protocols without fault headers have no reader.
        """
        for wire in REGISTRY.wires.values():
            made = faultHeaderFor("proxy", wire, wire.options(), self.ruleBuilder, self.journal, 7)
            self.assertIsNone(made, wire.name)
