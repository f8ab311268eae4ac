# -*- test-case-name: tests.rules.test_single -*-
"""
Named rules that are added to a plan and removed from it one at a time.
"""

from __future__ import annotations

import zlib
from collections.abc import Container

import attrs

from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.rules.codec import RULES
from vaurien_twisted.rules.plan import Draw, Plan

#: The lowest key of their draws.  Positions in a plan are below, keys of toxics above.
FIRST_KEY = 2**30


class RuleExists(Refused):
    """
    A rule with this name exists already.
    """


class NoSuchRule(Refused):
    """
    No rule has this name.
    """


def newRule(plan: Plan, rule: Rule, beside: Container[str] = ()) -> tuple[Rule, Draw]:
    """
    The rule to add to a plan, with a name, and its draw.  The caller adds the draw.

    @param beside: names that are taken in addition to those of the plan.
    @raise RuleExists: a rule or toxic has the same name.
    @raise Refused: the plan has L{RULES} rules already.
    """
    rules = list(plan.rules)
    if len(rules) >= RULES:
        raise Refused(f"there are already {RULES} rules, the maximum for a proxy", "rules")
    taken = {each.name for each in rules}
    name = rule.name or _freeName(rule.behavior.name, taken, beside)
    if name in taken or name in beside:
        raise RuleExists(f"there is already a rule or toxic {name!r}: use another name", "name")
    keys = {draw.key for draw in plan.draws}
    # Derived from the name, so that adding and removing other rules does not change it.
    key = FIRST_KEY | zlib.crc32(name.encode()) >> 2
    while key in keys:
        key = FIRST_KEY | (key + 1) % FIRST_KEY
    named = attrs.evolve(rule, name=name)
    return named, Draw((named,), key)


def _freeName(behavior: str, taken: Container[str], beside: Container[str]) -> str:
    name, number = behavior, 1
    while name in taken or name in beside:
        number += 1
        name = f"{behavior}-{number}"
    return name


def rulesCalled(plan: Plan, name: str) -> list[Rule]:
    """
    The rules of a plan that have this name.

    @raise NoSuchRule: there is none; the message names the most similar one.
    """
    found = [rule for rule in plan.rules if rule.name == name]
    if not found:
        near = nearest(name, {rule.name for rule in plan.rules if rule.name})
        raise NoSuchRule(f"there is no rule {name!r}: {near}", "name")
    return found
