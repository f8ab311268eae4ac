"""
Tests for L{vaurien_twisted.proxies.experiments}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.proxies.experiments import PAST, PHASES, Experiments, ExperimentStatus, Phase


def status(begun: float, outcome: str = "", lease: str = "", count: int = 1) -> ExperimentStatus:
    """
    An experiment with C{count} phases.
    """
    phases = tuple(Phase(f"p{n}", "hang", begun + n) for n in range(count))
    return ExperimentStatus("storm", begun, lease, phases, outcome)


class ExperimentsTests(SynchronousTestCase):
    """
    The kept experiments, and their entries.
    """

    def setUp(self) -> None:
        """
        None yet.
        """
        self.recorded: list[ExperimentStatus] = []
        self.experiments = Experiments(self.recorded.append)

    def past(self) -> list[tuple[float, str]]:
        """
        Those that are over.
        """
        return [(each.begun, each.outcome) for each in self.experiments.past]

    def test_over(self) -> None:
        """
        An experiment runs until its outcome, also if that is reported after its lease has ended.
        """
        self.experiments.report(status(1.0, lease="a"))
        self.experiments.report(status(1.0, lease="a", count=2))
        assert self.experiments.running is not None
        self.assertEqual(len(self.experiments.running.phases), 2)
        self.experiments.lift("b")
        self.assertEqual(self.past(), [])
        self.experiments.lift("a")
        self.assertEqual(self.past(), [(1.0, "lost")])
        self.experiments.report(status(1.0, "broken"))
        self.assertEqual((self.past(), self.experiments.running), ([(1.0, "broken")], None))
        outcomes = [each.outcome for each in self.recorded]
        self.assertEqual(outcomes, ["", "", "lost", "broken"])

    def test_next(self) -> None:
        """
        Another one replaces it.
        """
        self.experiments.report(status(1.0))
        self.experiments.report(status(2.0))
        self.assertEqual(self.past(), [(1.0, "lost")])
        self.experiments.end("lost")
        self.experiments.end("lost")
        self.assertEqual(self.past(), [(1.0, "lost"), (2.0, "lost")])
        self.assertEqual([phase.begin for phase in self.experiments.phases], [1.0, 2.0])

    def test_bounded(self) -> None:
        """
        The latest experiments and phases are remembered.
        """
        for number in range(PAST + 5):
            self.experiments.report(status(float(number), "held", count=PHASES + 7))
        self.assertEqual(len(self.experiments.past), PAST)
        self.assertEqual(self.experiments.past[-1].phases[-1].name, f"p{PHASES + 6}")
        self.assertEqual(len(self.experiments.past[0].phases), PHASES)
