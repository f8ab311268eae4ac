# -*- test-case-name: tests.rules.test_codec,tests.rules.test_codec_ini -*-
"""
Rules as JSON: the whole plan of a proxy, as C{PUT /rules} accepts it and C{GET /rules}
returns it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

import attrs

from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.matchers import COMMON, Matcher
from vaurien_twisted.model.names import checkPrintable, printable
from vaurien_twisted.model.options import Refused, Spec, nearest, option, specs, values
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.plan import Draw, Plan


def lastingOption(what: str) -> float | None:
    """
    Declare the field C{for}.

    @param what: what happens after that time, such as C{"the rule ends"}.
    """
    return option(
        float,
        None,
        f"The time after which {what}. Empty: never.",
        unit="s",
        minimum=0.001,
        maximum=86400 * 365,
    )


@attrs.frozen
class RuleFields:
    """
    The fields of a rule, except its behavior and the options of that.
    """

    percent: float = option(
        float,
        100.0,
        "The share of matching exchanges that the rule affects.",
        minimum=0,
        maximum=100,
    )
    when: dict[str, object] = option(
        dict, {}, "The exchanges to match: matchers of the protocol, with their patterns."
    )
    after: int = option(int, 0, "How many matching exchanges pass first.", minimum=0)
    times: int | None = option(
        int, None, "How many exchanges the rule affects before it ends. Empty: no limit.", minimum=1
    )
    lasting: float | None = lastingOption("the rule ends")
    scope: str = option(
        str,
        "exchange",
        "Draw for each exchange, or once for each connection.",
        choices=("exchange", "connection"),
    )
    name: str = option(str, "", "The name of the rule.")
    lease: str = option(str, "", "The lease with which the rule ends; see POST /leases.")


#: The most rules of a proxy, or of a connection with rules of its own.  Each exchange is
#: compared with all of them.
RULES = 1000

#: The names in JSON and ini of fields whose names are keywords of Python.
USER_NAMES = {"lasting": "for"}
FIELDS = {userName: field for field, userName in USER_NAMES.items()}


@cache
def fieldSpecs() -> Mapping[str, Spec]:
    """
    The fields of a rule by the names that users write.
    """
    return MappingProxyType(userNames(specs(RuleFields)))


def userNames(declared: Mapping[str, Spec]) -> dict[str, Spec]:
    """
    Declared fields by the names that users write.
    """
    return {
        USER_NAMES.get(name, name): attrs.evolve(spec, name=USER_NAMES.get(name, name))
        for name, spec in declared.items()
    }


def planFromRules(ruleBuilder: RuleBuilder, rules: object) -> Plan:
    """
    Build the plan for a list of rules, each C{{"behavior": …, "options": {…}, "percent": …,
    "when": {…}, "after": …, "times": …, "for": …, "scope": …, "name": …}}, or several
    alternatives in one draw, C{{"draw": [{…}, {…}]}}.

    @raise Refused: a name is unknown or a value is not valid; the message has the rule's number.
    """
    if not isinstance(rules, list):
        raise Refused('"rules" must be a list of rules', "rules")
    checkCount(rules)
    draws = []
    for number, item in enumerate(rules, 1):
        try:
            draws.append(_draw(ruleBuilder, item))
        except Refused as refused:
            raise Refused(f"rule {number}: {refused.whole}", refused.name) from None
    return Plan(tuple(draws))


def checkCount(rules: Sequence[object]) -> None:
    """
    Check the number of rules.

    @param rules: rules, and draws of several rules, in JSON.
    @raise Refused: there are more than L{RULES}.
    """
    count = sum(
        len(each["draw"]) if isinstance(each, Mapping) and isinstance(each.get("draw"), list) else 1
        for each in rules
    )
    if count > RULES:
        raise Refused(f"{count} rules are too many: {RULES} at most for a proxy", "rules")


def _draw(ruleBuilder: RuleBuilder, item: object) -> Draw:
    if isinstance(item, Mapping) and "draw" in item:
        for name in item:
            if name != "draw":
                raise Refused(f'{name!r} must be within the rules of "draw"', str(name))
        if not isinstance(item["draw"], list) or not item["draw"]:
            raise Refused('"draw" must be a list of rules', "draw")
        return Draw(tuple(ruleFromJSON(ruleBuilder, each) for each in item["draw"]))
    return Draw((ruleFromJSON(ruleBuilder, item),))


def ruleFromJSON(ruleBuilder: RuleBuilder, item: object) -> Rule:
    """
    Build one rule.

    @param item: the rule in JSON; see L{planFromRules}.
    @raise Refused: a name is unknown or a value is not valid.
    """
    if not isinstance(item, Mapping):
        raise Refused(f"a rule must be an object, not {item!r}", "rules")
    behavior, options = item.get("behavior"), item.get("options", {})
    if not isinstance(behavior, str):
        near = _instead(item) if behavior is None else ""
        raise Refused(f'a rule must name its "behavior"{near}', "behavior")
    if not isinstance(options, Mapping):
        raise Refused('"options" must be an object', "options")
    declared = fieldSpecs()
    given: dict[str, Any] = {}
    for name, value in item.items():
        if name in ("behavior", "options"):
            continue
        if name not in declared:
            meant = _meant(ruleBuilder, behavior, str(name))
            raise Refused(f"a rule has no {name!r}: {meant}", str(name))
        if value is not None or declared[name].default is not None:
            given[fieldName(str(name))] = declared[name].convert(value)
    fields = RuleFields(**given)
    checkPrintable(fields.name, "name")
    rule = ruleBuilder.rule(behavior, options, fields)
    if rule.streams and given.get("scope") == "exchange":
        raise Refused(
            f"{behavior!r} is for whole connections: remove scope, or set it to connection", "scope"
        )
    return rule


def _instead(item: Mapping[str, object]) -> str:
    """
    The end of an error message: the field that is probably a misspelled C{"behavior"}.
    """
    strange = [str(name) for name in item if name not in fieldSpecs() and name != "options"]
    close = difflib.get_close_matches("behavior", strange, n=1)
    return f", not {close[0]!r}" if close else ""


def _meant(ruleBuilder: RuleBuilder, behavior: str, name: str) -> str:
    """
    The end of the error message for an unknown field: the most similar of the fields, the
    behavior's options and the protocol's matchers, and where it belongs.
    """
    fields = dict.fromkeys(("behavior", "options", "draw", *fieldSpecs()), "")
    declared = specs(ruleBuilder.registry.behavior(behavior).options)
    places = {
        **dict.fromkeys(_targets(ruleBuilder), ' under "when"'),
        **dict.fromkeys(declared, ' under "options"'),
        **fields,
    }
    close = difflib.get_close_matches(name.lower(), places, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}{places[close[0]]}?" if close else nearest(name, fields)


def _targets(ruleBuilder: RuleBuilder) -> dict[str, Matcher]:
    return {target.name: target for target in (*ruleBuilder.wire.targets, *COMMON)}


def rulesOf(plan: Plan) -> list[dict[str, object]]:
    """
    A plan in JSON, as L{planFromRules} accepts it, without expired rules and without fields
    that have their default values.
    """
    described: list[dict[str, object]] = []
    for draw in plan.draws:
        rules = [ruleToJSON(rule) for rule in draw.alternatives if not rule.expired]
        if len(rules) == 1 and len(draw.alternatives) == 1:
            described += rules
        elif rules:
            described.append({"draw": rules})
    return described


def ruleToJSON(rule: Rule) -> dict[str, object]:
    """
    A rule in JSON, as L{ruleFromJSON} accepts it, without fields that have their default values.
    """
    described: dict[str, object] = {"behavior": rule.behavior.name}
    own = values(rule.options)
    if own:
        described["options"] = own
    for name, spec in specs(RuleFields).items():
        value = getattr(rule, name)
        if value != spec.default:
            described[USER_NAMES.get(name, name)] = (
                dict(value) if isinstance(value, Mapping) else value
            )
    return described


def limited(plan: Plan, given: Mapping[str, object]) -> Plan:
    """
    C{plan} with the same values of fields, such as C{for} or C{lease}, in all its rules.

    @param given: the fields by the names that users write.
    @raise Refused: a value is not valid.
    """
    declared = fieldSpecs()
    own = {fieldName(name): declared[name].convert(value) for name, value in given.items()}
    return Plan(
        tuple(
            Draw(tuple(attrs.evolve(rule, **own) for rule in draw.alternatives), draw.key)
            for draw in plan.draws
        )
    )


def rulesFromWords(
    ruleBuilder: RuleBuilder, sections: Iterable[tuple[str, Mapping[str, str]]]
) -> Plan:
    """
    Build the plan for the C{[rule:NAME]} sections of an ini file, in order.  A key is
    C{behavior}, a field of the rule, an option of its behavior, or

    C{when.TARGET}
        a pattern, or several of which one must match, each on its own line; for a matcher
        of kind C{"fields"}, lines such as C{Name: pattern}, or C{Name} for any value.
    C{draw}
        consecutive sections with the same value are alternatives of one draw.

    @raise Refused: a name is unknown or a value is not valid; the message names the section.
    """
    sections = list(sections)
    checkCount(sections)
    draws: list[tuple[str, list[Rule]]] = []
    for name, words in sections:
        group = words.get("draw", "")
        try:
            rule = ruleFromJSON(ruleBuilder, _item(ruleBuilder, name, words))
        except Refused as refused:
            raise Refused(f"[rule:{printable(name)}]: {refused.whole}", refused.name) from None
        if group and draws and draws[-1][0] == group:
            draws[-1][1].append(rule)
        else:
            draws.append((group, [rule]))
    return Plan(tuple(_drawOf(rules) for _, rules in draws))


def _item(ruleBuilder: RuleBuilder, name: str, words: Mapping[str, str]) -> dict[str, object]:
    """
    A section of an ini file as a rule in JSON.
    """
    behavior = words.get("behavior")
    if behavior is None:
        raise Refused("a rule must name its behavior", "behavior")
    options = specs(ruleBuilder.registry.behavior(behavior).options)
    targets = {f"when.{each}": target for each, target in _targets(ruleBuilder).items()}
    fields = [each for each in fieldSpecs() if each not in ("when", "name")]
    own: dict[str, object] = {}
    when: dict[str, object] = {}
    item: dict[str, object] = {"name": name, "behavior": behavior, "options": own, "when": when}
    for key, value in words.items():
        if key in targets:
            when[targets[key].name] = _patterns(targets[key], value)
        elif key in fields:
            item[key] = value
        elif key in options:
            own[key] = value
        elif key not in ("behavior", "draw"):
            known = {"behavior", "draw", *fields, *targets, *options}
            meant = nearest(key, targets if key.startswith("when") else known)
            raise Refused(f"there is no key {key!r}: {meant}", key)
    return item


def _patterns(target: Matcher, value: str) -> object:
    lines = [line.strip() for line in value.splitlines() if line.strip()]
    if target.kind == "fields":
        pairs = [line.partition(":") for line in lines]
        return {name.strip(): pattern.strip() if colon else "*" for name, colon, pattern in pairs}
    return lines if len(lines) > 1 else "".join(lines)


def _drawOf(rules: list[Rule]) -> Draw:
    try:
        return Draw(tuple(rules))
    except Refused as refused:
        names = ", ".join(f"[rule:{rule.name}]" for rule in rules)
        raise Refused(f"{names}: {refused.description}", refused.name) from None


def fieldName(name: str) -> str:
    """
    The name in Python of the field that users write as C{name}.
    """
    return FIELDS.get(name, name)
