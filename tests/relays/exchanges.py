"""
What clients of mysql, postgresql and memcache ask and what they are answered, for links
that are told apart by their speed alone.

Each unit is a list of turns: who speaks, and the bytes.  Units of two turns are one
request, or several, and may be pipelined.
"""

from __future__ import annotations

import struct

from tests.wire.mysql.script import DEPRECATE_EOF, define, eof, err, ok, opening, query, table
from tests.wire.postgresql.conversation import CONVERSATION
from tests.wire.postgresql.conversation_parts import (
    FLUSH,
    INSIDE,
    READY,
    SYNC,
    bind,
    execute,
    message,
    parse,
)
from tests.wire.postgresql.conversation_parts import query as select
from vaurien_twisted.wire.mysql.packets import MARIADB_CLIENT_CACHE_METADATA, packet

Unit = list[tuple[str, bytes]]


def unit(*parts: bytes) -> Unit:
    """
    The client speaks first, then each in turn.
    """
    return [("backend" if place % 2 else "client", part) for place, part in enumerate(parts)]


# memcached

ITEM = b"VALUE k 0 5\r\nEND\r\n\r\n"

MEMCACHE = [
    unit(b"get k\r\n", ITEM + b"END\r\n"),
    unit(b"get absent\r\n", b"END\r\n"),
    unit(b"get k absent k\r\n", ITEM * 2 + b"END\r\n"),
    unit(b"gets k  k \r\n", b"VALUE k 7 2 99\r\nab\r\nEND\r\n"),
    unit(b"gat 10 k\r\n", ITEM + b"END\r\n"),
    unit(b"get k\r\nget absent\r\n" * 3, (ITEM + b"END\r\nEND\r\n") * 3),
    unit(b"get\r\n", b"ERROR\r\n"),
    unit(b"get k\n", b"END\r\n"),
    unit(b"get \x10\xf8\x10\r\n", b"VALUE \x10\xf8\x10 0 1\r\nx\r\nEND\r\n"),
    unit(b"set \x10\xf8\x10 0 0 1\r\nx\r\n", b"STORED\r\n"),
    unit(b"get caf\xc3\xa9\r\n", b"END\r\n"),
    unit(b"get k\r\n", b"SERVER_ERROR out of memory\r\n"),
    unit(b"get big\r\n", b"VALUE big 0 3000\r\n" + b"v" * 3000 + b"\r\nEND\r\n"),
    unit(b"set k 0 0 5\r\nget k\r\n", b"STORED\r\n"),
    unit(b"set k 0 -1 0\r\n\r\n", b"STORED\r\n"),
    unit(b"set k x 0 2\r\n", b"CLIENT_ERROR bad command line format\r\n"),
    unit(b"set k 0 0 2 noreply\r\nab\r\n", b""),
    unit(b"cas k 0 0 1 99\r\nx\r\n", b"EXISTS\r\n"),
    unit(b"add k 0 0 1\r\nx\r\nget k\r\n", b"NOT_STORED\r\n" + ITEM + b"END\r\n"),
    unit(b"delete k\r\n", b"NOT_FOUND\r\n"),
    unit(b"delete k noreply\r\n", b""),
    unit(b"delete noreply\r\n", b"DELETED\r\n"),
    unit(b"touch k 0\r\ndecr n 1\r\n", b"TOUCHED\r\n17\r\n"),
    # No real server says these.
    unit(b"touch k 0\r\n", b"VALUE k 0 9\r\n"),
    unit(b"get k\r\n", b"VALUE  k 0 1\r\nx\r\nEND\r\n"),
    unit(b"mg k v\r\n", b"VA 2\r\nhi\r\n"),
    unit(b"mg k v O9 k\r\n", b"VA 2 O9 kk\r\nhi\r\n"),
    unit(b"mg absent v\r\n", b"EN\r\n"),
    unit(b"mg a q\r\nmg b v q\r\nmn\r\n", b"VA 1\r\nb\r\nMN\r\n"),
    unit(b"mg a v q\r\nget k\r\n", b"END\r\n"),
    unit(b"mg a qv\r\nmn\r\n", b"HD\r\nMN\r\n"),
    unit(b"ms k 2 T0\r\nhi\r\n", b"HD\r\n"),
    unit(b"md k\r\nma n\r\n", b"HD\r\nHD\r\n"),
    unit(b"mn\r\n", b"MN\r\n"),
    unit(b"stats\r\n", b"STAT pid 1\r\nSTAT uptime 2\r\nEND\r\n"),
    unit(b"version\r\n", b"VERSION 1.6.18\r\n"),
]

# MySQL

PREPARE = packet(0, b"\x16select name where id = ?")


