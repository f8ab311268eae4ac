# -*- test-case-name: tests.test_planning -*-
"""
Plans as users write and read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from vaurien_twisted.options import Refused, build, nearest, values
from vaurien_twisted.plan import Draw, Plan, Rule
from vaurien_twisted.registry import Registry


@attrs.frozen
class Planner:
    """
    Makes plans out of names, percentages and options.

    @ivar configured: options by behavior, from the command line and the ini file,
        that stand in for declared defaults.
    """

    registry: Registry
    configured: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict)

    def one(self, name: str, options: Mapping[str, object]) -> Plan:
        """
        The plan in which every exchange meets one behavior; or, where C{name} is a
        choice such as C{20:error,10:delay}, that choice, with the options by behavior.

        @raise Refused: a name, a percentage or an option is not acceptable.
        """
        if ":" in name or "," in name:
            return self.choice(name, options)
        return Plan((Draw((self._rule(name, 100.0, options),)),))

    def choice(self, text: str, options: Mapping[str, object]) -> Plan:
        """
        The plan for C{20:error,10:delay}: one draw, of which each behavior has its
        percentage and what is left passes.  A name alone has 100.

        @param options: by behavior, each a mapping.
        @raise Refused: a name, a percentage or an option is not acceptable.
        """
        rules = []
        names = set()
        for part in text.split(","):
            percent, colon, name = part.strip().rpartition(":")
            if name in names:
                raise Refused(f"{name!r} stands twice in {text!r}", "name")
            names.add(name)
            own = options.get(name, {})
            if not isinstance(own, Mapping):
                raise Refused(f"the options of {name!r} must be an object", name)
            rules.append(self._rule(name, _percent(percent) if colon else 100.0, own))
        for name in options:
            if name not in names:
                raise Refused(f"{name!r} is not part of {text!r}: {nearest(name, names)}", name)
        return Plan((Draw(tuple(rules)),))

    def _rule(self, name: str, percent: float, options: Mapping[str, object]) -> Rule:
        behavior = self.registry.behavior(name)
        merged = {key.replace("-", "_"): value for key, value in options.items()}
        merged = {**self.configured.get(name, {}), **merged}
        return Rule(behavior, build(behavior.options, merged, f"behavior {name!r}"), percent)


def tell(plan: Plan) -> dict[str, Any]:
    """
    What is in force, as L{Planner.one} would take it back: C{{"behavior": "delay",
    "options": {"sleep": 2.0, …}}}, or a choice with its options by behavior.
    """
    rules = [rule for draw in plan.draws for rule in draw.alternatives]
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
        raise Refused(f"{text!r} is not a percentage from 0 to 100", "percent")
    return percent
