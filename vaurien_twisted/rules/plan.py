# -*- test-case-name: tests.rules.test_plan -*-
"""
Plans: which rules are in force on a proxy.

A plan is a list of draws.  A draw has one or several alternative rules with percentages.  Draws are
independent and apply in order; a rule that ends an exchange also ends the list.  The random number
of a draw is computed from the seed, the proxy, the connection, the exchange and the draw, not taken
from a shared generator.  So the same seed and the same traffic give the same decisions, in whatever
order connections are served.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import cached_property

import attrs

from vaurien_twisted.model.decision import (
    Rule,
)
from vaurien_twisted.model.options import Refused


@attrs.frozen
class Draw:
    """
    Alternative rules, of which at most one applies to an exchange.

    @ivar key: identifies the draw in random numbers and counts, 0 to 2**32 - 1; C{None}: its
        position in the plan identifies it.
    @raise Refused: the percentages are negative or exceed 100 together.
    """

    alternatives: tuple[Rule, ...]
    key: int | None = None

    def __attrs_post_init__(self) -> None:
        for rule in self.alternatives:
            if not 0 <= rule.percent <= 100:
                raise Refused(f"{rule.percent:g} is not a percentage from 0 to 100", "percent")
        total = sum(rule.percent for rule in self.alternatives)
        # 0.2, 83.9 and 15.9 add up to a little more than 100 in binary.
        if total > 100 + 1e-9:
            raise Refused(f"the percentages add up to {total:g}: 100 at most", "percent")


@attrs.frozen(cache_hash=False, slots=False)
class Plan:
    """
    The rules in force on a proxy: an immutable value, which is replaced as a whole.

    @ivar keep: whether waiting exchanges keep the decisions of the previous plan.
    """

    draws: tuple[Draw, ...] = ()
    keep: bool = False

    @cached_property
    def transparent(self) -> bool:
        """
        Whether nothing can happen to any exchange.
        """
        return not any(self._active)

    @cached_property
    def commands(self) -> frozenset[str] | None:
        """
        The commands, in lower case, to which rules may apply; C{None} for all.
        """
        found: set[str] = set()
        for rule in self._active:
            if rule.commands is None:
                return None
            found |= rule.commands
        return frozenset(found)

    @property
    def shares(self) -> dict[int, list[float]]:
        """
        The percentages of the draws that have a key of their own, by that key.
        """
        return {
            draw.key: [rule.percent for rule in draw.alternatives]
            for draw in self.draws
            if draw.key is not None
        }

    @property
    def asked(self) -> list[Rule]:
        """
        The rules in force that may apply to exchanges.
        """
        return [rule for rule in self.rules if not rule.inert]

    @property
    def _active(self) -> Iterator[Rule]:
        for rule in self.rules:
            if rule.behavior.name != "dummy" and rule.percent > 0 and not rule.streams:
                yield rule

    @property
    def rules(self) -> Iterator[Rule]:
        """
        The rules in force, in order.
        """
        for draw in self.draws:
            for rule in draw.alternatives:
                if not rule.expired:
                    yield rule

    def expire(self, rules: Container[Rule]) -> Plan:
        """
        The plan without C{rules}, in which all others are drawn as before.
        """
        return Plan(
            tuple(
                Draw(
                    tuple(
                        attrs.evolve(rule, expired=True) if rule in rules else rule
                        for rule in draw.alternatives
                    ),
                    draw.key,
                )
                for draw in self.draws
            ),
            self.keep,
        )

    def adding(self, draw: Draw) -> Plan:
        """
        The plan with one more draw, which has its own key.  All other draws have the same random
        numbers as before.
        """
        return Plan((*self.draws, draw))

    def without(self, rules: Container[Rule]) -> Plan:
        """
        The plan without C{rules}.  Draws with a key of their own are taken out once nothing is
        left of them; of the others, whose position counts, the rules stay as expired ones.
        """
        return Plan(
            tuple(
                draw
                for draw in self.expire(rules).draws
                if draw.key is None or not all(rule.expired for rule in draw.alternatives)
            )
        )

    def keeps(self, rule: Rule) -> bool:
        """
        Whether waits that C{rule} has begun continue under this plan.
        """
        return self.keep or any(rule.same(own) for own in self.rules)
