# -*- test-case-name: tests.wire.mysql.test_results -*-
"""
The shapes of replies: from the first bytes of each packet to the kind of packet
that comes next (dev.mysql.com, "Command Phase"; mariadb.com/kb, "Result Set Packets").
"""

from __future__ import annotations

from enum import IntEnum

from vaurien_twisted.wire.mysql.commands import Shape
from vaurien_twisted.wire.mysql.packets import (
    CLIENT_DEPRECATE_EOF,
    CURSOR_EXISTS,
    EOF,
    ERR,
    FULL,
    LOCAL_INFILE,
    METADATA_FLAG,
    MORE_RESULTS,
    OK,
    Malformed,
    lengthOf,
    progresses,
    readLength,
    unpackHeader,
    unpackShort,
)

#: The number of bytes of a payload that determine the next packet: an OK packet up to its status.
PEEK = 21

#: The greatest first byte of a definition: it begins with a text, by its length.
DEFINING = 0xFC

#: More columns than a result can have; servers allow 4096, and 65535 placeholders.
COLUMNS_LIMIT = 65535


class Step(IntEnum):
    """
    The packet that is expected.
    """

    #: The reply is complete.
    DONE = 0
    #: Its only packet.
    SINGLE = 1
    #: The first of a result: OK, ERR, a request for a file, or the number of columns.
    RESULT = 2
    #: The announcement of a prepared statement.
    PREPARED = 3
    #: A definition, of a parameter or a column.
    DEFINITION = 4
    #: The end of the definitions.
    DEFINED = 5
    #: A row of a result, or its end.
    ROW = 6
    #: A row after which no other result can follow.
    LAST = 7
    #: One of the parts of an authentication.
    DIALOG = 8
    #: The server's greeting.
    GREETING = 9
    #: The result after a request for a file.
    LOADED = 10


DONE, SINGLE, RESULT, PREPARED, DEFINITION, DEFINED, ROW, LAST, DIALOG, _, LOADED = Step


#: The first packet of a reply, by its shape.
FIRST = {
    Shape.SINGLE: Step.SINGLE,
    Shape.RESULT: Step.RESULT,
    Shape.PREPARED: Step.PREPARED,
    Shape.ROWS: Step.LAST,
    Shape.DIALOG: Step.DIALOG,
}


class Results:
    """
    Reads one reply after the other, packet by packet.

    @ivar capabilities: the capabilities of both sides.
    @ivar cursor: whether the request asked for a cursor.
    @ivar left: the number of remaining definitions in this group.
    @ivar _columns: the number of columns that follow the parameters.
    @ivar _rows: the packet expected after the definitions.
    @ivar statement: the number of the statement that was just prepared, or -1.
    @ivar error: the number of the error that ended the reply, C{""} for none.
    @ivar parameters: the number of parameters of that statement.
    @ivar status: the latest status flags in the reply, or those before it.
    @ivar succeeded: the reply began with OK.
    @ivar wantsFile: whether the server has asked for a file.
    """

    __slots__ = (
        "_columns",
        "_rows",
        "capabilities",
        "cursor",
        "error",
        "left",
        "parameters",
        "statement",
        "status",
        "succeeded",
        "wantsFile",
    )

    def __init__(self) -> None:
        self.capabilities = 0
        self.cursor = False
        self.left = 0
        self._columns = 0
        self._rows = DONE
        self.statement = -1
        self.error = ""
        self.parameters = 0
        self.status = 0
        self.succeeded = False
        self.wantsFile = False

    def begin(self, capabilities: int, status: int) -> None:
        """
        Begin a reply.

        @param status: the status flags before it.
        """
        self.capabilities, self.status = capabilities, status
        self.statement, self.error, self.succeeded = -1, "", False

    def next(self, step: Step, data: bytes, at: int, length: int) -> Step:
        """
        The packet that is expected after the one whose payload begins at C{at}.

        @param step: the kind of packet that was expected.
        @param data: has at least C{min(length, PEEK)} bytes from C{at} on.
        @param length: the length of the payload, 0 to 0xFFFFFF bytes.
        @raise Malformed: it is not such a packet.
        """
        if not length:
            if step is SINGLE:
                return DONE
            if step is DIALOG:
                return step
            raise Malformed("a reply has an empty packet")
        first = data[at]
        if step is ROW or step is LAST:
            if first < EOF:
                return step
            if first == EOF:
                return self._ended(step, data, at, length)
        if first == ERR:
            return self._failed(step, data, at, length)
        if step is DEFINITION:
            return self._defined(data, at)
        if step is DEFINED:
            if first != EOF or length != 5:
                raise Malformed("the column definitions have no end")
            self.status = int(unpackShort(data, at + 3)[0])
            return self._open(self.status)
        if step is RESULT or step is LOADED:
            return self._first(step, data, at, length)
        if step is PREPARED:
            return self._prepared(data, at, length)
        self.succeeded = first == OK
        return step if step is DIALOG and first != OK else DONE

    def _failed(self, step: Step, data: bytes, at: int, length: int) -> Step:
        if progresses(data, at, length):
            return step
        self.error = errorCode(data, at, length)
        return DONE

    def _first(self, step: Step, data: bytes, at: int, length: int) -> Step:
        first = data[at]
        if first == OK:
            self.succeeded = True
            return self._more(statusOf(data, at, length))
        if first == EOF and length < 9:
            return self._more(statusOf(data, at, length))
        if step is LOADED:
            raise Malformed("the reply to a file is neither OK nor ERR")
        if first == LOCAL_INFILE:
            self.wantsFile = True
            return LOADED
        size = lengthOf(data, at)
        flagged = length == size + 1 and self.capabilities & METADATA_FLAG
        if length != size and not flagged:
            raise Malformed("a result does not begin with its number of columns")
        columns = readLength(data, at)[0]
        if not 0 < columns <= COLUMNS_LIMIT:
            raise Malformed(f"a result has {columns} columns")
        self._columns = 0
        self._rows = ROW
        return self._define(0 if flagged and not data[at + size] else columns)

    def _prepared(self, data: bytes, at: int, length: int) -> Step:
        if data[at] != OK or length < 9:
            raise Malformed("the reply to a prepare is not a prepared statement")
        self.statement = int.from_bytes(data[at + 1 : at + 5], "little")
        columns, parameters = unpackShort(data, at + 5)[0], unpackShort(data, at + 7)[0]
        self.parameters = parameters
        self._rows = DONE
        if length >= 13 and self.capabilities & METADATA_FLAG & 0xFFFFFFFF and not data[at + 12]:
            # MySQL: the groups are there, with no definitions in them.
            self._columns = -1 if columns and parameters else 0
            return self._define(0) if columns or parameters else DONE
        self._columns = columns if parameters else 0
        return self._define(parameters or columns) if parameters or columns else DONE

    def _define(self, count: int) -> Step:
        """
        Begin a group of C{count} definitions.
        """
        self.left = count
        if count:
            return DEFINITION
        return self._open(0) if self.capabilities & CLIENT_DEPRECATE_EOF else DEFINED

    def _defined(self, data: bytes, at: int) -> Step:
        # Every definition begins with the catalog, a text that is always "def".
        if data[at] > DEFINING:
            raise Malformed("a column definition is missing")
        self.left -= 1
        if self.left:
            return DEFINITION
        return self._open(0) if self.capabilities & CLIENT_DEPRECATE_EOF else DEFINED

    def _open(self, status: int) -> Step:
        """
        The packet that is expected after a group of definitions.
        """
        if self._columns:
            columns, self._columns = self._columns, 0
            return self._define(max(columns, 0))
        # The rows of a cursor are fetched later.  A procedure may select while it has a cursor of
        # its own open.  The flag is then set although the request did not ask for a cursor,
        # together with that of further results, which a requested cursor never has.
        fetched = self.cursor and status & (CURSOR_EXISTS | MORE_RESULTS) == CURSOR_EXISTS
        return DONE if fetched else self._rows

    def _ended(self, step: Step, data: bytes, at: int, length: int) -> Step:
        """
        C{0xFE} where a row may be: a text of 16 MiB and more begins so, too.
        """
        if length >= 9 and (length == 0xFFFFFF or not self.capabilities & CLIENT_DEPRECATE_EOF):
            return step
        if step is LAST:
            return DONE
        return self._more(statusOf(data, at, length))

    def _more(self, status: int) -> Step:
        """
        The packet that is expected after the end of one of several results.
        """
        self.status = status
        return RESULT if status & MORE_RESULTS else DONE


