# -*- test-case-name: tests.test_plan -*-
"""
Plans: which behavior meets which exchange, decided so that it can be repeated.

A plan is a list of draws; a draw is one or several alternative rules with
percentages.  Draws are independent and apply in order; what ends an exchange ends
the list.  The random number behind a draw is computed from the seed, the proxy,
the connection, the exchange and the draw, never taken from a shared generator:
the same seed and the same traffic give the same decisions, in whatever order
connections are served.
"""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Container, Iterator, Mapping
from functools import cached_property
from typing import Any

import attrs

from vaurien_twisted.commands import ENDING, Command
from vaurien_twisted.exchange import Connection, Exchange
from vaurien_twisted.interfaces import IBehavior, IStreamBehavior, IWireProtocol
from vaurien_twisted.options import Refused, specs
from vaurien_twisted.targets import Predicate


@attrs.frozen(slots=False)
class Rule:
    """
    A behavior, with its options, for some of the exchanges.

    @ivar percent: how many of a hundred, 0 to 100.
    @ivar when: the targets that an exchange must match, as the user wrote them.
    @ivar matches: the predicate made of C{when}; C{None}: every exchange.
    @ivar after: how many matching exchanges pass before the rule applies.
    @ivar times: to how many exchanges it applies, C{None} for no end.
    @ivar lasting: after how many seconds it reverts by itself, C{None} for never.
    @ivar scope: C{"exchange"}, or C{"connection"}: chosen once for all of a
        connection's exchanges, and counted once.
    @ivar name: the user's name for it, C{""} if it has none.
    @ivar expired: its time is over.  It stays in the plan, so that the draws of other
        rules stay as they were.
    """

    behavior: IBehavior
    options: Any
    percent: float = 100.0
    when: Mapping[str, Any] = attrs.field(factory=dict, hash=False)
    matches: Predicate | None = attrs.field(default=None, eq=False, repr=False)
    after: int = 0
    times: int | None = None
    lasting: float | None = None
    scope: str = "exchange"
    name: str = ""
    expired: bool = False

    def same(self, other: Rule) -> bool:
        """
        Whether C{other} does the same to the same exchanges.
        """
        return (
            self.behavior.name == other.behavior.name
            and bool(self.options == other.options)
            and self.when == other.when
        )

    @cached_property
    def streams(self) -> bool:
        """
        Whether its behavior is for the bytes of a whole connection, not for exchanges.
        """
        return bool(IStreamBehavior.providedBy(self.behavior))

    @property
    def inert(self) -> bool:
        """
        Whether it has nothing to say about exchanges.
        """
        return self.expired or self.streams

    def describe(self) -> str:
        """
        One short line: C{"10:delay sleep=2.0"}, options at their defaults left out.
        """
        words = [f"{self.name}:"] if self.name else []
        words.append(f"{self.percent:g}:{self.behavior.name}")
        for name, spec in specs(type(self.options)).items():
            value = getattr(self.options, name)
            if value != spec.default:
                words.append(f"{name}={value}")
        return " ".join(words)


@attrs.frozen
class Draw:
    """
    Alternatives of which at most one applies.

    @ivar place: what stands for it in randomness and counts, 0 to 2**32 - 1; C{None} for
        its place in the plan.
    @raise Refused: the percentages are negative or exceed 100 together.
    """

    alternatives: tuple[Rule, ...]
    place: int | None = None

    def __attrs_post_init__(self) -> None:
        for rule in self.alternatives:
            if not 0 <= rule.percent <= 100:
                raise Refused(f"{rule.percent:g} percent is not between 0 and 100", "percent")
        total = sum(rule.percent for rule in self.alternatives)
        # 0.2, 83.9 and 15.9 add up to a little more than 100 in binary.
        if total > 100 + 1e-9:
            raise Refused(f"the percentages add up to {total:g}, which is over 100", "percent")


@attrs.frozen(cache_hash=False, slots=False)
class Plan:
    """
    The rules in force on a proxy: an immutable value, swapped whole.
    """

    draws: tuple[Draw, ...] = ()

    @cached_property
    def transparent(self) -> bool:
        """
        Whether nothing can happen to any exchange.
        """
        return not any(self._active)

    @cached_property
    def commands(self) -> frozenset[str] | None:
        """
        The commands, in lower case, without one of which nothing can happen to an
        exchange; C{None} where that cannot be said.
        """
        found: set[str] = set()
        for rule in self._active:
            named = rule.when.get("command")
            if named is None:
                return None
            found.update(
                str(each).lower() for each in (named if isinstance(named, list) else [named])
            )
        return frozenset(found)

    @property
    def asked(self) -> list[Rule]:
        """
        The rules in force that have something to say about exchanges.
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
                    draw.place,
                )
                for draw in self.draws
            )
        )

    def keeps(self, rule: Rule) -> bool:
        """
        Whether something that C{rule} began goes on under this plan.
        """
        return any(rule.same(own) for own in self.rules)


#: In place of an exchange's number.
CONNECTION = 2**64 - 1


def onlyRule(behavior: IBehavior, options: Any) -> Plan:
    """
    The plan in which every exchange meets one behavior.
    """
    return Plan((Draw((Rule(behavior, options),)),))


@attrs.frozen
class Chance:
    """
    The source of randomness for one decision.

    @ivar seed: the run's seed.
    @ivar proxy: the proxy's name.
    @ivar exchange: its number, or L{CONNECTION} for a choice that holds for all of a connection.
    """

    seed: int
    proxy: str
    connection: int
    exchange: int
    draw: int

    def percent(self) -> float:
        """
        A number from 0 up to, not including, 100: always the same for this decision.
        """
        # 53 bits are what a float holds: more could round up to 100.
        return (self._number() >> 11) / 2**53 * 100

    def random(self) -> random.Random:
        """
        A generator for whatever else the decision needs, beginning the same each time.
        """
        return random.Random(self._number())

    def _number(self) -> int:
        place = struct.pack(">qQQI", self.seed, self.connection, self.exchange, self.draw)
        digest = hashlib.blake2b(place, digest_size=8, key=self.proxy.encode()[:64]).digest()
        return int.from_bytes(digest, "big")


@attrs.frozen
class Occasion:
    """
    What a behavior is told.

    @ivar connection: whose exchange it is.
    @ivar number: how many exchanges the rule chose before this one, since the plan was set.
    @ivar chance: the randomness of this decision.
    """

    connection: Connection
    exchange: Exchange
    wire: IWireProtocol
    number: int
    chance: Chance


@attrs.frozen
class Step:
    """
    A command and the rule it came from, so that a change of plan can lift it.

    @ivar rule: C{None} where any change of plan lifts it.
    """

    command: Command
    rule: Rule | None


@attrs.frozen
class Decision:
    """
    What happens to one exchange: the steps for its request and its reply.
    """

    request: tuple[Step, ...] = ()
    reply: tuple[Step, ...] = ()

    @property
    def ends(self) -> bool:
        """
        Whether the request goes no further than the steps.
        """
        return any(isinstance(step.command, ENDING) for step in self.request)


#: Decided: nothing happens.
NOTHING = Decision()
