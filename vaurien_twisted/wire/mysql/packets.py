# -*- test-case-name: tests.wire.mysql.test_requests -*-
"""
Constants and small parsers of the MySQL client/server protocol.

Sources: dev.mysql.com, "Client/Server Protocol"; mariadb.com/kb, "Clientserver
protocol" (MariaDB's own capabilities take the upper half of a 64 bit number).
"""

from __future__ import annotations

import struct

#: A payload of this number of bytes continues in the next packet.
FULL = 0xFFFFFF

#: Reads a packet's header at an offset: the length in its low 24 bits, the sequence above.
unpackHeader = struct.Struct("<I").unpack_from
unpackShort = struct.Struct("<H").unpack_from
unpackLong = struct.Struct("<I").unpack_from

# First bytes of a server's packets.
OK, GREETING, LOCAL_INFILE, EOF, ERR = 0x00, 0x0A, 0xFB, 0xFE, 0xFF

#: The code of an ERR packet that is not an error: MariaDB reports progress.
PROGRESS = 0xFFFF

#: Follows the code of an error and precedes its SQLSTATE; a report of progress has a number of
#: strings in its place.
STATED = ord("#")

# Status flags.
MORE_RESULTS, CURSOR_EXISTS = 0x0008, 0x0040

# Capabilities.
CLIENT_MYSQL = 1
CLIENT_COMPRESS = 1 << 5
CLIENT_PROTOCOL_41 = 1 << 9
CLIENT_SSL = 1 << 11
CLIENT_DEPRECATE_EOF = 1 << 24
CLIENT_OPTIONAL_RESULTSET_METADATA = 1 << 25
CLIENT_ZSTD_COMPRESSION_ALGORITHM = 1 << 26
CLIENT_QUERY_ATTRIBUTES = 1 << 27
MARIADB_CLIENT_CACHE_METADATA = 1 << 36

#: MySQL and MariaDB have different bytes for whether column definitions follow.
METADATA_FLAG = CLIENT_OPTIONAL_RESULTSET_METADATA | MARIADB_CLIENT_CACHE_METADATA


class Malformed(Exception):
    """
    A packet violates the protocol.  The message is the reason.
    """


def lengthOf(data: bytes, at: int) -> int:
    """
    The size of the length encoded integer at C{at}, in bytes: 1, 3, 4 or 9.

    @raise Malformed: no such integer begins with this byte.
    @raise IndexError: C{data} ends before C{at}.
    """
    first = data[at]
    if first < 0xFB:
        return 1
    if first == 0xFC:
        return 3
    if first == 0xFD:
        return 4
    if first == 0xFE:
        return 9
    raise Malformed(f"0x{first:02x} does not begin a length")


def readLength(data: bytes, at: int) -> tuple[int, int]:
    """
    The length-encoded integer at C{at}, and the offset of its end.

    @raise Malformed: there is none.
    @raise IndexError: C{data} ends within it.
    """
    size = lengthOf(data, at)
    if size == 1:
        return data[at], at + 1
    end = at + size
    if end > len(data):
        raise IndexError(end)
    return int.from_bytes(data[at + 1 : end], "little"), end


def progresses(data: bytes, at: int, length: int) -> bool:
    """
    Whether the packet that begins like an ERR packet reports progress.

    @param at: the beginning of the payload, of which at least four bytes are available.
    @param length: the length of the payload, in bytes.
    @raise Malformed: it is too short to have a code.
    """
    if length < 3:
        raise Malformed("an ERR packet has no code")
    return unpackShort(data, at + 1)[0] == PROGRESS and length > 3 and data[at + 3] != STATED


def packet(sequence: int, payload: bytes) -> bytes:
    """
    One packet.

    @param sequence: 0 to 255.
    @param payload: shorter than L{FULL}.
    """
    return struct.pack("<I", len(payload) | sequence << 24) + payload


def serverCapabilities(greeting: bytes) -> int:
    """
    The server's capabilities in its greeting (protocol version 10), with MariaDB's own from
    bit 32 on.

    @param greeting: the payload, from the version on.
    @raise Malformed: it is too short or lacks the end of the version's name.
    """
    end = greeting.find(b"\0", 1)
    # After the name: thread 4, scramble 8, filler 1; then the lower capabilities.
    at = end + 14
    if end < 0 or at + 2 > len(greeting):
        raise Malformed("the greeting is cut short")
    offered = int(unpackShort(greeting, at)[0])
    if at + 7 <= len(greeting):
        offered |= unpackShort(greeting, at + 5)[0] << 16
    # Length of the scramble 1, reserved 6; MariaDB's servers do not set CLIENT_MYSQL.
    if at + 18 <= len(greeting) and not offered & CLIENT_MYSQL:
        offered |= unpackLong(greeting, at + 14)[0] << 32
    return offered


def clientCapabilities(payload: bytes) -> int:
    """
    The client's capabilities, from the first bytes of its answer to the greeting.

    @param payload: the payload, or at least its first 32 bytes.
    @raise Malformed: it is too short.
    """
    if len(payload) < 4:
        raise Malformed("the reply to the greeting is cut short")
    wanted = int(unpackLong(payload, 0)[0])
    if not wanted & CLIENT_PROTOCOL_41:
        return wanted & 0xFFFF
    if len(payload) < 32:
        raise Malformed("the reply to the greeting is cut short")
    if not wanted & CLIENT_MYSQL:
        wanted |= unpackLong(payload, 28)[0] << 32
    return wanted
