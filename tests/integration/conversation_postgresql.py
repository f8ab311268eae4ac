"""
Conversations in PostgreSQL's protocol, made by chance from a seed.
"""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Iterator
from random import Random
from typing import Any

import attrs

from tests.conversations.speaking import cut
from tests.integration.support import PATIENCE
from tests.wire.postgresql.conversation_parts import FLUSH, SYNC, execute, message, parse, query

__all__ = ["FLUSH", "SYNC", "RawSession", "bind", "execute", "kinds", "parse", "query"]


#: The name of a channel that each session replaces by its own, which is as long.
CHANNEL = b"told"


def bind(statement: str = "", portal: str = "") -> bytes:
    """
    A Bind without parameters.
    """
    return message("B", f"{portal}\0{statement}\0".encode() + bytes(6))


def messages(data: bytes) -> Iterator[tuple[str, bytes]]:
    """
    The messages that a server sent, each as its type and the whole of it.
    """
    at = 0
    while at < len(data):
        size = 1 + struct.unpack_from(">I", data, at + 1)[0]
        yield chr(data[at]), data[at : at + size]
        at += size


def kinds(data: bytes) -> str:
    """
    Their types; of rows in a row and of what comes unasked only one.
    """
    found = ""
    for kind, _ in messages(data):
        if kind not in "NSA" and not (kind in "Dd" and found.endswith(kind)):
            found += kind
    return found


class RawSession:
    """
    The socket of a connection that a driver has opened.

    @param channel: what stands for L{CHANNEL} in what is said.
    """

    def __init__(self, connection: Any, channel: bytes = CHANNEL) -> None:
        self._connection = connection
        self._socket = socket.socket(fileno=os.dup(connection.fileno()))
        self._socket.settimeout(PATIENCE)
        self._kept = b""
        self._channel = channel
        self._last = ""

    def ask(self, data: bytes, until: str = "Z") -> bytes:
        """
        Send, and read up to the end of the first message of one of these types.
        """
        self._socket.sendall(data)
        return self.read(until)

    def converse(self, ask: Ask, dice: Random | None = None) -> bytes:
        """
        The whole reply.

        @param dice: draws the parts in which it is sent.
        """
        heard = b""
        for data, until in ask.parts:
            data = data.replace(CHANNEL, self._channel)
            for part in [data] if dice is None else cut(dice, data):
                self._socket.sendall(part)
            for _ in range(ask.settles if until == "Z" else 1):
                heard += self.read(until)
            while ask.copies and self._last == "G":
                heard += self.ask(ask.copies, "ZG")
        return heard.replace(self._channel, CHANNEL)

    def read(self, until: str = "Z") -> bytes:
        """
        Read so far.

        @raise EOFError: the connection has ended.
        """
        at = 0
        while True:
            kept = self._kept
            while len(kept) >= at + 5:
                stop = at + 1 + struct.unpack_from(">I", kept, at + 1)[0]
                if len(kept) < stop:
                    break
                if chr(kept[at]) in until:
                    self._kept = kept[stop:]
                    self._last = chr(kept[at])
                    return kept[:stop]
                at = stop
            more = self._socket.recv(65536)
            if not more:
                raise EOFError(kept)
            self._kept += more

    def close(self) -> None:
        """
        End it.
        """
        self._socket.close()
        self._connection.close()


#: What every session begins with.
SETUP = (
    "CREATE TEMPORARY TABLE t (id int PRIMARY KEY, v text)",
    "INSERT INTO t SELECT n, repeat('v', n * 100) FROM generate_series(1, 5) n",
    "PREPARE p AS SELECT 1, $1::int",
)

#: What may stand before a statement.
BEFORE = ("", "", "/* app */ ", "-- app\n", "  ", "/* a /* b */ c */\n\t")

#: Single statements that any form of request may ask; C{{n}} stands for a small number.
STATEMENTS = (
    "SELECT {n}, 'x', NULL::text",
    "SELECT n, repeat('x', {n}) FROM generate_series(1, {n}00) n",
    "SELECT repeat('y', {n}00000)",
    "SELECT id + 0, v || '' FROM t WHERE id <= {n}",
    "UPDATE t SET v = v || '{n}' WHERE id < {n}",
    "INSERT INTO t VALUES (1{n}, 'more') ON CONFLICT DO NOTHING",
    "DELETE FROM t WHERE id = {n}",
    "SELECT 1 / ({n} - 3)",
    "SELECT nonsense FROM nowhere",
    "SELEKT {n}",
    "",
    "SET application_name = 'app{n}'",
    "DO $$ BEGIN RAISE NOTICE 'said {n}'; END $$",
    "DO $$ BEGIN RAISE EXCEPTION 'raised {n}'; END $$",
    "EXECUTE p({n})",
    "EXPLAIN (COSTS OFF) SELECT {n}",
    "WITH w AS (SELECT {n} AS a) SELECT * FROM w",
    "COPY (SELECT n FROM generate_series(1, {n}0) n) TO STDOUT",
    "COPY t TO STDOUT (FORMAT binary)",
    "NOTIFY told, '{n}'",
    "SHOW server_version",
)

