# -*- test-case-name: tests.wire.postgresql.test_startup -*-
"""
The first packets of a PostgreSQL client, which have no type byte.

Source: PostgreSQL manual, section "Message Formats": StartupMessage, SSLRequest,
GSSENCRequest, CancelRequest.
"""

from __future__ import annotations

import struct
from enum import Enum
from typing import NamedTuple

from vaurien_twisted.wire.postgresql.messages import Malformed, length

#: The longest packet before the session has begun, in bytes (the limit of servers).
STARTUP_LIMIT = 10000

#: The request codes that a packet may have in place of a version.
CANCEL, SSL, GSS = 80877102, 80877103, 80877104

#: The requests for encryption as whole packets: the length 8, and the code.
ENCRYPTIONS = tuple(struct.pack("!II", 8, code) for code in (SSL, GSS))

#: The answer of a server that does not encrypt.
NO = b"N"

#: The first byte of a TLS record that begins a handshake.
HANDSHAKE = 0x16


def encryptions(data: bytes, before: list[bytes]) -> int:
    """
    The number of packets at the beginning of C{data} that request encryption.  A client may
    request each kind once.

    @param before: the earlier requests; the new ones are added to it.
    """
    count = 0
    while data.startswith(ENCRYPTIONS, 8 * count):
        packet = data[8 * count : 8 * count + 8]
        if packet in before:
            break
        before.append(packet)
        count += 1
    return count


class StartupKind(Enum):
    """
    The request in the first packet: not known before more bytes arrive, a TLS handshake without
    an SSLRequest, encryption, the cancelling of another session's query, a session.
    """

    UNKNOWN = "unknown"
    HANDSHAKE = "handshake"
    ENCRYPTION = "encryption"
    CANCEL = "cancel"
    SESSION = "session"


class Packet(NamedTuple):
    """
    The first packet.

    @ivar size: its length in bytes; if more bytes are needed, their total number.
    @ivar subject: for a session C{user/database}, for cancelling the number of the
        backend's process.
    """

    kind: StartupKind
    size: int
    subject: str = ""


def readStartup(data: bytes, at: int) -> Packet:
    """
    The packet that begins at C{at}.

    @raise Malformed: its length is below 8 or above L{STARTUP_LIMIT}, or it asks for
        another protocol than 3.
    """
    here = len(data) - at
    if data[at] == HANDSHAKE:
        return Packet(StartupKind.HANDSHAKE, here)
    if here < 4:
        return Packet(StartupKind.UNKNOWN, 8)
    size: int = length(data, at)[0]
    if not 8 <= size <= STARTUP_LIMIT:
        raise Malformed(f"a PostgreSQL start-up packet cannot be {size} bytes long")
    if here < size:
        return Packet(StartupKind.UNKNOWN, size)
    code: int = length(data, at + 4)[0]
    if code in (SSL, GSS):
        return Packet(StartupKind.ENCRYPTION, size)
    if code == CANCEL:
        return Packet(StartupKind.CANCEL, size, str(length(data, at + 8)[0]) if size >= 12 else "")
    if code >> 16 != 3:
        raise Malformed(f"PostgreSQL protocol {code >> 16}.{code & 0xFFFF} is not supported")
    return Packet(StartupKind.SESSION, size, startupSubject(data[at : at + size]))


def startupSubject(packet: bytes) -> str:
    """
    C{user/database}; the default database has the name of the user.
    """
    words = packet[8:].split(b"\0")
    parameters = dict(zip(words[::2], words[1::2], strict=False))
    user = parameters.get(b"user", b"")
    database = parameters.get(b"database") or user
    return (user + b"/" + database).decode("utf-8", "replace")
