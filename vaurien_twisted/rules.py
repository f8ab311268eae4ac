# -*- test-case-name: tests.test_rules -*-
"""
Rules as JSON: the whole plan of a proxy, as C{PUT /rules} takes it and C{GET /rules}
gives it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from vaurien_twisted.options import Refused, Spec, build, nearest, option, specs, values
from vaurien_twisted.plan import Draw, Plan, Rule
from vaurien_twisted.planning import Planner


@attrs.frozen
class RuleFields:
    """
    What a rule can say beside its behavior and that one's options.
    """

    percent: float = option(
        float, 100.0, "How many of a hundred exchanges.", minimum=0, maximum=100
    )
    when: dict[str, Any] = option(
        dict, {}, "Which exchanges: targets of the protocol with the patterns to match."
    )
    after: int = option(int, 0, "How many matching exchanges pass first.", minimum=0)
    times: int | None = option(
        int, None, "To how many exchanges the rule applies; without it, to all.", minimum=1
    )
    lasting: float | None = option(
        float,
        None,
        'After how many seconds the rule reverts by itself; written "for".',
        unit="s",
        minimum=0.001,
        maximum=86400 * 365,
    )
    scope: str = option(
        str,
        "exchange",
        "Whether each exchange is drawn, or all of a connection at once.",
        choices=("exchange", "connection"),
    )
    name: str = option(str, "", "What the rule is called in the journal.")


#: How a field is written in JSON and ini where Python has the word for itself.
SPELLED = {"lasting": "for"}


def fieldSpecs() -> dict[str, Spec]:
    """
    The fields of a rule by the names that users write.
    """
    return {
        SPELLED.get(name, name): attrs.evolve(spec, name=SPELLED.get(name, name))
        for name, spec in specs(RuleFields).items()
    }


def planFromRules(planner: Planner, rules: object) -> Plan:
    """
    The plan for a list of rules, each C{{"behavior": …, "options": {…}, "percent": …,
    "when": {…}, "after": …, "times": …, "for": …, "scope": …, "name": …}}, or several
    alternatives in one draw, C{{"draw": [{…}, {…}]}}.

    @raise Refused: something is unknown or out of bounds; says in which rule.
    """
    if not isinstance(rules, list):
        raise Refused("a list of rules is wanted", "rules")
    draws = []
    for number, item in enumerate(rules, 1):
        try:
            draws.append(_draw(planner, item))
        except Refused as refused:
            raise Refused(f"rule {number}: {refused.description}", refused.name) from None
    return Plan(tuple(draws))


def _draw(planner: Planner, item: object) -> Draw:
    if isinstance(item, Mapping) and "draw" in item:
        for name in item:
            if name != "draw":
                raise Refused(f'{name!r} cannot stand beside "draw", only within it', str(name))
        if not isinstance(item["draw"], list) or not item["draw"]:
            raise Refused('"draw" must be a list of rules', "draw")
        return Draw(tuple(ruleFromJSON(planner, each) for each in item["draw"]))
    return Draw((ruleFromJSON(planner, item),))


def ruleFromJSON(planner: Planner, item: object) -> Rule:
    """
    One rule.

    @raise Refused: something is unknown or out of bounds.
    """
    if not isinstance(item, Mapping):
        raise Refused(f"a rule must be an object, not {item!r}", "rules")
    declared = fieldSpecs()
    given: dict[str, Any] = {}
    for name, value in item.items():
        if name in ("behavior", "options"):
            continue
        if name not in declared:
            known = ("behavior", "options", "draw", *declared)
            raise Refused(f"a rule has no {name!r}: {nearest(str(name), known)}", str(name))
        if value is not None or declared[name].default is not None:
            given[name] = declared[name].convert(value)
    behavior, options = item.get("behavior"), item.get("options", {})
    if not isinstance(behavior, str):
        raise Refused('a rule must name its "behavior"', "behavior")
    if not isinstance(options, Mapping):
        raise Refused('"options" must be an object', "options")
    fields = build(RuleFields, {_field(name): value for name, value in given.items()}, "a rule")
    return planner.rule(behavior, options, fields)


def rulesOf(plan: Plan) -> list[dict[str, Any]]:
    """
    A plan as L{planFromRules} takes it.  Rules whose time is over are left out, and so
    is what a rule leaves at its default.
    """
    told: list[dict[str, Any]] = []
    for draw in plan.draws:
        rules = [_tell(rule) for rule in draw.alternatives if not rule.expired]
        if len(rules) == 1 and len(draw.alternatives) == 1:
            told += rules
        elif rules:
            told.append({"draw": rules})
    return told


def _tell(rule: Rule) -> dict[str, Any]:
    told: dict[str, Any] = {"behavior": rule.behavior.name}
    own = values(rule.options)
    if own:
        told["options"] = own
    for name, spec in specs(RuleFields).items():
        value = getattr(rule, name)
        if value != spec.default:
            told[SPELLED.get(name, name)] = dict(value) if isinstance(value, Mapping) else value
    return told


def rulesFromWords(planner: Planner, sections: Iterable[tuple[str, Mapping[str, str]]]) -> Plan:
    """
    The plan for the C{[rule:NAME]} sections of an ini file, in order.  A key is a field
    of the rule, C{when.TARGET}, an option of its behavior, or C{draw}: sections with the
    same word there, one after the other, are alternatives of one draw.

    @raise Refused: something is unknown or out of bounds; says in which section.
    """
    declared = fieldSpecs()
    draws: list[tuple[str, list[Rule]]] = []
    for name, words in sections:
        item: dict[str, Any] = {"name": name, "options": {}, "when": {}}
        group = ""
        for key, value in words.items():
            if key == "draw":
                group = value
            elif key.startswith("when."):
                item["when"][key.removeprefix("when.")] = value
            elif key == "behavior" or (key in declared and key not in ("when", "name")):
                item[key] = value
            else:
                item["options"][key] = value
        try:
            rule = ruleFromJSON(planner, item)
        except Refused as refused:
            raise Refused(f"[rule:{name}]: {refused.description}", refused.name) from None
        if group and draws and draws[-1][0] == group:
            draws[-1][1].append(rule)
        else:
            draws.append((group, [rule]))
    return Plan(tuple(Draw(tuple(rules)) for _, rules in draws))


def _field(name: str) -> str:
    return next((field for field, spelled in SPELLED.items() if spelled == name), name)
