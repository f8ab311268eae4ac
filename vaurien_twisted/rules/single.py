# -*- test-case-name: tests.rules.test_single -*-
"""
Rules that are put in force and taken out one by one, by name, beside the others of a plan.
"""

from __future__ import annotations

import zlib
from collections.abc import Container

import attrs

from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.rules.codec import RULES
from vaurien_twisted.rules.plan import Draw, Plan

#: The keys of their draws begin here; positions in a plan are below, toxics above.
FIRST_KEY = 2**30


class RuleExists(Refused):
    """
    There is a rule of that name.
    """


class NoSuchRule(Refused):
    """
    There is none.
    """


def newRule(plan: Plan, rule: Rule, beside: Container[str] = ()) -> tuple[Rule, Draw]:
    """
    A rule to be added to a plan, with a name, and the draw that it becomes.

    @param beside: names that are taken, beside those of the plan.
    @raise RuleExists: its name is taken.
    @raise Refused: there are too many rules.
    """
    rules = list(plan.rules)
    if len(rules) >= RULES:
        raise Refused(f"there are {RULES} rules, which is the most for a proxy", "rules")
    taken = {each.name for each in rules}
    name = rule.name or _freeName(rule.behavior.name, taken, beside)
    if name in taken or name in beside:
        raise RuleExists(f"there is a rule or toxic called {name!r}: use another name", "name")
    keys = {draw.key for draw in plan.draws}
    # By its name, so that it does not matter which other rules come and go.
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

    @raise NoSuchRule: there is none; names the nearest.
    """
    found = [rule for rule in plan.rules if rule.name == name]
    if not found:
        near = nearest(name, {rule.name for rule in plan.rules if rule.name})
        raise NoSuchRule(f"there is no rule {name!r}: {near}", "name")
    return found
