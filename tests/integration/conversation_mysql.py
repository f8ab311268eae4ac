"""
Conversations in MySQL's protocol, made by chance from a seed.

The client here finds the ends of replies by itself, with other code than the proxy's.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from random import Random
from typing import Any

import attrs

from tests.conversations.speaking import cut
from tests.integration.support import PATIENCE
from vaurien_twisted.wire.mysql.packets import FULL, packet, unpackHeader, unpackShort

#: Commands by their first byte.
INIT_DB, QUERY, FIELD_LIST, PING, PREPARE, EXECUTE = 0x02, 0x03, 0x04, 0x0E, 0x16, 0x17
LONG_DATA, CLOSE, RESET, FETCH = 0x18, 0x19, 0x1A, 0x1C

#: Status flags.
MORE, CURSOR = 0x08, 0x40

#: How replies are read.
SINGLE, RESULT, PREPARED, ROWS, NOTHING = "single", "result", "prepared", "rows", "nothing"

#: What errors call statements.
NUMBERED = re.compile(rb"\(\d+\)(?= has no open cursor| given to)")

#: What a procedure has to be for C{CALL}.
PROCEDURES = (
    """CREATE OR REPLACE PROCEDURE browse() BEGIN
    DECLARE found INT; DECLARE rows_of CURSOR FOR SELECT 1 UNION SELECT 2;
    OPEN rows_of; FETCH rows_of INTO found; SELECT found, 'first';
    SELECT seq FROM seq_1_to_3; CLOSE rows_of; SELECT 'last'; END""",
    "CREATE OR REPLACE PROCEDURE several(n INT) BEGIN SELECT n; SELECT n + 1, 'b'; END",
    "CREATE OR REPLACE PROCEDURE nothing() DO 1",
    "CREATE OR REPLACE PROCEDURE failing() BEGIN SELECT 1; SIGNAL SQLSTATE '45000'; END",
)

#: What every session begins with.
SETUP = (
    "CREATE TEMPORARY TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)",
    "SET @n = 3",
)

#: What may stand before a statement.
BEFORE = ("", "", "/* app */ ", "-- app\n", "  ", "# app\n\t")

#: Statements in SQL; C{{n}} stands for a small number.
STATEMENTS = (
    "DO {n}",
    "SELECT {n}, 'x', NULL",
    "SELECT seq, REPEAT('x', {n}) FROM seq_1_to_{n}00",
    "SELECT REPEAT('y', {n}00000)",
    "SELECT v FROM t WHERE id = 0",
    "INSERT INTO t (v) VALUES ('{n}'), (REPEAT('z', {n}000))",
    "UPDATE t SET v = CONCAT(v, '{n}') WHERE id < {n}",
    "SELECT id + 0, LENGTH(v) FROM t ORDER BY id",
    "DELETE FROM t WHERE id = {n}",
    "INSERT INTO t VALUES (1, 'again')",
    "SELECT nonsense FROM nowhere",
    "SELEKT {n}",
    "SELECT {n}; SELECT 'b'; DO 3",
    "SELECT {n}; SELECT nonsense; SELECT 2",
    "INSERT INTO t (v) VALUES ('m'); SELECT COUNT(*) FROM t",
    "CALL browse()",
    "CALL several({n})",
    "CALL nothing()",
    "CALL failing()",
    "CALL several({n}); SELECT 5",
    "PREPARE p FROM 'SELECT ?, 1'",
    "EXECUTE p USING @n",
    "EXECUTE IMMEDIATE 'SELECT {n}'",
    "SHOW VARIABLES LIKE 'max_allowed_packet'",
    "EXPLAIN SELECT 1",
    "WITH w AS (SELECT {n} AS a) SELECT * FROM w",
    "SELECT 1/0; SHOW WARNINGS",
    "SET @n = {n}",
    "BEGIN NOT ATOMIC SELECT {n}; END",
    "LOAD DATA LOCAL INFILE 'any.csv' INTO TABLE t (v)",
    "SELECT {n}; LOAD DATA LOCAL INFILE 'any.csv' INTO TABLE t (v); SELECT 'after'",
    "LOAD DATA LOCAL INFILE 'any.csv' INTO TABLE nowhere",
)

#: Those that an error is never put in the place of: they begin and end transactions.
TRANSACTIONS = ("START TRANSACTION", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ROLLBACK TO s")

#: The text of statements that are prepared, with their number of parameters.
PREPARABLE = (
    ("SELECT {n}, 'p'", 0),
    ("SELECT seq FROM seq_1_to_{n}0", 0),
    ("SELECT ?, LENGTH(?)", 2),
    ("INSERT INTO t (v) VALUES (?)", 1),
    ("CALL browse()", 0),
    ("SELECT nonsense", 0),
)


def command(code: int, body: bytes | str = b"") -> bytes:
    """
    A command in one packet.
    """
    return packet(0, bytes((code,)) + (body.encode() if isinstance(body, str) else body))


@attrs.frozen
class Ask:
    """
    One command.

    @ivar reply: how its reply is read.
    @ivar cursor: whether it asks for a cursor.
    @ivar fault: whether it is one of those that are met by an error.
    @ivar statement: which of the session's prepared statements it names, from 1.
    """

    data: bytes
    reply: str = RESULT
    cursor: bool = False
    fault: bool = False
    statement: int = 0


def asks(dice: Random, count: int) -> Iterator[Ask]:
    """
    What a session asks: so many statements, of which some take several commands.
    """
    number = 0
    for _ in range(count):
        n = str(dice.randrange(1, 9))
        kind = dice.random()
        if kind < 0.65:
            text = dice.choice(BEFORE) + dice.choice(STATEMENTS).replace("{n}", n)
            fault = dice.random() < 0.4
            yield Ask(command(QUERY, "/* fault */" * fault + text), fault=fault)
        elif kind < 0.75:
            yield Ask(command(QUERY, dice.choice(TRANSACTIONS)))
        elif kind < 0.85:
            yield dice.choice(
                (
                    Ask(command(PING), SINGLE),
                    Ask(command(INIT_DB, "shop"), SINGLE),
                    Ask(command(INIT_DB, "nowhere"), SINGLE),
                    Ask(command(FIELD_LIST, "t\0"), ROWS),
                    Ask(command(0xE0), SINGLE),
                    Ask(command(FETCH, b"\x63\0\0\0\1\0\0\0"), ROWS),
                )
            )
        else:
            text, parameters = dice.choice(PREPARABLE)
            yield Ask(command(PREPARE, text.replace("{n}", n)), PREPARED)
            if "nonsense" in text:
                continue
            number += 1
            yield from _executions(dice, number, parameters)


def _executions(dice: Random, number: int, parameters: int) -> Iterator[Ask]:
    handle = number.to_bytes(4, "little")
    for time in range(dice.randrange(1, 4)):
        cursor = dice.random() < 0.4
        long = parameters > 0 and dice.random() < 0.5
        if long:
            yield Ask(command(LONG_DATA, handle + b"\0\0" + b"w" * 3000), NOTHING, statement=number)
        types = b""
        if parameters:
            types = bytes(1) + (b"\0" if time else b"\1" + b"\xfd\0" * parameters)
            types += b"\2ab" * (parameters - long)
        flags = handle + bytes((cursor,)) + b"\1\0\0\0" + types
        yield Ask(command(EXECUTE, flags), RESULT, cursor, statement=number)
        if cursor:
            # Where no cursor was opened the server says so.
            for rows in (2, 100):
                fetch = command(FETCH, handle + rows.to_bytes(4, "little"))
                yield Ask(fetch, ROWS, statement=number)
    yield Ask(command(RESET, handle), SINGLE, statement=number)
    if dice.random() < 0.5:
        yield Ask(command(CLOSE, handle), NOTHING, statement=number)


class RawSession:
    """
    The socket of a connection that PyMySQL has opened.

    @param deprecated: whether no EOF packets were agreed upon.
    """

    def __init__(self, connection: Any, deprecated: bool = False) -> None:
        self._connection = connection
        self._socket: socket.socket = connection._sock
        self._socket.settimeout(PATIENCE)
        self._kept = b""
        self._deprecated = deprecated
        #: What the server calls the prepared statements.
        self._statements: list[bytes] = []

    def send(self, data: bytes, dice: Random | None = None) -> None:
        """
        Send, in parts if they are to be drawn.
        """
        for part in [data] if dice is None else cut(dice, data):
            self._socket.sendall(part)

    def ask(self, ask: Ask, file: bytes = b"", dice: Random | None = None) -> list[bytes]:
        """
        The packets of the whole reply.

        @param file: the packets that are sent where a file is wanted, but for the last.
        """
        data = ask.data
        if ask.statement:
            data = data[:5] + self._statements[ask.statement - 1] + data[9:]
        self.send(data, dice)
        found: list[bytes] = []
        if ask.reply == NOTHING:
            return found
        if ask.reply == SINGLE:
            self._packet(found)
        elif ask.reply == ROWS:
            self._rows(found)
        elif ask.reply == PREPARED:
            first = self._packet(found)
            if not first[0]:
                # Servers go on counting where they use a thread again.
                self._statements.append(first[1:5])
                found[0] = found[0][:5] + len(self._statements).to_bytes(4, "little") + first[5:]
                for at in (7, 5):
                    self._definitions(found, unpackShort(first, at)[0])
        else:
            while self._result(found, ask.cursor, file):
                pass
        if any(NUMBERED.search(each) for each in found):
            return [NUMBERED.sub(b"(n)", each[4:]) for each in found]
        return found

    def read(self, count: int = 1) -> list[bytes]:
        """
        The payloads of so many packets.

        @raise EOFError: the connection has ended.
        """
        found: list[bytes] = []
        return [self._packet(found) for _ in range(count)]

    def _packet(self, found: list[bytes]) -> bytes:
        header = self._take(4)
        payload = self._take(unpackHeader(header)[0] & FULL)
        found.append(header + payload)
        return payload

    def _take(self, size: int) -> bytes:
        while len(self._kept) < size:
            more = self._socket.recv(65536)
            if not more:
                raise EOFError(self._kept)
            self._kept += more
        taken, self._kept = self._kept[:size], self._kept[size:]
        return taken

    def _definitions(self, found: list[bytes], count: int) -> int:
        """
        Definitions and their end, whose status is returned.
        """
        for _ in range(count):
            self._packet(found)
        if count and not self._deprecated:
            return int(unpackShort(self._packet(found), 3)[0])
        return 0

    def _rows(self, found: list[bytes]) -> int:
        """
        Rows and their end, whose status is returned.
        """
        while True:
            payload = self._packet(found)
            if payload[0] == 0xFF:
                return 0
            if payload[0] == 0xFE and (self._deprecated or len(payload) < 9):
                return _status(payload)

    def _result(self, found: list[bytes], cursor: bool, file: bytes) -> int:
        """
        One result: whether there is another.
        """
        payload = self._packet(found)
        if payload[0] == 0xFB:
            number = found[-1][3]
            self.send(
                packet(number + 1, file) + packet(number + 2, b"")
                if file
                else packet(number + 1, b"")
            )
            payload = self._packet(found)
        if payload[0] == 0xFF:
            return 0
        if payload[0] == 0:
            return _status(payload) & MORE
        status = self._definitions(found, payload[0])
        if cursor and status & CURSOR and not status & MORE:
            return 0
        return self._rows(found) & MORE

    def close(self) -> None:
        """
        End it without a word.
        """
        self._connection._force_close()

    @property
    def pending(self) -> bytes:
        """
        What was read and not taken.
        """
        return self._kept


def _status(payload: bytes) -> int:
    """
    Of an EOF packet, or an OK packet with small numbers.
    """
    if payload[0] == 0xFE and len(payload) == 5:
        return int(unpackShort(payload, 3)[0])
    at = 1
    for _ in range(2):
        at += {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(payload[at], 1)
    return int(unpackShort(payload, at)[0])
