# -*- test-case-name: tests.wire.postgresql.test_protocol -*-
"""
The messages of PostgreSQL's protocol 3 that a relay must know.

Source: PostgreSQL manual, chapter "Frontend/Backend Protocol", sections
"Message Formats" and "Error and Notice Message Fields".
"""

from __future__ import annotations

import struct

from vaurien_twisted.model.exchange import SUBJECT_LIMIT

#: The most bytes of a request that are held back until its subject is known.
HEAD_LIMIT = 65536

#: The longest valid message, in bytes: the limit of servers is 1 GiB.
MESSAGE_LIMIT = 1 << 30

#: The size of the type and the length with which all messages except the first begin, in bytes.
HEADER = 5

#: The length of a message, itself included, its type byte not.
length = struct.Struct(">I").unpack_from

#: The messages that the client may send after the session has begun, by type byte.
CLIENT_TYPES = {
    ord("B"): "Bind",
    ord("C"): "Close",
    ord("D"): "Describe",
    ord("E"): "Execute",
    ord("F"): "FunctionCall",
    ord("H"): "Flush",
    ord("P"): "Parse",
    ord("Q"): "Query",
    ord("S"): "Sync",
    ord("X"): "Terminate",
    ord("c"): "CopyDone",
    ord("d"): "CopyData",
    ord("f"): "CopyFail",
    ord("p"): "Password",
}

BIND, CLOSE, DESCRIBE, EXECUTE = b"BCDE"
FUNCTION, FLUSH, PARSE, QUERY, SYNC, TERMINATE, PASSWORD = b"FHPQSXp"
COPY_DATA = ord("d")

#: The messages of the extended query protocol.
EXTENDED = frozenset(b"BCDEHPS")

#: The client's side of COPY.
COPY = frozenset(b"cdf")

#: After these the backend sends ReadyForQuery.
BEFORE_READY = frozenset(b"SQF")


class Malformed(Exception):
    """
    The bytes are not a valid message.  The message has the reason in one line.
    """


def messageEnd(data: bytes, at: int) -> int:
    """
    The end of the message whose type byte is at C{at}.  Its header must be complete.

    @raise Malformed: the length is below 4 or above L{MESSAGE_LIMIT}.
    """
    size: int = length(data, at + 1)[0]
    if not 4 <= size <= MESSAGE_LIMIT:
        raise Malformed(f"a PostgreSQL message cannot be {size} bytes long")
    return at + 1 + size


def cString(data: bytes, start: int, stop: int) -> tuple[bytes, int]:
    """
    The string before the next NUL, and the beginning of the next field; without a NUL
    the string ends at C{stop}.
    """
    end = data.find(b"\0", start, stop)
    return (data[start:stop], stop) if end < 0 else (data[start:end], end + 1)


def sql(data: bytes, start: int, stop: int) -> str:
    """
    A statement, cut after the part that rules may match.
    """
    stop = min(stop, start + SUBJECT_LIMIT)
    return cString(data, start, stop)[0].decode("utf-8", "replace")


#: The type of the field of an error that has its SQLSTATE.
SQLSTATE = ord("C")


def errorResponse(severity: str, code: str, message: str) -> bytes:
    """
    An ErrorResponse with the fields S, V, C and M.

    @param severity: C{"ERROR"}, C{"FATAL"} or C{"PANIC"}.
    @param code: the SQLSTATE.
    """
    fields = (("S", severity), ("V", severity), ("C", code), ("M", message))
    body = b"".join(
        letter.encode() + text.replace("\0", "").encode("utf-8", "replace") + b"\0"
        for letter, text in fields
    )
    return b"E" + struct.pack(">I", len(body) + 5) + body + b"\0"


#: The message with which a client ends the data of a COPY in both directions.
COPY_DONE_MESSAGE = b"c\0\0\0\4"

#: The end of a group of extended query messages.
SYNC_MESSAGE = b"S\0\0\0\4"


def copyFail(reason: str) -> bytes:
    """
    A CopyFail.

    @param reason: the text for the server's log.
    """
    body = reason.encode("utf-8") + b"\0"
    return b"f" + struct.pack(">I", len(body) + 4) + body


#: The message that ends a COPY FROM STDIN in place of the client's data.
COPY_FAIL_MESSAGE = copyFail("an error was injected in place of the reply")


def readyForQuery(status: str) -> bytes:
    """
    A ReadyForQuery.

    @param status: the state of the transaction: C{"I"} outside of one, C{"T"} inside, C{"E"}
        inside a failed one.
    """
    return b"Z\0\0\0\5" + status.encode("ascii")


def errorCode(data: bytes, at: int, end: int) -> str:
    """
    The SQLSTATE of an ErrorResponse whose fields begin at C{at} (PostgreSQL manual, "Error and
    Notice Message Fields").

    @param end: the end of the part of the message that has arrived.
    @return: five characters; C{"XX000"}, an internal error, if it has not arrived yet.
    """
    while at < end and data[at]:
        stop = data.find(b"\0", at, end)
        if stop < 0:
            break
        if data[at] == SQLSTATE:
            return data[at + 1 : stop].decode("ascii", "replace")
        at = stop + 1
    return "XX000"
