# -*- test-case-name: tests.relays.test_fastpath_forms -*-
"""
The fast path of PostgreSQL.

Only whole queries and whole groups up to their Sync pass, and only without COPY: the copied data
are an exchange of their own, whose subject is the statement.  The names of statements and portals
that a group defines are remembered.
"""

from __future__ import annotations

import struct

from zope.interface import implementer

from vaurien_twisted.interfaces import ISelectiveFastPath
from vaurien_twisted.model.batch_decision import BatchDecider
from vaurien_twisted.model.exchange import SUBJECT_LIMIT, PassedBatch
from vaurien_twisted.wire.division import MOST
from vaurien_twisted.wire.fastpath import FormedBatch, FormedFastPath
from vaurien_twisted.wire.postgresql.extended_query import Group
from vaurien_twisted.wire.postgresql.messages import (
    BIND,
    CLIENT_TYPES,
    CLOSE,
    DESCRIBE,
    EXECUTE,
    HEADER,
    PARSE,
    QUERY,
    SYNC,
    Malformed,
    length,
    sql,
)
from vaurien_twisted.wire.postgresql.replies import KINDS, OF_SESSION, READY, Replies
from vaurien_twisted.wire.postgresql.requests import Requests
from vaurien_twisted.wire.postgresql.session import Context, Form, PostgreSQLSession

#: The longest query or group that passes, in bytes.
LONGEST = 16384

#: The most statements that are remembered as not being a COPY; then all are checked again.
CLEARED = 256

#: The names of the messages in groups that pass, in lower case.
NAMES = frozenset(CLIENT_TYPES[code].lower() for code in b"BCDEPS")

#: The forms of exchanges.
SIMPLE, SYNCED = range(2)
FORMS = (Form.SIMPLE, Form.SYNCED)

#: The type and the length of a ReadyForQuery.
READY_HEADER = b"Z\0\0\0\5"

#: The types of the messages in replies that pass.
PASSING = frozenset(code for code, kind in enumerate(KINDS) if kind == 1) | OF_SESSION