#: Several in one.
SEVERAL = (
    "SELECT {n}; SELECT 'b'; SELECT 3",
    "SELECT {n}; SELECT nonsense; SELECT 2",
    "SELECT 1; ; SELECT {n}",
)

#: What asks for data.
COPIES = (
    "COPY t FROM STDIN",
    "SELECT repeat('x', {n}0000); COPY t FROM STDIN; SELECT 'after'",
    "COPY t (id, v) FROM STDIN (FORMAT csv)",
)

#: Those that no error is put in the place of: they begin and end transactions.
TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ROLLBACK TO SAVEPOINT s")

#: A statement that fails wherever it is asked.
FAILS = query("SELECT injected")


@attrs.frozen
class Ask:
    """
    One request, or several at once.

    @ivar parts: each with the types of the messages of which one ends what is read before
        the next is sent.
    @ivar copies: what is sent where data are wanted.
    @ivar fault: whether it is one of those that are met by an error.
    @ivar settles: how many ReadyForQuery come.
    """

    parts: tuple[tuple[bytes, str], ...]
    copies: bytes = b""
    fault: bool = False
    settles: int = 1


def asks(dice: Random, count: int) -> Iterator[Ask]:
    """
    What a session asks.
    """
    for _ in range(count):
        n = str(dice.randrange(1, 9))
        fault = dice.random() < 0.4

        def said(texts: tuple[str, ...], n: str = n, fault: bool = fault) -> str:
            text = dice.choice(BEFORE) + dice.choice(texts).replace("{n}", n)
            return "/* fault */" * fault + text

        kind = dice.random()
        if kind < 0.3:
            yield Ask(((query(said(STATEMENTS + SEVERAL)), "Z"),), fault=fault)
        elif kind < 0.4:
            yield Ask(((query(dice.choice(TRANSACTIONS)), "Z"),))
        elif kind < 0.5:
            data = message("d", b"%d\tcopied\n" % dice.randrange(100, 10**6)) * 1
            ending = dice.choice((message("c"), message("f", b"no\0")))
            wrong = message("d", b"wrong\n") * (dice.random() < 0.3)
            yield Ask(((query(said(COPIES)), "ZG"),), data + wrong + ending, fault)
        elif kind < 0.85:
            yield Ask(_group(dice, said(STATEMENTS)), fault=fault)
        else:
            # Several groups at once, of which no one is met.
            groups = dice.randrange(2, 6)
            several = [said(STATEMENTS, n, False) for _ in range(groups)]
            data = b"".join(
                query(each) if dice.random() < 0.5 else parse(each) + bind() + execute() + SYNC
                for each in several
            )
            yield Ask(((data, "Z"),), settles=groups)


def _group(dice: Random, text: str) -> tuple[tuple[bytes, str], ...]:
    """
    Extended query messages, up to a Sync at once or in parts.
    """
    describe = message("D", b"P\0") if dice.random() < 0.7 else b""
    kind = dice.random()
    if kind < 0.5:
        return ((parse(text) + bind() + describe + execute() + SYNC, "Z"),)
    if kind < 0.6:
        # So many rows at a time.
        some = message("E", b"\0" + struct.pack(">I", dice.randrange(1, 20)))
        return ((parse(text) + bind() + describe + some + some + SYNC, "Z"),)
    if kind < 0.8:
        # The answer to a Flush ends with one of these.
        head = parse(text) + message("D", b"S\0") + FLUSH
        return ((head, "TnE"), (bind() + execute() + SYNC, "Z"))
    if kind < 0.9 or "fault" in text:
        return ((parse(text) + bind() + describe + execute() + FLUSH, "CIsE"), (SYNC, "Z"))
    # Prepared, then run later.
    named = parse(text, "named")
    run = bind("named") + execute() + message("C", b"Snamed\0") + SYNC
    return ((named + SYNC + run, "Z"), (b"", "Z"))


def steady(data: bytes) -> list[bytes]:
    """
    The messages, without what differs from session to session.
    """
    found = []
    for kind, whole in messages(data):
        if kind == "A":
            # Begins with the number of the process.
            found.append(b"A" + whole[9:])
        elif kind in "EN":
            found.append(kind.encode() + re.sub(rb"pg_temp_\d+|\0L\d+", b"", whole[5:]))
        else:
            found.append(whole)
    return found
