"""
Messages of PostgreSQL's protocol to make conversations of.
"""

from __future__ import annotations

import struct

from tests.wire.support import Heard, converse
from vaurien_twisted.wire.postgresql.protocol import PostgreSQLFramer


def message(kind: str, body: bytes = b"") -> bytes:
    """
    A message of this type.
    """
    return kind.encode() + struct.pack(">I", len(body) + 4) + body


def packet(code: int, body: bytes = b"") -> bytes:
    """
    A first packet with this version or request code.
    """
    return struct.pack(">II", len(body) + 8, code) + body


def query(text: str) -> bytes:
    """
    A simple query.
    """
    return message("Q", text.encode() + b"\0")


def parse(text: str, name: str = "") -> bytes:
    """
    A Parse without parameter types.
    """
    return message("P", name.encode() + b"\0" + text.encode() + b"\0\0\0")


def bind(name: str = "", portal: str = "", value: bytes = b"1") -> bytes:
    """
    A Bind of one parameter.
    """
    words = portal.encode() + b"\0" + name.encode() + b"\0"
    fixed = struct.pack(">HHI", 0, 1, len(value))
    return message("B", words + fixed + value + b"\0\0")


def execute(portal: str = "") -> bytes:
    """
    An Execute without a limit of rows.
    """
    return message("E", portal.encode() + b"\0\0\0\0\0")


FLUSH, SYNC, TERMINATE = message("H"), message("S"), message("X")

#: What ends a reply, outside of a transaction and inside.
READY, INSIDE = message("Z", b"I"), message("Z", b"T")

#: What answers a query without rows.
DONE = message("C", b"OK\0") + READY

#: The backend wants copy data, in text of one column.
COPY_IN = message("G", b"\0\0\1\0\0")

#: What fails a statement.
FAILED = message("E", b"SERROR\0VERROR\0C22012\0Mdivision by zero\0\0")

SSL_REQUEST, GSS_REQUEST = packet(80877103), packet(80877104)

STARTUP = packet(196608, b"user\0app\0database\0shop\0\0")

#: How a session begins that needs no password.
BEGINNING = (("client", STARTUP), ("backend", message("R", b"\0\0\0\0") + READY))


def begun() -> tuple[PostgreSQLFramer, Heard]:
    """
    A framer in a session that has begun: C{STARTUP} was exchange 1.
    """
    framer = PostgreSQLFramer()
    return framer, converse(framer, BEGINNING)


def session(*turns: tuple[str, bytes], size: int = 0) -> Heard:
    """
    What a framer makes of a session that goes on so.
    """
    return converse(PostgreSQLFramer(), BEGINNING + turns, size)


def asked(heard: Heard) -> list[str]:
    """
    What was asked behind the start-up, in order.
    """
    return [heard.exchanges[n].description for n in sorted(heard.exchanges) if n > 1]


def both(*turns: tuple[str, bytes]) -> Heard:
    """
    As L{session}; it must be the same byte by byte.
    """
    whole, bytewise = session(*turns), session(*turns, size=1)
    for heard in (whole, bytewise):
        if heard.error:
            raise AssertionError(heard.error)
    same = (
        asked(whole) == asked(bytewise)
        and whole.requests == bytewise.requests
        and whole.replies == bytewise.replies
        and whole.loose == bytewise.loose
        and whole.ended == bytewise.ended
    )
    if not same:
        raise AssertionError(f"{whole}\n{bytewise}")
    return whole


def refuse(framer: PostgreSQLFramer, data: bytes, size: int = 0) -> list[tuple[str, bytes, bool]]:
    """
    The pieces of what the client sends, where all is answered in the backend's place.
    """
    pieces = []
    step = size or len(data)
    for at in range(0, len(data), step):
        for exchange, part, ends in framer.fromClient(data[at : at + step]):
            pieces.append((exchange.description if exchange else "", part, ends))
    return pieces