def execution(number: int, types: bytes = b"", value: bytes = b"\5\0\0\0") -> bytes:
    """
    COM_STMT_EXECUTE of a statement with one parameter.
    """
    told = b"\1" + types if types else b"\0"
    return packet(0, b"\x17" + struct.pack("<IBI", number, 0, 1) + b"\0" + told + value)


def columns(names: int, rows: int, deprecated: bool) -> bytes:
    """
    A result of several columns.
    """
    parts = [packet(1, bytes((names,))), *(define(2 + place) for place in range(names))]
    at = 2 + names
    if not deprecated:
        parts.append(eof(at))
        at += 1
    parts += [packet((at + row) & 0xFF, b"\1x\xfb" + b"\2yz" * (names - 2)) for row in range(rows)]
    at = (at + rows) & 0xFF
    return b"".join((*parts, ok(at, 2, 0xFE) if deprecated else eof(at)))


def prepared(number: int, deprecated: bool) -> bytes:
    """
    The announcement of a statement with one parameter and one column.
    """
    parts = [packet(1, b"\0" + struct.pack("<IHHBH", number, 1, 1, 0, 0)), define(2)]
    if not deprecated:
        parts.append(eof(3))
    at = 3 if deprecated else 4
    parts.append(define(at))
    if not deprecated:
        parts.append(eof(at + 1))
    return b"".join(parts)


def mysql(deprecated: bool) -> list[Unit]:
    """
    Units for a session that has C{CLIENT_DEPRECATE_EOF} or has not.
    """

    def rows(count: int, status: int = 2, sequence: int = 1) -> bytes:
        return table(sequence, count, status, deprecated)

    progress = packet(1, b"\xff\xff\xff\1\1\1\0\0\0\1x")
    many = packet(1, b"\0\xfc\x2c\1\0" + struct.pack("<HH", 2, 0))
    return [
        unit(query(), rows(1)),
        unit(query(b"select 2"), rows(0)),
        unit(query(b"select many"), rows(300)),
        unit(query(b"select wide"), columns(5, 40, deprecated)),
        unit(query(b"update"), ok(1)),
        unit(query(b"update many"), many),
        unit(query(b"update two"), ok(1, 10) + ok(2)),
        unit(query(b"wrong"), err(1)),
        unit(query(b"select 1; do 1"), rows(1, 10) + ok(6 if not deprecated else 5)),
        unit(query(b"alter"), progress + ok(2)),
        unit(query(b"select and fail"), rows(2)[: -len(ok(0) if deprecated else eof(0))] + err(7)),
        unit(query(), rows(1), query(), rows(2)),
        [
            *unit(query(b"load data local"), packet(1, b"\xfbf.csv")),
            ("client", packet(2, b"1,2") + packet(3, b"")),
            ("backend", ok(4)),
        ],
        [*unit(query(b"alter"), progress), ("backend", ok(2))],
        [*unit(query(b"update two"), ok(1, 10)), ("backend", ok(2))],
        [*unit(query(b"select 1; do 1"), rows(1, 10)), ("backend", err(6 - deprecated))],
        unit(query(b"load data local"), packet(1, b"\xfbf.csv"), packet(2, b""), ok(3)),
        unit(packet(0, b"\x02shop"), ok(1)),
        unit(packet(0, b"\x02nowhere"), err(1)),
        unit(packet(0, b"\x1a\1\0\0\0"), ok(1)),
        unit(packet(0, b"\x09"), packet(1, b"Uptime: 1")),
        unit(packet(0, b"\x1f"), ok(1)),
        unit(PREPARE, prepared(1, deprecated)),
        unit(packet(0, b"\x16select other where id = ?"), prepared(2, deprecated)),
        unit(execution(1, b"\3\0"), rows(1)),
        unit(execution(1), rows(2)),
        unit(execution(2, b"\3\0"), rows(1)),
        unit(execution(2), rows(1)),
        unit(execution(9), err(1)),
        unit(packet(0, b"\x19\1\0\0\0") + query(), rows(1)),
        unit(packet(0, b""), err(1)),
    ]


def cached(deprecated: bool) -> list[Unit]:
    """
    Units for a session in which a byte says whether definitions follow: MariaDB's
    C{MARIADB_CLIENT_CACHE_METADATA}.
    """
    plain = table(1, 2, 2, deprecated)[5:]
    known = [b"" if deprecated else eof(2), packet(3 - deprecated, b"\1x")]
    end = ok(3, 2, 0xFE) if deprecated else eof(4)
    return [
        unit(query(b"select told"), packet(1, b"\1\1") + plain),
        unit(query(b"select known"), packet(1, b"\1\0") + b"".join(known) + end),
        unit(execution(1), packet(1, b"\5\0") + b"".join(known) + end),
    ]


