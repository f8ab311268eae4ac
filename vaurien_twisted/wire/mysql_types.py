# -*- test-case-name: tests.wire.test_mysql_types -*-
"""
The types of a prepared statement's parameters.

A client names them when it executes a statement for the first time, and from then on
only if they change (dev.mysql.com, "COM_STMT_EXECUTE"; mariadb.com/kb, the same).
Where that first execution was answered in the server's place the server does not know
them and would refuse every later one with error 1210.  So they are kept here, and
given to the server with the next execution that it gets.
"""

from __future__ import annotations

from vaurien_twisted.wire.mysql_packets import FULL, unpackHeader

#: Of statements with more parameters no types are kept; 512 bytes for each statement.
PARAMETERS = 256

#: The command, the statement's number, flags, the number of executions.
FIXED = 10

#: The flag by which MySQL 8.0.23 and later name parameters, in a form of its own.
NAMED = 0x08


def headOf(parameters: int) -> int:
    """
    How many bytes of the payload of an execution have its types, if it has them.
    """
    return FIXED + (parameters + 7) // 8 + 1 + 2 * parameters


def typesOf(data: bytes, at: int, end: int, parameters: int) -> bytes | None:
    """
    The types that an execution names, C{b""} if it leaves them as they are.

    @param at: where its payload begins.
    @param end: where it ends, or what is known of it.
    @param parameters: how many it has.
    @return: C{None} where that cannot be said.
    """
    flag = at + FIXED + (parameters + 7) // 8
    if flag >= end or data[at + 5] & NAMED:
        return None
    if not data[flag]:
        return b""
    types = data[flag + 1 : flag + 1 + 2 * parameters]
    return types if len(types) == 2 * parameters and flag + len(types) < end else None


def withTypes(data: bytes, at: int, types: bytes) -> tuple[bytes, int]:
    """
    The beginning of a packet that executes a statement, with C{types} in it.

    @param at: where the packet begins; its payload leaves the types as they are.
    @return: the new beginning, and how many bytes it stands for; nothing of either
        where the packet would become too long.
    """
    header: int = unpackHeader(data, at)[0]
    length = (header & FULL) + len(types)
    if length >= FULL:
        return b"", 0
    flag = at + 4 + FIXED + (len(types) // 2 + 7) // 8
    head = (length | header & 0xFF000000).to_bytes(4, "little")
    return head + data[at + 4 : flag] + b"\x01" + types, flag + 1 - at
