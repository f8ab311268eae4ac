# -*- test-case-name: tests.rules.test_plan -*-
"""
Rules, and the decisions about exchanges that follow from them.
"""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import attrs

from vaurien_twisted.model.commands import ENDING, Command, Edit, Wait
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import Predicate
from vaurien_twisted.model.options import specs

if TYPE_CHECKING:
    from vaurien_twisted.interfaces import IBehaviorBase, IWireProtocol


@attrs.frozen(slots=False)
class Rule:
    """
    A behavior, its options, and the exchanges it applies to.

    @ivar options: an instance of the class that declares the behavior's options.
    @ivar percent: the share of matching exchanges that it applies to, 0 to 100.
    @ivar when: the conditions that an exchange must match, as the user wrote them.
    @ivar matches: the predicate made from C{when} and from the behavior's applicability; C{None}:
        every exchange matches.
    @ivar further: the same predicate for exchanges whose command is known to match.
    @ivar looks: whether C{further} looks at more of an exchange than its number, and whether it has
        a reply.
    @ivar after: how many matching exchanges pass before the rule applies.
    @ivar times: the most exchanges that it applies to; C{None}: no limit.
    @ivar lasting: after how many seconds it expires; C{None}: never.
    @ivar scope: C{"exchange"}; or C{"connection"}: chosen once for all exchanges of a connection,
        and counted once.
    @ivar name: the name that the user gave it, C{""} if it has none.
    @ivar lease: the lease with which it ends, C{""} if there is none.
    @ivar expired: whether its time is over.  It stays in the plan, so that the draws of other rules
        do not change.
    @ivar streams: whether its behavior is a stream behavior, for the bytes of a connection.
    @ivar unplanned: whether it is in no plan: a client asks for it in a header, or a decision of an
        earlier run is taken again.
    """

    behavior: IBehaviorBase
    options: Any
    percent: float = 100.0
    when: Mapping[str, object] = attrs.field(factory=dict, hash=False)
    matches: Predicate | None = attrs.field(default=None, eq=False, repr=False)
    further: Predicate | None = attrs.field(
        default=attrs.Factory(lambda self: self.matches, takes_self=True), eq=False, repr=False
    )
    looks: bool = attrs.field(default=True, eq=False, repr=False)
    after: int = 0
    times: int | None = None
    lasting: float | None = None
    scope: str = "exchange"
    name: str = ""
    lease: str = ""
    expired: bool = False
    streams: bool = False
    unplanned: bool = False

    def same(self, other: Rule) -> bool:
        """
        Whether C{other} has the same behavior, options and conditions.
        """
        return (
            self.behavior.name == other.behavior.name
            and bool(self.options == other.options)
            and self.when == other.when
        )

    @cached_property
    def commands(self) -> frozenset[str] | None:
        """
        The commands that it matches, in lower case; C{None}: all commands.
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
        Whether it applies to no exchange.
        """
        return self.expired or self.streams

    def describe(self) -> str:
        """
        One short line, such as C{"10:delay sleep=2.0"}, without options at their defaults.
        """
        words = [f"{self.name}:"] if self.name else []
        words.append(f"{self.percent:g}:{self.behavior.name}")
        for name, spec in specs(type(self.options)).items():
            value = getattr(self.options, name)
            if value != spec.default:
                words.append(f"{name}={value}")
        return " ".join(words)


#: Instead of an exchange's number, for choices that hold for a whole connection.
CONNECTION = 2**64 - 1


@attrs.frozen
class SeededRandom:
    """
    The random numbers of one decision.  The same values always give the same numbers.

    @ivar seed: the seed of the run.
    @ivar proxy: the name of the proxy.
    @ivar connection: the number of the connection.
    @ivar exchange: the number of the exchange, or L{CONNECTION}.
    @ivar draw: the key of the draw.
    """

    seed: int
    proxy: str
    connection: int
    exchange: int
    draw: int

    def percent(self) -> float:
        """
        A number of at least 0 and less than 100.
        """
        return drawnPercent(self.seed, self.proxy, self.connection, self.exchange, self.draw)

    def random(self) -> random.Random:
        """
        A generator for other random choices of the decision.  Each call returns a new one with the
        same seed.
        """
        return random.Random(
            _number(self.seed, self.proxy, self.connection, self.exchange, self.draw)
        )


def drawnPercent(seed: int, proxy: str, connection: int, exchange: int, draw: int) -> float:
    """
    The same as L{SeededRandom.percent}, without an object: it is computed for every exchange
    that a rule with a percentage matches.
    """
    # A float has 53 bits of precision; more bits could be rounded up to 100.
    return (_number(seed, proxy, connection, exchange, draw) >> 11) / 2**53 * 100


