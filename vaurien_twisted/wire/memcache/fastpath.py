# -*- test-case-name: tests.wire.memcache.test_fastpath,tests.relays.test_fastpath_forms -*-
"""
The fast path of memcached.

Only commands with exactly one answer pass: whole commands that read and store, in the usual form,
without C{noreply} and not quiet.
"""

from __future__ import annotations

import re

from zope.interface import implementer

from vaurien_twisted.interfaces import ISelectiveFastPath
from vaurien_twisted.model.batch_decision import BatchDecider
from vaurien_twisted.model.exchange import PassedBatch
from vaurien_twisted.wire.division import MOST
from vaurien_twisted.wire.fastpath import FormedBatch, FormedFastPath
from vaurien_twisted.wire.memcache.commands import LINE, MENTIONED, VALUES, Meta, understand
from vaurien_twisted.wire.memcache.replies import Replies
from vaurien_twisted.wire.memcache.requests import LONG, Requests, subjectOf
from vaurien_twisted.wire.memcache.session import MemcacheSession

#: The forms of answers, and the context of an exchange of each form.
ONE, SEVERAL, META = range(3)
CONTEXTS = (LINE, VALUES, Meta(MENTIONED["mg"], False, (), 0))

# The slow path reads longer lines.
_KEYS = rb" [^\0\r\n]{0,32000}"

#: Lines that only get values.
_gets = re.compile(rb"(?>(?:gets?" + _KEYS + rb"\r\n)+)").fullmatch

# Clients and servers take any byte in a key that divides no tokens.
_KEY = rb" [^\0-\r ]{1,250}"
_NUMBER = rb" [0-9]{1,20}"
_SIZE = rb" ([0-9]{1,10})"
_FLAGS = rb"(?>(?: (?!q)[!-~]+)*)"

#: A command: its name, and the length of its data.  The matching alternative determines the form.
_command = re.compile(
    rb"(?:(gets?|gats?)" + _KEYS + rb"|"
    rb"(delete|incr|decr|touch)" + _KEY + rb"(?:" + _NUMBER + rb")?"
    rb"|(m[gad])" + _KEY + _FLAGS + rb"|(ms)" + _KEY + _SIZE + _FLAGS + rb"|"
    rb"(set|add|replace|append|prepend)" + _KEY + _NUMBER + rb" -?[0-9]{1,20}" + _SIZE + rb"|"
    rb"(cas)" + _KEY + _NUMBER + rb" -?[0-9]{1,20}" + _SIZE + _NUMBER + rb")\r\n"
).match

#: By the last group that matched: the form, and whether that group is a length.
_KINDS = {
    1: (SEVERAL, False),
    2: (ONE, False),
    3: (META, False),
    5: (META, True),
    7: (ONE, True),
    9: (ONE, True),
}

_value = re.compile(rb"VALUE" + _KEY + rb" [0-9]{1,10}" + _SIZE + rb"(?: [0-9]{1,20})?\r\n").match
_metaValue = re.compile(rb"VA" + _SIZE + rb"(?: [!-~]+)*\r\n").match

#: A reply of one line.  C{MN} is that of the barrier, others have values after them, and errors are
#: counted one by one.
_line = re.compile(rb"(?!MN[ \r]|VALUE |VA |(?:CLIENT_|SERVER_)?ERROR)[!-~][ -~]{0,2000}\r\n").match


@implementer(ISelectiveFastPath)
class MemcacheFastPath(FormedFastPath):
    """
    Counts commands and answers.
    """

    __slots__ = ("_getting", "_replies", "_requests", "_session", "_watched")

    def __init__(self, session: MemcacheSession, requests: Requests, replies: Replies) -> None:
        super().__init__(session)
        self._session = session
        self._requests = requests
        self._replies = replies
        self._watched: frozenset[bytes] | None = frozenset()
        self._getting = True

    def _watch(self, commands: frozenset[str] | None, batchDecider: BatchDecider | None) -> None:
        self._batchDecider = batchDecider
        self._watched = None
        if commands is not None:
            self._watched = frozenset(command.encode() for command in commands)
        self._getting = self._watched is not None and self._watched.isdisjoint((b"get", b"gets"))

    def requests(self, data: bytes, batch: PassedBatch | None) -> PassedBatch | None:
        session, requests = self._session, self._requests
        if not requests.passable:
            return None
        gets = self._getting and _gets(data)
        forms = bytes((SEVERAL,)) * data.count(b"\n") if gets else self._forms(data)
        count = len(forms)
        if not 0 < count <= MOST:
            return None
        guessed = session.guessed and bool(session.awaiting)
        batch = self._extend(batch, requests, forms, CONTEXTS.__getitem__)
        if batch is not None:
            session.guessed = guessed
        return batch

    def _forms(self, data: bytes) -> bytes:
        """
        The forms in which whole commands are answered; nothing if they cannot be passed over.
        """
        watched = self._watched
        self._decidedTogether.clear()
        forms = bytearray()
        pos, size = 0, len(data)
        while pos < size:
            found = _command(data, pos)
            if found is None:
                return b""
            index = found.lastindex or 0
            form, holds = _KINDS[index]
            start, pos = pos, found.end()
            line = data[start : pos - 2]
            if holds:
                pos += int(found[index]) + 2
                index -= 1
            if (watched is None or found[index] in watched) and self._decided(line):
                return b""
            forms.append(form)
        return bytes(forms) if pos == size else b""

    def _decided(self, line: bytes) -> bool:
        """
        Whether the exchange of a line needs a decision of its own.
        """
        if self._batchDecider is None or len(line) >= LONG:
            return True
        asked = understand(line.split(b" "))
        head = line if asked.form == VALUES else b""
        return self._stops(asked.command, subjectOf(asked), head)

    def replies(self, data: bytes) -> int:
        awaiting = self._awaiting
        if not awaiting:
            return 0
        batch = awaiting[0]
        if not isinstance(batch, FormedBatch) or not self._replies.idle:
            return 0
        forms, left = batch.forms, batch.left
        pos, size, count = 0, len(data), 0
        while pos < size:
            if count == left:
                return 0
            form = forms[count]
            if form == SEVERAL:
                found = _value(data, pos)
                while found is not None:
                    pos = found.end() + int(found[1]) + 2
                    found = _value(data, pos)
                if data.startswith(b"END\r\n", pos):
                    pos += 5
                    count += 1
                    continue
            elif form == META:
                found = _metaValue(data, pos)
                if found is not None:
                    pos = found.end() + int(found[1]) + 2
                    count += 1
                    continue
            found = _line(data, pos)
            if found is None:
                return 0
            pos = found.end()
            count += 1
        if pos != size:
            return 0
        return self._pass(batch, count)
