# -*- test-case-name: tests.relays.test_fastpath_forms -*-
"""
The fast path of MySQL.

Only commands without lasting effects pass, each whole in one packet, and only replies of one
result.  The slow path reads all others: requests for files, further results, the rows of a
cursor and everything unusual.
"""

from __future__ import annotations

from functools import lru_cache

from zope.interface import implementer

from vaurien_twisted.interfaces import ISelectiveFastPath
from vaurien_twisted.model.batch_decision import BatchDecider
from vaurien_twisted.model.exchange import PassedBatch
from vaurien_twisted.wire.division import MOST
from vaurien_twisted.wire.fastpath import FormedBatch, FormedFastPath
from vaurien_twisted.wire.mysql.commands import (
    COMMANDS,
    CURSORS,
    EXECUTE,
    HEADS,
    QUERY,
    Asks,
    Request,
    Shape,
)
from vaurien_twisted.wire.mysql.packets import (
    CLIENT_DEPRECATE_EOF,
    EOF,
    ERR,
    FULL,
    METADATA_FLAG,
    MORE_RESULTS,
    OK,
    Malformed,
    unpackHeader,
    unpackShort,
)
from vaurien_twisted.wire.mysql.replies import Replies
from vaurien_twisted.wire.mysql.requests import Requests
from vaurien_twisted.wire.mysql.results import NEXT, NUMBERS, passDefinitions, passRows, statusOf
from vaurien_twisted.wire.mysql.session import MySQLSession

INIT_DB, PING, STMT_RESET = 0x02, 0x0E, 0x1A

#: The commands that pass; an execution only if no types of parameters must be added and it
#: requests no cursor.
PASSED = frozenset((QUERY, EXECUTE, INIT_DB, PING, STMT_RESET))

#: The commands that are answered by one packet.
SINGLES = frozenset(code for code in PASSED if COMMANDS[code].shape is Shape.SINGLE)

#: The arguments that may be longer than the part that rules match.
LONG_HEADS = (Asks.SQL, Asks.NAME)

#: An execution up to its flags, in bytes.
FLAGGED = HEADS[Asks.EXECUTION]

#: The longest definitions of columns that are remembered, in bytes.
REMEMBERED = 2048

#: Replies of at least this length, in bytes, are read only if they end like a result.
LONG = 4096