def drawBound(percent: float) -> bytes:
    """
    The smallest hash from which a number of at least C{percent} is drawn; hashes are compared as
    bytes.

    @param percent: 0 to 100.
    """
    least = int(percent / 100 * 2**53)
    while least and (least - 1) / 2**53 * 100 >= percent:
        least -= 1
    while least / 2**53 * 100 < percent:
        least += 1
    # No hash has so many bytes: it is greater than all.
    return (least << 11).to_bytes(8, "big") if least < 2**53 else b"\xff" * 9


def drawnBetween(
    seed: int,
    proxy: str,
    connection: int,
    first: int,
    count: int,
    draw: int,
    low: bytes,
    high: bytes,
) -> list[int]:
    """
    For which of so many exchanges a number is drawn from one bound to before another.  The same as
    comparing what L{drawnPercent} returns, without making a number of each hash.

    @param first: the number of the first exchange.
    @param low: see L{drawBound}.
    @param high: see L{drawBound}.
    @return: the indices of the exchanges, in order, from 0.
    """
    copy, pack = _hashFor(proxy).copy, _pack
    found = []
    for place in range(count):
        own = copy()
        own.update(pack(seed, connection, first + place, draw))
        if low <= own.digest() < high:
            found.append(place)
    return found


def drawnHash(seed: int, proxy: str, connection: int, exchange: int, draw: int) -> bytes:
    """
    The hash from which L{drawnPercent} makes a number.
    """
    own = _hashFor(proxy).copy()
    own.update(_pack(seed, connection, exchange, draw))
    return own.digest()


_pack = struct.Struct(">qQQI").pack


def _number(seed: int, proxy: str, connection: int, exchange: int, draw: int) -> int:
    return int.from_bytes(drawnHash(seed, proxy, connection, exchange, draw), "big")


@lru_cache(maxsize=64)
def _hashFor(proxy: str) -> hashlib.blake2b:
    """
    The hash object with the proxy's key; copying it is faster than making a new one.
    """
    return hashlib.blake2b(digest_size=8, key=proxy.encode()[:64])


@attrs.frozen
class DecisionContext:
    """
    The facts about an exchange that a behavior decides by.

    @ivar connection: the client's connection.
    @ivar wire: the wire protocol of the proxy.
    @ivar number: how many exchanges the rule chose before this one, since the plan was set.
    @ivar chance: the random numbers of this decision.
    """

    connection: Connection
    exchange: Exchange
    wire: IWireProtocol
    number: int
    chance: SeededRandom


@attrs.frozen
class Step:
    """
    A command, and the rule that it came from.  A change of the plan that removes the rule ends the
    step.

    @ivar rule: the rule; C{None} if every change of the plan ends the step.
    """

    command: Command
    rule: Rule | None


@attrs.frozen
class Decision:
    """
    What happens to one exchange.

    @ivar request: the steps for the request, in order.
    @ivar reply: the steps for the reply, in order.
    @ivar ends: whether a step keeps the request from the backend.
    @ivar edits: whether the request passes through an editor.
    @ivar instant: whether the steps for the request are only waits of 0 seconds.
    """

    request: tuple[Step, ...] = ()
    reply: tuple[Step, ...] = ()
    ends: bool = attrs.field(init=False, eq=False, repr=False)
    edits: bool = attrs.field(init=False, eq=False, repr=False)
    instant: bool = attrs.field(init=False, eq=False, repr=False)

    @ends.default
    def _ends(self) -> bool:
        return any(
            isinstance(step.command, ENDING) and not isinstance(step.command, Edit)
            for step in self.request
        )

    @edits.default
    def _edits(self) -> bool:
        return any(isinstance(step.command, Edit) for step in self.request)

    @instant.default
    def _instant(self) -> bool:
        return bool(self.request) and all(
            isinstance(step.command, Wait) and step.command.seconds <= 0 for step in self.request
        )

    def plus(self, other: Decision) -> Decision:
        """
        A decision with the steps of this one, then those of C{other}.
        """
        return Decision((*self.request, *other.request), (*self.reply, *other.reply))


#: The decision that nothing happens.
NOTHING = Decision()


@attrs.frozen
class StreamContext:
    """
    The facts about a connection that a stream filter uses.

    @ivar random: the random numbers of this rule on this connection, in this direction.
    @ivar shared: the rule's own data, shared by all connections of a proxy.
    @ivar now: the time when the rule began to apply to the connection, in seconds by the reactor.
    @ivar began: the time when the connection was accepted, in seconds by the reactor.
    @ivar direction: C{"upstream"} or C{"downstream"}.
    """

    random: random.Random
    shared: dict[str, object]
    now: float
    began: float
    direction: str
