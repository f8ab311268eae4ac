# -*- test-case-name: tests.wire.test_redis -*-
"""
What the two directions of a Redis connection know of each other.

The client decides some of how the server replies: in which version of the protocol,
with how many confirmations, or not at all.  What a command does to that is noted when
the command is expected, so that one which never reaches the backend does nothing.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from vaurien_twisted.exchange import Exchange

#: Commands that are confirmed channel by channel.
SUBSCRIPTIONS = frozenset(
    ("SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "SSUBSCRIBE", "SUNSUBSCRIBE")
)

#: Commands that change how replies are to be read.
NOTED = SUBSCRIPTIONS | frozenset(
    ("CLIENT", "DISCARD", "EXEC", "HELLO", "MONITOR", "MULTI", "PSYNC", "RESET", "SYNC")
)

#: Whether commands get a reply: yes; no; not the next one (C{CLIENT REPLY}).
LOUD, MUTE, SKIP = 0, 1, 2

#: The modes of C{CLIENT REPLY} as clients write them.
MODES = {b"ON": LOUD, b"OFF": MUTE, b"SKIP": SKIP}


class Note:
    """
    The context of an exchange that changes how replies are read.  All other
    exchanges have the version, 2 or 3, as their context.

    @ivar version: the version of RESP that the reply will be in.
    @ivar kind: the command.
    @ivar number: of confirmations to come, 0 where the server decides; the version
        that C{HELLO} asks for; the mode that C{CLIENT REPLY} sets; for C{EXEC} how many
        replies it gives beyond those it counts; for C{MULTI} 1 within a transaction.
    @ivar matters: the reply itself is read differently, or changes how others are.
    """

    __slots__ = ("kind", "matters", "number", "version")

    def __init__(self, version: int, kind: str, number: int = 0, matters: bool = True) -> None:
        self.version = version
        self.kind = kind
        self.number = number
        self.matters = matters


class Session:
    """
    The state of one connection.

    @ivar awaiting: the exchanges, or L{runs<vaurien_twisted.exchange.Run>} of them, whose
        replies are still to come, in order.
    @ivar plain: replies can be read without knowing more than their order.
    @ivar opaque: why nothing more can be read, C{""} while it can.
    @ivar spoken: the version of RESP in which the next request will be answered.
    @ivar version: the version of RESP in which the backend replies now.
    @ivar quiet: L{LOUD}, L{MUTE} or L{SKIP}.
    @ivar monitoring: the backend reports what others do.
    @ivar multi: a transaction is open when the next request is carried out, as far as its
        C{MULTI} has not been refused.
    """

    def __init__(self) -> None:
        self.awaiting: deque[Any] = deque()
        self.plain = True
        self.opaque = ""
        self.spoken = self.version = 2
        self.quiet = LOUD
        self.monitoring = False
        self.multi = False
        # How many confirmations the queue of a transaction holds beyond one for each command.
        self._extra = 0
        self._matters = 0
        self._channels = self._patterns = self._shards = 0

    def exchange(
        self, place: int, command: str, words: list[bytes], subject: str, count: int
    ) -> Exchange:
        """
        The exchange that a command begins.

        @param place: its number.
        @param words: as many of the command's words as were needed.
        @param count: how many words it has.
        """
        quiet = self.quiet
        if command not in NOTED:
            return Exchange(place, command, subject, b"", self.spoken, quiet == LOUD)
        note = self._note(command, words, count)
        if note is None:
            return Exchange(place, command, subject, b"", self.spoken, quiet == LOUD)
        replies = quiet == LOUD
        if command == "CLIENT":
            replies = note.number == LOUD
        elif command == "RESET":
            replies = quiet != SKIP
        elif command in SUBSCRIPTIONS and not self.multi:
            # Confirmations are not replies to the server: it never withholds them.
            replies = True
        return Exchange(place, command, subject, b"", note, replies)

    def _note(self, command: str, words: list[bytes], count: int) -> Note | None:
        version = self.spoken
        if command in SUBSCRIPTIONS:
            return Note(version, command, count - 1)
        if command == "CLIENT":
            mode = MODES.get(words[2].upper()) if len(words) > 2 and count == 3 else None
            if mode is None or self.multi or words[1].upper() != b"REPLY":
                return None
            return Note(version, command, mode, False)
        if command == "EXEC":
            return Note(version, command, self._extra, self._extra > 0)
        if command in ("MULTI", "DISCARD"):
            return Note(version, command, int(self.multi), False)
        if command == "HELLO":
            asked = words[1] if len(words) > 1 else b""
            if self.multi or asked not in (b"2", b"3"):
                return None
            return Note(int(asked), command, int(asked))
        if command == "MONITOR" and self.multi:
            return None
        return Note(version, command)

    def expect(self, exchange: Exchange) -> None:
        """
        The backend will act on this request.
        """
        note = exchange.context
        if note.__class__ is not int:
            self._enter(note)
            if exchange.replies and note.matters:
                self._matters += 1
                self.plain = False
        elif self.quiet == SKIP:
            self.quiet = LOUD
        if exchange.replies:
            if exchange.cut is not None:
                self._matters += 1
                self.plain = False
            self.awaiting.append(exchange)

    def skipped(self) -> None:
        """
        An empty command, which uses up a C{CLIENT REPLY SKIP}.
        """
        if self.quiet == SKIP:
            self.quiet = LOUD

    def _enter(self, note: Note) -> None:
        kind = note.kind
        if self.quiet == SKIP:
            self.quiet = LOUD
        if kind == "CLIENT":
            if note.number != SKIP or self.quiet != MUTE:
                self.quiet = note.number
        elif kind == "MULTI":
            self.multi = True
        elif kind in ("EXEC", "DISCARD"):
            self.multi, self._extra = False, 0
        elif kind == "RESET":
            self.multi, self._extra = False, 0
            self.spoken, self.quiet = 2, LOUD
        elif kind == "HELLO":
            self.spoken = note.number
        elif kind in SUBSCRIPTIONS and self.multi and note.number > 1:
            self._extra += note.number - 1

    def leave(self, note: Note, first: int) -> None:
        """
        The reply to an exchange with a note has ended.

        @param first: the reply's first byte, its type.
        """
        if not note.matters:
            return
        failed, status = first == 45, first == 43
        kind = note.kind
        if kind == "HELLO":
            if failed or status:
                self.spoken = self.version
            else:
                self.version = note.number
        elif kind == "RESET" and status:
            self.version = 2
            self.monitoring = False
            self._channels = self._patterns = self._shards = 0
        elif kind == "MONITOR" and status:
            self.monitoring = True
        elif kind == "EXEC" and not failed:
            # Confirmed inside of the array, by how much is not known.
            self._channels = max(self._channels, 1)
        self._matters -= 1
        self._settle()

    def passed(self) -> None:
        """
        A reply that was to be cut has ended before.
        """
        self._matters -= 1
        self._settle()

    def confirm(self, word: bytes, total: int) -> int:
        """
        The backend confirms that a subscription was added or removed.

        @param word: the first word of the confirmation.
        @param total: how many subscriptions it says there are now.
        @return: how many are left of the kind that was confirmed.
        """
        if word.startswith(b"s") and word != b"subscribe":
            left = self._shards = total
        elif word.startswith(b"p"):
            left = self._patterns = max(total - self._channels, 0)
        else:
            left = self._channels = max(total - self._patterns, 0)
        self._settle()
        return left

    @property
    def subscribed(self) -> bool:
        """
        Whether the backend may send messages in the form of arrays (RESP2).
        """
        return self.version == 2 and self._channels + self._patterns + self._shards > 0

    def _settle(self) -> None:
        self.plain = not self._matters and not self.monitoring and not self.subscribed
