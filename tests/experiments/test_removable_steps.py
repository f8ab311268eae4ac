"""
Tests for L{vaurien_twisted.experiments.removable_steps}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.experiments.document import readExperiment
from vaurien_twisted.experiments.removable_steps import removableSteps, without
from vaurien_twisted.experiments.steps import named
from vaurien_twisted.experiments.timeline import timeline

TEXT = """\
method:
  - hold: 1s
  - {set: {behavior: "20:error,10:delay"}, for: 2s}
  - {set: {behavior: bandwidth, options: {rate: 1}}, for: 3s}
  - {set: {rules: [{draw: [{behavior: error}, {behavior: delay}]}]}}
  - {set: {rules: [{behavior: error}, {behavior: bandwidth}]}}
  - {set: {toxics: [{type: latency}]}}
  - {set: {enabled: false}, for: 1s}
  - parallel:
    - {ramp: {behavior: delay, option: sleep, to: 1}, for: 5s}
    - sequence: [{flap: {up: 1s, down: 1s}, for: 4s, name: flapping}]
  - {restart: {down: 1s, slow: 2s}}
  - {schedule: {every: 1s, do: [{set: {backend: "x:1"}}]}, for: 3s}
  - {wave: {behavior: latency, option: latency, high: 1, period: 1}, for: 3s}
  - {run: "true"}
"""


class WithoutTests(SynchronousTestCase):
    """
    Steps of one experiment.
    """

    def test_leavable(self) -> None:
        """
        Steps whose faults are not decisions about exchanges.
        """
        experiment = readExperiment(TEXT)
        steps = removableSteps(experiment, lambda name: name in ("error", "delay"))
        names = [each.name for each in steps]
        wanted = ["set 3", "set 5", "set 6", "set 7", "flapping", "restart 10"]
        self.assertEqual(names, [*wanted, "schedule 11", "wave 12"])
        self.assertEqual(steps[4].describe(), "step 'flapping': down: 1 s up, 1 s down")

    def test_without(self) -> None:
        """
        A removed step lasts as long as before; names stay.
        """
        experiment = readExperiment(TEXT)
        steps = removableSteps(experiment, lambda name: name in ("error", "delay"))
        rest = without(experiment, steps[2:6])
        names = [name for name, _ in named(rest.method)]
        self.assertEqual(names, [name for name, _ in named(experiment.method)])
        before, after = timeline(experiment), timeline(rest)
        self.assertEqual([e.begin for e in after], [e.begin for e in before])
        quiet = [entry.name for entry in after if entry.what == "nothing changes"]
        self.assertEqual(quiet, ["hold 1", "set 6", "set 7", "flapping", "restart 10"])
        self.assertEqual(without(experiment, []), experiment)
