# -*- test-case-name: tests.rules.test_plan -*-
"""
Rules and decisions: what may happen to an exchange, and what was decided for it.
"""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import attrs

from vaurien_twisted.model.commands import ENDING, Command, Wait
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import Predicate
from vaurien_twisted.model.options import specs

if TYPE_CHECKING:
    from vaurien_twisted.interfaces import IBehaviorBase, IWireProtocol


@attrs.frozen(slots=False)
class Rule:
    """
    A behavior, with its options, for some of the exchanges.

    @ivar percent: how many of a hundred, 0 to 100.
    @ivar when: the targets that an exchange must match, as the user wrote them.
    @ivar matches: the predicate made of C{when} and of the behavior's applicability;
        C{None}: every exchange.
    @ivar further: the same where the command is known to match.
    @ivar after: how many matching exchanges pass before the rule applies.
    @ivar times: to how many exchanges it applies, C{None} for no end.
    @ivar lasting: after how many seconds it reverts by itself, C{None} for never.
    @ivar scope: C{"exchange"}, or C{"connection"}: chosen once for all of a
        connection's exchanges, and counted once.
    @ivar name: the user's name for it, C{""} if it has none.
    @ivar lease: the lease with which it ends, C{""} for none.
    @ivar expired: its time is over.  It stays in the plan, so that the draws of other
        rules stay as they were.
    @ivar streams: its behavior is for the bytes of a whole connection, not for exchanges.
    """

    behavior: IBehaviorBase
    options: Any
    percent: float = 100.0
    when: Mapping[str, object] = attrs.field(factory=dict, hash=False)
    matches: Predicate | None = attrs.field(default=None, eq=False, repr=False)
    further: Predicate | None = attrs.field(
        default=attrs.Factory(lambda self: self.matches, takes_self=True), eq=False, repr=False
    )
    after: int = 0
    times: int | None = None
    lasting: float | None = None
    scope: str = "exchange"
    name: str = ""
    lease: str = ""
    expired: bool = False
    streams: bool = False

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
    def commands(self) -> frozenset[str] | None:
        """
        The commands, in lower case, without one of which it does not match; C{None}: it
        matches whatever the command.
        """
        named = self.when.get("command")
        if named is None:
            return None
        return frozenset(
            str(each).lower() for each in (named if isinstance(named, list) else [named])
        )

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


#: In place of an exchange's number.
CONNECTION = 2**64 - 1


@attrs.frozen
class SeededRandom:
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
        return drawnPercent(self.seed, self.proxy, self.connection, self.exchange, self.draw)

    def random(self) -> random.Random:
        """
        A generator for whatever else the decision needs, beginning the same each time.
        """
        return random.Random(
            _number(self.seed, self.proxy, self.connection, self.exchange, self.draw)
        )


def drawnPercent(seed: int, proxy: str, connection: int, exchange: int, draw: int) -> float:
    """
    The same as L{SeededRandom.percent}, without an object: it is computed for every exchange
    that a rule with a percentage matches.
    """
    # 53 bits are what a float holds: more could round up to 100.
    return (_number(seed, proxy, connection, exchange, draw) >> 11) / 2**53 * 100


_pack = struct.Struct(">qQQI").pack


def _number(seed: int, proxy: str, connection: int, exchange: int, draw: int) -> int:
    own = _hashFor(proxy).copy()
    own.update(_pack(seed, connection, exchange, draw))
    return int.from_bytes(own.digest(), "big")


@lru_cache(maxsize=64)
def _hashFor(proxy: str) -> hashlib.blake2b:
    """
    The hash with the proxy's key: to copy it is faster than to make it again.
    """
    return hashlib.blake2b(digest_size=8, key=proxy.encode()[:64])


@attrs.frozen
class DecisionContext:
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
    chance: SeededRandom


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

    @ivar ends: whether the request goes no further than the steps.
    @ivar instant: whether the steps for the request are nothing but waits of no time.
    """

    request: tuple[Step, ...] = ()
    reply: tuple[Step, ...] = ()
    ends: bool = attrs.field(init=False, eq=False, repr=False)
    instant: bool = attrs.field(init=False, eq=False, repr=False)

    @ends.default
    def _ends(self) -> bool:
        return any(isinstance(step.command, ENDING) for step in self.request)

    @instant.default
    def _instant(self) -> bool:
        return bool(self.request) and all(
            isinstance(step.command, Wait) and step.command.seconds <= 0 for step in self.request
        )

    def plus(self, other: Decision) -> Decision:
        """
        The steps of C{other} after those of this one.
        """
        return Decision((*self.request, *other.request), (*self.reply, *other.reply))


#: Decided: nothing happens.
NOTHING = Decision()


@attrs.frozen
class StreamContext:
    """
    What a stage may know.

    @ivar random: the randomness of this rule on this connection, in this direction.
    @ivar shared: belongs to the rule and is the same for all connections of a proxy.
    @ivar now: when the rule began to apply to the connection, in seconds.
    @ivar began: when the connection was accepted, in seconds.
    @ivar direction: C{"upstream"} or C{"downstream"}.
    """

    random: random.Random
    shared: dict[str, object]
    now: float
    began: float
    direction: str
