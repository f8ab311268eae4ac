"""
The experiments of the documentation: the proxies accept the faults that they set.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.experiments.document import Experiment, readExperiment
from vaurien_twisted.experiments.effects import rulesOf
from vaurien_twisted.experiments.faults import Fault
from vaurien_twisted.experiments.steps import Flap, Ramp, Set, Wave, phases
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.registry import loadRegistry

EXAMPLES = Path(__file__).parents[2] / "docs/examples/experiments"


def faults(experiment: Experiment) -> Iterator[Fault]:
    """
    The faults of its steps, a ramp's and a wave's at their last value.
    """
    for step in phases(experiment.method):
        match step:
            case Set(set=fault):
                yield fault
            case Ramp(ramp=spec) | Wave(wave=spec):
                value = spec.to if isinstance(step, Ramp) else spec.high
                changing = {} if spec.option == "percent" else {spec.option: value}
                options = {**spec.options, **changing}
                yield Fault(
                    proxy=spec.proxy, behavior=spec.behavior, options=options, when=spec.when
                )
            case Flap(flap=flap):
                yield Fault(proxy=flap.proxy, behavior=flap.behavior)


class ExampleTests(SynchronousTestCase):
    """
    Each file.
    """

    def test_accepted(self) -> None:
        """
        Its faults are rules of the protocols of its proxies.
        """
        registry, tried = loadRegistry(), 0
        paths = sorted(EXAMPLES.glob("*.yaml"))
        self.assertGreater(len(paths), 5)
        for path in paths:
            experiment = readExperiment(path.read_text("utf-8"))
            for fault in faults(experiment):
                for name in fault.proxy or experiment.proxies:
                    declared = experiment.proxies[name] or {}
                    wire = registry.wire(str(declared.get("protocol", "tcp")))
                    rules = [dict(rule) for rule in rulesOf(fault)]
                    planFromRules(RuleBuilder(registry, wire=wire), rules)
                    tried += 1
        self.assertGreater(tried, 10)