def errorCode(data: bytes, at: int, length: int) -> str:
    """
    The number of the error in an ERR packet whose payload begins at C{at}: C{"1213"}.
    """
    return str(unpackShort(data, at + 1)[0]) if length >= 3 else "0"


def statusOf(data: bytes, at: int, length: int) -> int:
    """
    The status flags of an OK packet, or of the EOF packet that it replaced.

    @raise Malformed: the packet is too short.
    """
    if data[at] == EOF and length == 5:
        return int(unpackShort(data, at + 3)[0])
    after = at + 1
    limit = at + min(length, PEEK)
    # Mostly both are short.
    if length >= 5 and data[after] < 0xFB and data[after + 1] < 0xFB:
        return int(unpackShort(data, after + 2)[0])
    for _ in ("affected rows", "last insert id"):
        if after >= limit:
            raise Malformed("an OK packet is cut short")
        after += lengthOf(data, after)
    if after + 2 > limit:
        raise Malformed("an OK packet is cut short")
    return int(unpackShort(data, after)[0])


#: The difference between the numbers of two consecutive packets in their headers; the number's
#: bits.
NEXT, NUMBERS = 0x1000000, 0xFF000000


def passRows(data: bytes, at: int, end: int, number: int) -> tuple[int, int]:
    """
    Skip packets that are whole and certainly rows.

    @param at: the beginning of the first packet.
    @param number: the number that it must have, in the upper byte of 32 bits.
    @return: the beginning of the first other packet, and its number.
    """
    last = end - 5
    while at <= last:
        # A packet with another number is out of these bounds, too.
        length: int = unpackHeader(data, at)[0] - number
        if not 0 < length < FULL or data[at + 4] >= EOF:
            break
        stop = at + 4 + length
        if stop > end:
            break
        number = (number + NEXT) & NUMBERS
        at = stop
    return at, number


def passDefinitions(data: bytes, at: int, end: int, number: int, most: int) -> tuple[int, int, int]:
    """
    Skip packets that are whole and certainly definitions, at most C{most}.

    @return: as for L{passRows}, and the number of definitions.
    """
    count = 0
    last = end - 5
    while at <= last and count < most:
        length: int = unpackHeader(data, at)[0] - number
        stop = at + 4 + length
        if not 0 < length < FULL or data[at + 4] > DEFINING or stop > end:
            break
        number = (number + NEXT) & NUMBERS
        at = stop
        count += 1
    return at, number, count