def mysqlOpening(deprecated: bool, cache: bool = False) -> Unit:
    """
    Greeting, answer, OK.
    """
    extended = MARIADB_CLIENT_CACHE_METADATA >> 32 if cache else 0
    return opening(DEPRECATE_EOF if deprecated else 0, extended)


#: Shows what is known of prepared statements.
MYSQL_PROBES = [execution(number) for number in (1, 2, 9, 0xFFFFFFFF)]

# PostgreSQL

ROW = message("D", struct.pack(">HI", 1, 1) + b"0")
COLUMNS = message(
    "T", struct.pack(">H", 1) + b"name\0" + struct.pack(">IHIHiH", 1, 1, 25, 4, -1, 0)
)
SELECTED = message("C", b"SELECT 1\0")
PARSED, BOUND, CLOSED, NONE = (message(code) for code in "123n")
FAILED = message("E", b"SERROR\0C42601\0Mno\0\0")
NOTICE = message("N", b"SNOTICE\0C00000\0Mwell\0\0")
COPIES = message("G", b"\0\0\0")
RUNS = bind() + message("D", b"P\0") + execute() + SYNC
RAN = BOUND + COLUMNS + ROW + SELECTED + READY
DATA = message("d", b"1\t2\n")
COPIED = message("C", b"COPY 1\0")


def named(name: str) -> bytes:
    """
    Runs a prepared statement.
    """
    return bind(name) + message("D", b"P\0") + execute() + SYNC


POSTGRESQL = [
    unit(select("select 1"), COLUMNS + ROW + SELECTED + READY),
    unit(select("select many"), COLUMNS + ROW * 200 + SELECTED + READY),
    unit(select("begin"), message("C", b"BEGIN\0") + INSIDE),
    unit(select("commit"), message("C", b"COMMIT\0") + READY),
    unit(select("wrong"), FAILED + READY),
    unit(select("wrong"), FAILED + message("Z", b"E")),
    unit(select(""), message("I") + READY),
    unit(select("select 1; select 2"), (COLUMNS + ROW + SELECTED) * 2 + READY),
    unit(select("do"), NOTICE + message("A", b"\0\0\0\1c\0x\0") + message("C", b"DO\0") + READY),
    unit(select("select 1") * 3, (COLUMNS + ROW + SELECTED + READY) * 3),
    unit(
        select("copy t to stdout"), message("H", b"\0\0\0") + DATA + message("c") + COPIED + READY
    ),
    unit(select("COPY t from stdin"), COPIES, DATA + message("c"), COPIED + READY),
    unit(select("copy t from stdin"), COPIES, DATA + message("f", b"no\0"), FAILED + READY),
    unit(parse("COPY t from stdin", "c") + SYNC, PARSED + READY),
    unit(parse("copy t from stdin") + bind() + execute() + SYNC, PARSED + BOUND + COPIES)
    + unit(DATA + message("c") + SYNC, COPIED + READY),
    unit(parse("select name where id = $1", "s") + SYNC, PARSED + READY),
    unit(parse("select other where id = $1", "s") + SYNC, PARSED + READY),
    unit(parse("select third", "t") + message("D", b"St\0") + SYNC, PARSED + NONE + READY),
    unit(named("s"), RAN),
    unit(named("s") * 3, RAN * 3),
    unit(named("t"), FAILED + READY),
    unit(named("unknown"), FAILED + READY),
    unit(parse("select 4") + RUNS, PARSED + RAN),
    unit(parse("select 5") + RUNS + parse("select 6") + RUNS, (PARSED + RAN) * 2),
    unit(
        parse("select 7") + bind() + execute() + parse("select 8") + RUNS, PARSED + FAILED + READY
    ),
    unit(bind("s") + execute() + bind("t") + execute() + SYNC, (BOUND + SELECTED) * 2 + READY),
    unit(bind("s", "p") + execute("p") + SYNC, BOUND + ROW + SELECTED + READY),
    unit(execute() + SYNC, FAILED + READY),
    unit(message("C", b"Ss\0") + SYNC, CLOSED + READY),
    unit(SYNC, READY),
    unit(parse("select 9") + message("D", b"S\0") + FLUSH, PARSED + NONE, RUNS, RAN),
    unit(message("F", b"\0\0\0\7" + b"\0" * 6), message("V", b"\xff" * 4) + READY),
]

POSTGRESQL_OPENING: Unit = [(who, data) for who, data in CONVERSATION[2:8]]

#: Shows what is known of prepared statements and portals, and of the transaction.
POSTGRESQL_PROBES = [
    execute() + SYNC,
    execute("p") + SYNC,
    *(named(name) for name in ("", "c", "s", "t", "unknown")),
]