@implementer(ISelectiveFastPath)
class MySQLFastPath(FormedFastPath):
    """
    Counts commands and replies.

    @ivar _definitions: the beginning of the result before: its number of columns, their
        definitions and the end of these.  Applications ask the same things again and again.
    @ivar _number: the number of the packet after it, in the upper byte.
    """

    __slots__ = (
        "_definitions",
        "_looked",
        "_number",
        "_passed",
        "_replies",
        "_requests",
        "_session",
    )

    def __init__(self, session: MySQLSession, requests: Requests, replies: Replies) -> None:
        super().__init__(session)
        self._session = session
        self._requests = requests
        self._replies = replies
        self._definitions = b""
        self._number = 0
        self._passed = PASSED
        self._looked: frozenset[int] = frozenset()

    def _watch(self, commands: frozenset[str] | None, batchDecider: BatchDecider | None) -> None:
        self._batchDecider = batchDecider
        others = frozenset() if commands is None else _passedBut(commands)
        self._passed = others if batchDecider is None else PASSED
        self._looked = self._passed - others

    def requests(self, data: bytes, batch: PassedBatch | None) -> PassedBatch | None:
        session, requests = self._session, self._requests
        if not requests.passable:
            return None
        passed, looked = self._passed, self._looked
        self._decidedTogether.clear()
        at, end = 0, len(data)
        forms = b""
        while at + 5 <= end:
            # The number is 0 where a command begins.
            length: int = unpackHeader(data, at)[0]
            code = data[at + 4]
            if not 0 < length < FULL or code not in passed:
                return None
            if code == EXECUTE and (
                session.statements.unsent
                or length < FLAGGED
                or at + 9 >= end
                or data[at + 9] & CURSORS
            ):
                return None
            if code in looked and self._decided(COMMANDS[code], data, at + 4, length):
                return None
            at += 4 + length
            forms += data[at - length : at - length + 1]
        count = len(forms)
        if at != end or not 0 < count <= MOST:
            return None
        return self._extend(batch, requests, forms, COMMANDS.__getitem__)

    def _decided(self, request: Request, data: bytes, at: int, length: int) -> bool:
        """
        Whether a command whose payload begins at C{at} needs a decision of its own.
        """
        if len(data) < at + length or (request.asks in LONG_HEADS and length >= request.head):
            return True
        try:
            subject = self._requests.subject(request, data, at, at + length)
        except Malformed:
            return True
        return self._stops(request.name, subject)

    def replies(self, data: bytes) -> int:
        awaiting = self._awaiting
        if not awaiting:
            return 0
        batch = awaiting[0]
        if not isinstance(batch, FormedBatch) or not self._replies.idle:
            return 0
        at = count = 0
        end = len(data)
        if end > LONG and EOF not in (data[-5], data[-7]):
            return 0
        while at < end:
            if count == batch.left:
                return 0
            try:
                at = self._reply(data, at, end, batch.forms[count] in SINGLES)
            except Malformed:
                return 0
            if not at:
                return 0
            count += 1
        return self._pass(batch, count)

    def _reply(self, data: bytes, at: int, end: int, single: bool) -> int:
        """
        The end of the reply at C{at}, 0 if it is incomplete or not plain.

        @param single: it is one packet, whatever its content.
        @raise Malformed: it is not a reply.
        """
        definitions = self._definitions
        if definitions and not single and data.startswith(definitions, at):
            at, number = passRows(data, at + len(definitions), end, self._number)
            return self._ended(data, at, end, number)
        if at + 5 > end:
            return 0
        header: int = unpackHeader(data, at)[0]
        length = header & FULL
        first = data[at + 4]
        stop = at + 4 + length
        if stop > end or not 0 < length < FULL:
            return 0
        if first == ERR:
            # The slow path counts each error.
            return 0
        if single:
            return stop
        if first == OK:
            return self._stop(statusOf(data, at + 4, length), stop)
        if not 0 < first < 0xFB:
            return 0
        if length == 2 and self._session.capabilities & METADATA_FLAG:
            # Servers leave the definitions out for clients that know them.
            first = first if data[at + 5] else 0
        elif length != 1:
            return 0
        begun = at
        number = (header + NEXT) & NUMBERS
        at, number, count = passDefinitions(data, stop, end, number, first)
        if count < first:
            return 0
        if not self._session.capabilities & CLIENT_DEPRECATE_EOF:
            if at + 9 > end or unpackHeader(data, at)[0] != number | 5 or data[at + 4] != EOF:
                return 0
            at += 9
            number = (number + NEXT) & NUMBERS
        if at - begun <= REMEMBERED:
            self._definitions = data[begun:at]
            self._number = number
        at, number = passRows(data, at, end, number)
        return self._ended(data, at, end, number)

    def _ended(self, data: bytes, at: int, end: int, number: int) -> int:
        """
        The end of the reply, from the packet after its rows; 0 as for L{_reply}.

        @param number: the number of that packet, in the upper byte.
        """
        if at + 5 > end:
            return 0
        length: int = unpackHeader(data, at)[0] - number
        first = data[at + 4]
        stop = at + 4 + length
        if not 0 < length < FULL or stop > end or first != EOF:
            return 0
        if length >= 9 and not self._session.capabilities & CLIENT_DEPRECATE_EOF:
            return 0
        # An EOF packet, or the OK packet that has replaced it.
        status = unpackShort(data, at + 7)[0] if length == 5 else statusOf(data, at + 4, length)
        return self._stop(status, stop)

    def _stop(self, status: int, stop: int) -> int:
        """
        Where the reply ends whose last packet has C{status}, 0 if it is not the last.
        """
        if status & MORE_RESULTS:
            return 0
        self._session.status = status
        return stop


@lru_cache(maxsize=16)
def _passedBut(commands: frozenset[str]) -> frozenset[int]:
    return frozenset(code for code in PASSED if COMMANDS[code].name.lower() not in commands)
