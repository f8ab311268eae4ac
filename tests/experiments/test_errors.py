"""
Tests for conditions on exchanges that fail.
"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.trial.unittest import SynchronousTestCase

from tests.experiments.support import Lab
from vaurien_twisted.experiments.conditions import ErrorRate, Errors
from vaurien_twisted.experiments.figures import Figures
from vaurien_twisted.experiments.html import page
from vaurien_twisted.experiments.report import report
from vaurien_twisted.experiments.summary import describeCondition
from vaurien_twisted.experiments.verdict import judgeFigures

SOME = Figures(
    100,
    errors={("GET", "503"): 3, ("GET", "404"): 1, ("POST", "500"): 2, ("GET", "closed"): 4},
)


class JudgeTests(SynchronousTestCase):
    """
    Judging figures.
    """

    def outcome(self, condition: Errors | ErrorRate, figures: Figures = SOME) -> tuple[str, object]:
        """
        The judgement over ten seconds, and the figure.
        """
        judged = judgeFigures(condition, figures, 10.0)
        assert judged is not None
        return judged.outcome, judged.value

    def test_share(self) -> None:
        """
        The share of all exchanges, by command and code; exactly the limit is held.
        """
        for condition, expected in (
            (Errors(errors=0.1), ("held", 0.1)),
            (Errors(errors=0.09), ("broken", 0.1)),
            (Errors(errors=0.05, code=("5xx",)), ("held", 0.05)),
            (Errors(errors=0.01, code=("5xx", "404")), ("broken", 0.06)),
            (Errors(errors=0.01, command=("get",), code=("404",)), ("held", 0.01)),
            (Errors(errors=0.0, command=("DELETE",)), ("held", 0.0)),
            (Errors(errors=0.03, code=("closed",)), ("broken", 0.04)),
        ):
            self.assertEqual(self.outcome(condition), expected, condition)

    def test_rate(self) -> None:
        """
        How many in a second.
        """
        self.assertEqual(self.outcome(ErrorRate(error_rate=1.0)), ("held", 1.0))
        self.assertEqual(self.outcome(ErrorRate(error_rate=0.9)), ("broken", 1.0))
        self.assertEqual(self.outcome(ErrorRate(error_rate=0.2, code=("500",))), ("held", 0.2))

    def test_unknown(self) -> None:
        """
        Where nothing happened, or errors are not counted, nothing has held.
        """
        for condition in (Errors(errors=1.0), ErrorRate(error_rate=9.0)):
            self.assertEqual(self.outcome(condition, Figures())[0], "unknown")
            silent = Figures(5, errorsCounted=False)
            self.assertEqual(self.outcome(condition, silent)[0], "unknown")
        self.assertEqual(self.outcome(Errors(errors=1.0, least=101))[0], "unknown")

    def test_opaque(self) -> None:
        """
        Exchanges of opaque connections may have failed: no condition has held, but known failures
        break one.
        """
        figures = attrs.evolve(SOME, opaque=1)
        for condition, expected in (
            (Errors(errors=0.1), "unknown"),
            (Errors(errors=0.09), "broken"),
            (ErrorRate(error_rate=1.0), "unknown"),
            (ErrorRate(error_rate=0.9), "broken"),
        ):
            self.assertEqual(self.outcome(condition, figures)[0], expected, condition)

    def test_opaqueSince(self) -> None:
        """
        In a phase, connections that were open at its beginning and new ones count.
        """
        before = Figures(5, opaque=7, opaqueNow=2)
        self.assertEqual(Figures(9, opaque=10, opaqueNow=1).since(before).opaque, 5)
        self.assertEqual(Figures(9, opaque=7).plus(before).since(before).opaque, 9)
        self.assertEqual(Figures(9, opaque=5).since(Figures(5, opaque=5)).opaque, 0)

    def test_beginning(self) -> None:
        """
        Failures of exchanges that began before a phase are not more than all.
        """
        figures = Figures(1, errors={("GET", "503"): 4})
        self.assertEqual(self.outcome(Errors(errors=0.5), figures), ("broken", 1.0))

    def test_words(self) -> None:
        """
        Conditions in words.
        """
        condition = Errors(errors=0.01, command=("GET",), code=("5xx", "closed"))
        self.assertEqual(
            describeCondition(condition), "at most 1 % of exchanges fail of GET with 5xx or closed"
        )
        self.assertEqual(
            describeCondition(ErrorRate(error_rate=2)), "at most 2 exchanges a second fail"
        )

    def test_added(self) -> None:
        """
        Figures of several services are added, and those of a phase are the difference.
        """
        both = SOME.plus(SOME)
        self.assertEqual(both.failed(codes=["503"]), 6)
        self.assertEqual(both.since(SOME).errors, SOME.errors)
        self.assertFalse(SOME.plus(Figures(errorsCounted=False)).errorsCounted)


class RunTests(SynchronousTestCase):
    """
    In an experiment.
    """

    def test_phases(self) -> None:
        """
        The phase in which exchanges failed is named; the report's plots show them.
        """
        lab = Lab(
            "proxies: {db: }\nhypothesis: [{errors: 1%, name: few fail}]\n"
            "method: [{name: calm, hold: 3s}, {name: storm, hold: 3s}]\n"
        )
        for failing in (0, 0, 0, 5, 5, 5):
            figures = lab.service.figures["db"]
            more = Figures(100, errors={("GET", "500"): failing})
            lab.service.figures["db"] = figures.plus(more)
            lab.advance(1)
        lab.advance(1)
        assert lab.result is not None
        found = dict[str, Any](report(lab.experiment, lab.result, 0.0))
        (condition,) = found["conditions"]
        outcomes = [(each["phase"], each["outcome"]) for each in condition["judged"]]
        self.assertEqual(outcomes, [("calm", "held"), ("storm", "broken")])
        self.assertIn("failed exchanges a second", page(found))