@implementer(ISelectiveFastPath)
class PostgreSQLFastPath(FormedFastPath):
    """
    Counts queries and replies.

    @ivar _cleared: the texts of prepared statements, by name, that are known not to be a COPY.
    """

    __slots__ = (
        "_cleared",
        "_groups",
        "_queries",
        "_replies",
        "_requests",
        "_session",
        "_watched",
    )

    def __init__(self, session: PostgreSQLSession, requests: Requests, replies: Replies) -> None:
        super().__init__(session)
        self._session = session
        self._requests = requests
        self._replies = replies
        self._cleared: dict[bytes, str] = {}
        self._watched: frozenset[str] | None = frozenset()
        self._queries = self._groups = True

    def _watch(self, commands: frozenset[str] | None, batchDecider: BatchDecider | None) -> None:
        self._batchDecider = batchDecider
        self._watched = commands
        self._queries = commands is not None and "query" not in commands
        self._groups = commands is not None and commands.isdisjoint(NAMES)

    def requests(self, data: bytes, batch: PassedBatch | None) -> PassedBatch | None:
        requests = self._requests
        end = len(data)
        if end > LONGEST or not requests.passable:
            return None
        if b"copy" in data.lower():
            # Perhaps only in a value.
            return None
        self._decidedTogether.clear()
        forms = b""
        at = 0
        prepared: dict[bytes, str] = {}
        bound: str | None = None
        try:
            while at < end:
                if data[at] == QUERY:
                    size: int = length(data, at + 1)[0]
                    stop = at + 1 + size
                    if size < 4 or not (self._queries or self._passesQuery(data, at, stop)):
                        return None
                    at = stop
                    forms += b"\0"
                    continue
                start = at
                at, text = self._group(data, start, end, prepared)
                if not at or not (
                    self._groups or self._passesGroup(data, start, at, b"\1" in forms)
                ):
                    return None
                bound = bound if text is None else text
                forms += b"\1"
        except (IndexError, struct.error, Malformed):
            # It is incomplete.
            return None
        if at != end or not 0 < len(forms) <= MOST:
            return None
        batch = self._extend(batch, requests, forms, self._context)
        if batch is None:
            return None
        for name, statement in prepared.items():
            requests.statements.put(name, statement)
        if bound is not None:
            requests.portals.put(b"", bound)
        return batch

    def _passesQuery(self, data: bytes, at: int, stop: int) -> bool:
        """
        Whether a query may pass although some rules match queries.
        """
        if self._batchDecider is None or stop > len(data):
            return False
        text = sql(data, at + HEADER, stop)
        context = Context(Form.SIMPLE, self._session.status, (text,))
        return not self._stops(CLIENT_TYPES[QUERY], text, context=context)

    def _passesGroup(self, data: bytes, at: int, stop: int, behind: bool) -> bool:
        """
        Whether a group may pass although some rules match groups.

        @param behind: whether there is another group before it, whose names are not known yet.
        """
        watched = self._watched
        group = Group(self._requests.statements, self._requests.portals)
        if not group.read(data, at) or not group.synced or at + group.at != stop:
            return False
        command = group.command
        if watched is not None and command.lower() not in watched:
            return True
        if self._batchDecider is None or behind:
            return False
        context = Context(Form.SYNCED, self._session.status, group.texts)
        return not self._stops(command, group.subject, context=context)

    def _group(
        self, data: bytes, at: int, end: int, prepared: dict[bytes, str]
    ) -> tuple[int, str | None]:
        """
        The end of the group at C{at}, 0 if it cannot pass, and the statement that it binds to
        the unnamed portal.

        @param prepared: the statements that were prepared before it; its own are added.
        """
        text: str | None = None
        while at < end:
            code = data[at]
            size: int = length(data, at + 1)[0]
            stop = at + 1 + size
            if size < 4 or stop > end:
                return 0, None
            at += HEADER
            if code == BIND:
                # The portal's name, which is empty, and that of the statement.
                last = data.find(b"\0", at + 1, stop)
                if last < 0 or data[at]:
                    return 0, None
                name = data[at + 1 : last]
                text = prepared.get(name)
                if text is None:
                    text = self._statement(name)
                    if not text:
                        return 0, None
            elif code == EXECUTE:
                # The same portal, which must have been bound here.
                if text is None or size < 9 or data[at]:
                    return 0, None
            elif code == PARSE:
                last = data.find(b"\0", at, stop)
                name = data[at:last]
                if last < 0 or name in prepared:
                    return 0, None
                prepared[name] = sql(data, last + 1, stop)
            elif code == SYNC:
                return stop, text
            elif code not in (DESCRIBE, CLOSE):
                return 0, None
            at = stop
        return 0, None

    def _statement(self, name: bytes) -> str:
        """
        The text that was prepared as C{name}, C{""} if it may be a COPY.
        """
        text = self._requests.statements.get(name)
        if self._cleared.get(name) is not text:
            if len(text) >= SUBJECT_LIMIT or "copy" in text.lower():
                return ""
            if len(self._cleared) >= CLEARED:
                self._cleared.clear()
            self._cleared[name] = text
        return text

    def replies(self, data: bytes) -> int:
        session = self._session
        awaiting = self._awaiting
        if not awaiting or data[-6:-1] != READY_HEADER:
            return 0
        batch = awaiting[0]
        if not isinstance(batch, FormedBatch) or not self._replies.idle:
            return 0
        passing = PASSING
        at = count = 0
        end = len(data)
        try:
            while at < end:
                code = data[at]
                size: int = length(data, at + 1)[0]
                at += 1 + size
                if code in passing and size > 3:
                    continue
                if code != READY or size != 5 or data[at - 1] not in b"ITE":
                    return 0
                count += 1
        except (IndexError, struct.error):
            return 0
        if at != end or count > batch.left:
            return 0
        session.status = chr(data[-1])
        session.copying = None
        return self._pass(batch, count)

    def _context(self, form: int) -> Context:
        return Context(FORMS[form], self._session.status)
