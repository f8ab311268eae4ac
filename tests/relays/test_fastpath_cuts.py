"""
Tests for links that pass over exchanges to which nothing can happen, where either end speaks
in any parts and at any time: whatever one link makes of it, the other does that reads with
care.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.exchanges import (
    MEMCACHE,
    POSTGRESQL,
    POSTGRESQL_OPENING,
    Unit,
    mysql,
    mysqlOpening,
    unit,
)
from tests.relays.support import REGISTRY, Pair
from tests.relays.test_fastpath_forms import ASKED, ERRORS
from tests.wire.mysql.script import err
from tests.wire.postgresql.conversation_parts import message
from tests.wire.redis.conversation import CONVERSATIONS
from vaurien_twisted.relays.pausing import PAUSE
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.mysql.packets import packet

#: What hypothesis draws itself is mostly small, so that it would choose the same again.
SEEDS = st.integers(0, 2**32 - 1)

REDIS: list[Unit] = [
    unit(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", b"$5\r\n$1\r\nx\r\n"),
    unit(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", b"$-1\r\n"),
    unit(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nvv\r\n", b"+OK\r\n"),
    unit(b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n", b":17\r\n"),
    unit(b"*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n", b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"),
    unit(b"PING\r\n", b"+PONG\r\n"),
    unit(b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n", b"%1\r\n+proto\r\n:3\r\n"),
    unit(b"*1\r\n$7\r\nMONITOR\r\n", b"+OK\r\n"),
    *(turns[:2] for turns in CONVERSATIONS.values() if len(turns) > 1),
]

HTTP: list[Unit] = [
    unit(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
    unit(b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", b"HTTP/1.1 204 No\r\n\r\n"),
    unit(b"HEAD /c HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
    unit(
        b"\r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\n",
        b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    unit(
        b"PUT /e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        b"HTTP/1.1 304 Not\r\n\r\n\r\n",
    ),
]

#: A command that is refused, by protocol, and a request that is one.
REFUSED = {
    "redis": ("DEL", b"*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n"),
    "memcache": ("incr", b"incr n 1\r\n"),
    "http": ("DELETE", b"DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "mysql": ("COM_PING", packet(0, b"\x0e")),
    "postgresql": ("FunctionCall", b"F\0\0\0\x08\0\0\0\7"),
}

#: What it is refused with, where that is not said elsewhere.
CODES = {"redis": "OOM", "http": "503"}

#: What a backend says, or begins to say, though nobody has asked for it.
UNASKED = {
    "redis": (b"$", b"+OK", b">2\r\n+invalidate\r\n+OK\r\n", b"*"),
    "memcache": (b"VAL", b"END", b"MN\r\n", b"V"),
    "http": (b"HTTP/1.1 20", b"\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
    "mysql": (b"\1", err(0), err(0)[:5]),
    "postgresql": (b"Z\0", message("A", b"\0\0\0\1c\0x\0"), message("N", b"\0")[:3], b"A"),
}


class Twins:
    """
    Two links that are given the same, on which one command is refused; only the first may pass
    over the others.
    """

    def __init__(self, case: SynchronousTestCase, wire: str) -> None:
        self.case = case
        self.pairs = (Pair(wire), Pair(wire))
        ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire(wire))
        error = ERRORS.get(wire, {"behavior": "error", "options": {"code": CODES.get(wire, "")}})
        refuses = {**error, "when": {"command": REFUSED[wire][0]}}
        for pair, more in zip(self.pairs, ([], [ASKED]), strict=True):
            pair.factory.setPlan(planFromRules(ruleBuilder, [refuses, *more]))

    def give(self, who: str, data: bytes) -> tuple[bytes, bytes]:
        """
        One of the two ends says something: what the backend and the client hear.
        """
        heard: list[Any] = []
        for pair in self.pairs:
            if who == "client":
                pair.relay.dataReceived(data)
            else:
                pair.backendProtocol.dataReceived(data)
            # Else whole messages wait for what comes with them, where a rule may look.
            pair.clock.advance(PAUSE)
            ended = (pair.client.ended, pair.backend.ended)
            heard.append((pair.backend.heard(), pair.client.heard(), ended))
        self.case.assertEqual(heard[0], heard[1], (who, data[:200]))
        return heard[0][:2]


def script(dice: random.Random, units: list[Unit]) -> Unit:
    """
    Who says what when: some units one after the other, cut and joined anywhere, and some of it
    before its time.
    """
    turns: Unit = []
    for who, data in (turn for each in units for turn in each):
        places = sorted(dice.randrange(len(data) + 1) for _ in range(dice.choice((0, 0, 0, 1, 3))))
        for start, end in zip([0, *places], [*places, len(data)], strict=True):
            if start == end:
                continue
            if turns and turns[-1][0] == who and dice.random() < 0.2:
                turns[-1] = who, turns[-1][1] + data[start:end]
            else:
                turns.append((who, data[start:end]))
    for _ in range(dice.choice((0, 0, 1, 5))):
        place = dice.randrange(len(turns))
        if turns[place - 1][0] != turns[place][0]:
            turns[place - 1], turns[place] = turns[place], turns[place - 1]
    return turns


class CutTests(SynchronousTestCase):
    """
    For every protocol that is passed over.
    """

    def converse(self, seed: int, wire: str, units: list[Unit], opening: Unit) -> None:
        """
        Any units in any parts, mostly those that come first.
        """
        dice = random.Random(seed)
        twins = Twins(self, wire)
        for who, data in opening:
            twins.give(who, data)
        refused = unit(REFUSED[wire][1], b"")
        odd = [unit(b"", data) for data in UNASKED[wire]]
        plain = units[: len(units) // 2]
        chosen = [
            dice.choice((*units, *plain * 3, refused, *odd)) for _ in range(dice.randrange(1, 12))
        ]
        for who, data in script(dice, [each for each in chosen if each]):
            twins.give(who, data)

    @given(SEEDS)
    @settings(max_examples=200, deadline=None)
    def test_pitfall42_redis(self, seed: int) -> None:
        """
        Arrays, inline commands, pushes, and whatever changes the session.
        """
        self.converse(seed, "redis", REDIS, [])

    @given(SEEDS)
    @settings(max_examples=200, deadline=None)
    def test_pitfall42_memcache(self, seed: int) -> None:
        """
        Lines and data blocks, some quiet.
        """
        self.converse(seed, "memcache", MEMCACHE, [])

    @given(SEEDS)
    @settings(max_examples=200, deadline=None)
    def test_pitfall42_http(self, seed: int) -> None:
        """
        Bodies of all kinds, heads that are no reply yet, and blank lines.
        """
        self.converse(seed, "http", HTTP, [])

    @given(SEEDS, st.booleans())
    @settings(max_examples=200, deadline=None)
    def test_pitfall42_mysql(self, seed: int, deprecated: bool) -> None:
        """
        Queries, statements and results.
        """
        self.converse(seed, "mysql", mysql(deprecated), mysqlOpening(deprecated))

    @given(SEEDS)
    @settings(max_examples=200, deadline=None)
    def test_pitfall42_postgresql(self, seed: int) -> None:
        """
        Queries, groups and COPY.
        """
        self.converse(seed, "postgresql", POSTGRESQL, POSTGRESQL_OPENING)

    def test_pitfall42_keptReply(self) -> None:
        """
        Nothing overtakes the beginning of a reply that is kept.
        """
        get = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
        twins = Twins(self, "redis")
        for who, data in (
            ("client", get),
            ("backend", b"+one\r\n"),
            ("backend", b"$"),
            ("client", get),
        ):
            twins.give(who, data)
        self.assertEqual(twins.give("backend", b"+OK\r\n")[1], b"$+OK\r\n")

    def test_pitfall42_keptPush(self) -> None:
        """
        What belongs to a push is no reply, wherever the push was cut.
        """
        get = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
        refused = REFUSED["redis"][1]
        twins = Twins(self, "redis")
        for who, data in (
            ("client", get),
            ("backend", b"$-1\r\n"),
            ("client", b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"),
            ("backend", b"%1\r\n+proto\r\n:3\r\n"),
            ("backend", b">2\r\n+invalidate\r\n"),
            ("client", get),
            ("backend", b"+OK\r\n"),
            ("client", refused),
        ):
            there, back = twins.give(who, data)
        self.assertEqual((there, back), (b"", b""))
        value = b"$1\r\nv\r\n"
        heard = twins.give("backend", value)[1]
        self.assertTrue(heard.startswith(value + b"-OOM "), heard)
