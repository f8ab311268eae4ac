# -*- test-case-name: tests.rules.test_build -*-
"""
Plans as users write and read them.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from vaurien_twisted.interfaces import IApplicability, IWireProtocol
from vaurien_twisted.interfaces.applicability import IFormApplicability
from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.matchers import COMMAND, Predicate, condition, every
from vaurien_twisted.model.options import Refused, build, nearest, values
from vaurien_twisted.rules.plan import Draw, Plan
from vaurien_twisted.rules.registry import Registry
from vaurien_twisted.rules.stream_rules import asStreamRule
from vaurien_twisted.wire.tcp import TCP


@attrs.frozen
class RuleBuilder:
    """
    Makes plans out of names, percentages and options.

    @ivar configured: options by behavior, from the command line and the ini file, which replace
        declared defaults.
    @ivar wire: the protocol that the plans are for.
    """

    registry: Registry
    configured: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict)
    wire: IWireProtocol = attrs.field(factory=TCP)

    def one(self, name: str, options: Mapping[str, object]) -> Plan:
        """
        The plan with one behavior for all exchanges.  If C{name} is a choice such as
        C{20:error,10:delay}, the plan with that choice.

        @param options: the options of the behavior; of a choice, the options by behavior.
        @raise Refused: a name, a percentage or an option is not acceptable.
        """
        if ":" in name or "," in name:
            return self.choice(name, options)
        return Plan((Draw((self.rule(name, options),)),))

    def choice(self, text: str, options: Mapping[str, object]) -> Plan:
        """
        The plan for C{20:error,10:delay}: one draw, in which each behavior has its percentage.  The
        other exchanges pass.  A name without a percentage has 100.

        @param options: the options by behavior, each a mapping.
        @raise Refused: a name, a percentage or an option is not acceptable.
        """
        rules = []
        names = set()
        for part in text.split(","):
            percent, colon, name = part.rpartition(":")
            name = name.strip()
            if name in names:
                raise Refused(f"{name!r} is given twice in {text!r}", "name")
            names.add(name)
            own = options.get(name, {})
            if not isinstance(own, Mapping):
                raise Refused(f"the options of {name!r} must be an object", name)
            share = _percent(percent) if colon else 100.0
            rules.append(asStreamRule(attrs.evolve(self.rule(name, own), percent=share)))
        for name in options:
            if name not in names:
                raise Refused(f"there is no {name!r} in {text!r}: {nearest(name, names)}", name)
        return Plan((Draw(tuple(rules)),))

    def rule(
        self, name: str, options: Mapping[str, object], fields: attrs.AttrsInstance | None = None
    ) -> Rule:
        """
        One rule.

        @param fields: its other fields, L{vaurien_twisted.rules.codec.RuleFields}; C{None}: their
            defaults.
        @raise Refused: a name or an option is not valid, or the protocol does not support it.
        """
        behavior = self.registry.behavior(name)
        merged = {key.replace("-", "_"): value for key, value in options.items()}
        merged = {**self.configured.get(name, {}), **merged}
        built: object = build(behavior.options, merged, f"behavior {name!r}")
        more = {} if fields is None else attrs.asdict(fields, recurse=False)
        when = more.get("when", {})
        tests: list[Predicate] = []
        if IApplicability.providedBy(behavior):
            behavior.check(built, self.wire)
            applies = behavior.applies
            tests.append(lambda connection, exchange: applies(built, exchange))
        rest = dict(when)
        named = {"command": rest.pop("command")} if "command" in when else {}
        if COMMAND not in self.wire.targets:
            rest, named = dict(when), {}
        further = [*self._condition(rest), *tests]
        matches = [*self._condition(named), *further]
        rule = Rule(
            behavior,
            built,
            matches=every(matches) if matches else None,
            further=every(further) if further else None,
            looks=bool(rest) or not IFormApplicability.providedBy(behavior),
            **more,
        )
        return asStreamRule(rule)

    def _condition(self, when: Mapping[str, object]) -> list[Predicate]:
        return [condition(when, self.wire.targets, self.wire.name)] if when else []


def planToJSON(plan: Plan) -> dict[str, object]:
    """
    A plan in the form that L{RuleBuilder.one} accepts: C{{"behavior": "delay", "options": {"sleep":
    2.0, …}}}, or a choice with its options by behavior.
    """
    rules = list(plan.rules)
    if not rules:
        return {"behavior": "dummy", "options": {}}
    if len(rules) == 1 and rules[0].percent == 100:
        return {"behavior": rules[0].behavior.name, "options": values(rules[0].options)}
    return {
        "behavior": ",".join(f"{rule.percent:g}:{rule.behavior.name}" for rule in rules),
        "options": {rule.behavior.name: values(rule.options) for rule in rules},
    }


def _percent(text: str) -> float:
    try:
        percent = float(text)
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise Refused(f"{text.strip()!r} is not a percentage from 0 to 100", "percent")
    return percent
