"""
Building scripted MySQL conversations, for the tests.
"""

from __future__ import annotations

import struct

from tests.wire.support import Heard, converse
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.mysql.packets import packet
from vaurien_twisted.wire.mysql.protocol import MySQL, MySQLFramer
from vaurien_twisted.wire.starttls import TLSOptions

BASE = 0x0008A200
DEPRECATE_EOF = 1 << 24


def greeting(capabilities: int = 0xFFFFFFFE, extended: int = 0) -> bytes:
    """
    A server's greeting that offers these capabilities.
    """
    return packet(
        0,
        b"\x0a8.0.0-test\0"
        + struct.pack(
            "<I8sxHBHHB6xI",
            7,
            b"saltsalt",
            capabilities & 0xFFFF,
            45,
            2,
            capabilities >> 16,
            21,
            extended,
        )
        + b"moresaltsalt\0mysql_native_password\0",
    )


def hello(capabilities: int = 0, extended: int = 0) -> bytes:
    """
    A client's answer to it.
    """
    wanted = BASE | capabilities | (not extended)
    return packet(1, struct.pack("<IIB19xI", wanted, 1 << 24, 45, extended) + b"app\0\x00")


def ok(sequence: int, status: int = 2, header: int = 0) -> bytes:
    """
    An OK packet.
    """
    return packet(sequence, struct.pack("<BBBHH", header, 0, 0, status, 0))


def eof(sequence: int, status: int = 2) -> bytes:
    """
    An EOF packet.
    """
    return packet(sequence, struct.pack("<BHH", 0xFE, 0, status))


def err(sequence: int, code: int = 1064) -> bytes:
    """
    An ERR packet.
    """
    return packet(sequence, struct.pack("<BH", 0xFF, code) + b"#42000no")


def define(sequence: int) -> bytes:
    """
    A column definition.
    """
    return packet(sequence, b"\x03def\0\0\0\x011\0\x0c\x3f\0\1\0\0\0\x03\x81\0\0\0\0")


def table(sequence: int = 1, rows: int = 2, status: int = 2, deprecated: bool = False) -> bytes:
    """
    A result of one column.
    """
    parts = [packet(sequence, b"\x01"), define(sequence + 1)]
    at = sequence + 2
    if not deprecated:
        parts.append(eof(at, status & 0x40 or status))
        at += 1
    for row in range(rows):
        parts.append(packet((at + row) & 0xFF, b"\x02ab"))
    at = (at + rows) & 0xFF
    parts.append(ok(at, status, 0xFE) if deprecated else eof(at, status))
    return b"".join(parts)


def query(text: bytes = b"select 1") -> bytes:
    """
    COM_QUERY.
    """
    return packet(0, b"\x03" + text)


def begun(
    capabilities: int = 0, extended: int = 0, offered: int = 0xFFFFFFFE
) -> tuple[MySQLFramer, Heard]:
    """
    A framer whose exchange 0 is expected, what it was given, and the opening turns of
    it played.
    """
    framer, heard = expecting()
    converse(framer, opening(capabilities, extended, offered), heard=heard)
    return framer, heard


def expecting() -> tuple[MySQLFramer, Heard]:
    """
    A framer that expects the greeting, as a link leaves it.
    """
    framer = MySQL().framer(TLSOptions(), "db:3306")
    heard = Heard()
    heard.exchanges[0] = Exchange(0, "connect")
    framer.expect(heard.exchanges[0])
    return framer, heard


def opening(
    capabilities: int = 0, extended: int = 0, offered: int = 0xFFFFFFFE
) -> list[tuple[str, bytes]]:
    """
    Greeting, answer, OK.
    """
    if extended:
        offered &= ~1
    return [
        ("backend", greeting(offered, extended)),
        ("client", hello(capabilities, extended)),
        ("backend", ok(2)),
    ]
