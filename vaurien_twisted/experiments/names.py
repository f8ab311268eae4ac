# -*- test-case-name: tests.experiments.test_names -*-
"""
Checks an experiment's proxies and faults before it begins: every name and value that a service
would refuse later.

Only this module of the room reads the declarations of the server: of behaviors, protocols, rules,
toxics and proxies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import attrs

from vaurien_twisted.experiments import steps
from vaurien_twisted.experiments.conditions import Condition, proxiesOf
from vaurien_twisted.experiments.document import Experiment
from vaurien_twisted.experiments.effects import rulesOf
from vaurien_twisted.experiments.faults import Fault, FlapSpec, RampSpec, WaveSpec
from vaurien_twisted.experiments.located import Located, readText
from vaurien_twisted.experiments.phases import changing
from vaurien_twisted.model.options import Refused, nearest, specs

if TYPE_CHECKING:
    from vaurien_twisted.proxies.declaration import ProxyDefaults
    from vaurien_twisted.rules.build import RuleBuilder


def checkNames(experiment: Experiment) -> None:
    """
    Check everything that a service would refuse.

    @param experiment: an experiment that was parsed from a text.
    @raise Refused: a name is unknown or a value is not valid; the message names the line, the cause
        and the nearest valid choice.
    """
    from vaurien_twisted.proxies.declaration import ProxyDefaults
    from vaurien_twisted.rules.registry import loadRegistry

    root = readText(experiment.source)
    checker = Checker(experiment, ProxyDefaults(loadRegistry()))
    checker.proxies(_member(root, "proxies"))
    checker.conditions(experiment.hypothesis, _each(_member(root, "hypothesis")))
    checker.steps(experiment.method, _each(_member(root, "method")))


@attrs.frozen
class Checker:
    """
    Checks the parts of one experiment.

    @ivar defaults: the defaults of new proxies, with the registry of behaviors and protocols.
    """

    experiment: Experiment
    defaults: ProxyDefaults

    def proxies(self, place: Located) -> None:
        """
        Check the declared proxies.

        @param place: their place in the text.
        """
        from vaurien_twisted.proxies.declaration import LISTS, MissingField, declaredFromJSON

        known = {*self.defaults.fields, *LISTS, "backend"} - {"name"}
        for name, declared in self.experiment.proxies.items():
            at = _member(place, name)
            given = {"name": name, **(declared or {})}
            for field in declared or ():
                if field not in {*known, "name"}:
                    words = f"proxies.{name}: no {field!r} here: {nearest(field, known)}"
                    raise Refused(f"line {_lineOf(at, field)}: {words}", field)
            if "backend" in given:
                given["upstream"] = given.pop("backend")
            try:
                if declared is not None:
                    declaredFromJSON(self.defaults, given)
            except MissingField:
                words = f"proxies.{name}: 'backend' is missing"
                raise Refused(f"line {at.line}: {words}", "backend") from None
            except Refused as refused:
                raise _placed(refused, at, f"proxies.{name}: ") from None

    def conditions(self, conditions: Iterable[Condition], places: Iterable[Located]) -> None:
        """
        Check the proxies that conditions name.
        """
        for condition, place in zip(conditions, places, strict=False):
            self._known(proxiesOf(condition), place)

    def steps(self, several: Iterable[steps.Step], places: Iterable[Located]) -> None:
        """
        Check the faults of steps.
        """
        for step, place in zip(several, places, strict=True):
            inner = _member(place, step.KEY)
            match step:
                case steps.Sequence(sequence=within) | steps.Parallel(parallel=within):
                    self.steps(within, _each(inner))
                case steps.Schedule(schedule=schedule):
                    self.steps(schedule.do, _each(_member(inner, "do")))
                case steps.Set(set=fault):
                    self._fault([fault], inner)
                case steps.Ramp(ramp=ramp):
                    self._changing(ramp, (ramp.from_, ramp.to), inner)
                case steps.Wave(wave=wave):
                    self._changing(wave, (wave.low, wave.high), inner)
                case steps.Flap(flap=flap):
                    self._fault([_gone(flap)], inner)
                case steps.Restart(restart=restart):
                    self._known(restart.proxy, inner)
                case steps.Wait(wait=wait):
                    self._known(proxiesOf(wait.until), inner)

    def _changing(
        self, spec: RampSpec | WaveSpec, values: tuple[float, float], place: Located
    ) -> None:
        behavior = spec.behavior
        if behavior in self.defaults.registry.behaviors:
            options = specs(self.defaults.registry.behavior(behavior).options)
            if spec.option not in {*options, "percent"}:
                near = nearest(spec.option, (*options, "percent"))
                words = f"behavior {behavior!r} has no option {spec.option!r}: {near}"
                raise Refused(f"line {_lineOf(place, 'option')}: {words}", "option")
        self._fault([changing(spec, value) for value in values], place)

    def _fault(self, faults: Sequence[Fault], place: Located) -> None:
        for fault in faults:
            self._known(fault.proxy, place)
            for proxy in fault.proxy or tuple(self.experiment.proxies) or ("",):
                try:
                    self._accepted(fault, proxy)
                except Refused as refused:
                    raise _placed(refused, place) from None

    def _accepted(self, fault: Fault, proxy: str) -> None:
        """
        @raise Refused: the proxy would not accept the fault.
        """
        from vaurien_twisted.rules.codec import planFromRules
        from vaurien_twisted.rules.toxics import toxicFromJSON

        reasons: list[Refused] = []
        for builder in self._builders(proxy):
            try:
                planFromRules(builder, list(rulesOf(fault)))
                for toxic in fault.toxics:
                    toxicFromJSON(builder, toxic)
            except Refused as refused:
                reasons.append(refused)
            else:
                return
        description = reasons[0].description
        # A single rule is not counted.
        raise Refused(description.removeprefix("rule 1: "), reasons[0].name)

    def _builders(self, proxy: str) -> Iterator[RuleBuilder]:
        """
        The rule builders of a proxy; for a proxy that exists already, those of all protocols.
        """
        registry, declared = self.defaults.registry, self.experiment.proxies.get(proxy)
        if declared is None:
            wires = [wire for wire in registry.wires.values() if wire.name != "tcp"]
            yield from map(self.defaults.ruleBuilder, [*wires, registry.wire("tcp")])
        else:
            protocol = str(declared.get("protocol", self.defaults.protocol))
            yield self.defaults.ruleBuilder(registry.wire(protocol))

    def _known(self, names: Iterable[str], place: Located) -> None:
        """
        @raise Refused: a proxy is not declared in the experiment.
        """
        declared = self.experiment.proxies
        for name in names:
            if declared and name not in declared:
                words = f"there is no proxy {name!r}: {nearest(name, declared)}"
                raise Refused(f"line {_lineOf(place, 'proxy')}: {words}", "proxy")


def _gone(flap: FlapSpec) -> Fault:
    return Fault(proxy=flap.proxy, share=flap.share, behavior=flap.behavior)


def _member(place: Located, name: str) -> Located:
    """
    The place of an object's member; the place of the object if it has no such member, or is its
    short form.
    """
    if isinstance(place.value, dict):
        found = place.value.get(name)
        if isinstance(found, Located):
            return found
    return place


def _each(place: Located) -> list[Located]:
    """
    The places of a list's items; a single value counts as a list.
    """
    return place.value if isinstance(place.value, list) else [place]


def _placed(refused: Refused, place: Located, prefix: str = "") -> Refused:
    """
    An error with the line of its cause: the last name or value in quotes, otherwise the option.
    """
    words = refused.description
    said = re.split("did you mean|pick one of", words)[0]
    for name in (*reversed(re.findall("'([^']+)'", said)), refused.name):
        for line in _linesOf(place, name):
            return Refused(f"line {line}: {prefix}{words}", refused.name)
    return Refused(f"line {place.line}: {prefix}{words}", refused.name)


def _lineOf(place: Located, name: str) -> int:
    """
    The line of a name within C{place}; the line of C{place} if it is not there.
    """
    return next(chain(_linesOf(place, name), (place.line,)))


def _linesOf(place: Located, name: str) -> Iterator[int]:
    """
    The lines of a name, or of a value that equals or contains it.
    """
    if isinstance(place.value, dict):
        for key, each in place.value.items():
            if key == name:
                yield place.names.get(key, each.line)
            yield from _linesOf(each, name)
    elif isinstance(place.value, list):
        for each in place.value:
            yield from _linesOf(each, name)
    elif name and name in re.split("[,: ]+", str(place.value)):
        yield place.line
