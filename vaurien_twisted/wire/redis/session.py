# -*- test-case-name: tests.wire.redis.test_protocol,tests.wire.redis.test_state -*-
"""
The state that the two directions of a Redis connection share.

The client determines how the server replies: in which version of the protocol, with how many
confirmations, or not at all.  The effect of a command on that is assumed when the command goes
to the backend, so that a command that does not go there has no effect.  It is known when the
server's reply confirms it.
"""

from __future__ import annotations

from vaurien_twisted.model.exchange import Exchange, PassedBatch
from vaurien_twisted.wire.framer import Session
from vaurien_twisted.wire.redis.state import (
    ERROR,
    NOTED,
    OFF,
    ON,
    SKIP,
    SUBSCRIPTIONS,
    UNQUEUED,
    Note,
    Silent,
    State,
    noteOf,
)

__all__ = ["BROKEN", "NOTED", "SUBSCRIPTIONS", "Note", "RedisSession"]

#: The reason why a connection becomes opaque when the reply to C{EXEC} is not valid RESP.
BROKEN = "CLIENT REPLY in a transaction"

#: The most exchanges without a reply that are kept one by one, in case the server replies.
SILENT_LIMIT = 1024


class RedisSession(Session):
    """
    The state of one connection.

    @ivar awaiting: the exchanges, or L{PassedBatch}es of them, that await replies, in order; among
        them those that have a reply only if the server refuses something: silent exchanges, and
        L{Silent}.
    @ivar plain: whether the order of replies is enough to read them.
    @ivar sent: how the server will reply to the next request, if it refuses none before.
    @ivar known: how the server gives the next reply.
    """

    def __init__(self) -> None:
        super().__init__()
        self.plain = True
        self.sent = State()
        self.known = State()
        # A command was refused, so the state assumed for later commands is wrong.
        self._stale = False
        # The numbers of awaited entries whose replies matter, and that have no reply.
        self._matters = self._silent = 0
        self._channels = self._patterns = self._shards = 0

    @property
    def nextIsAnswered(self) -> bool:
        """
        Whether the next request gets a reply, whatever it is.
        """
        sent = self.sent
        return not (sent.quiet or sent.over or self._stale)

    @property
    def uncertain(self) -> bool:
        """
        Whether a command that was to be silent, or to silence others, may still be refused.
        """
        return self._silent > 0

    @property
    def multi(self) -> bool:
        """
        Whether a transaction is open when the next request is carried out, as far as its
        C{MULTI} has not been refused.
        """
        if self._stale:
            self._assume()
        return self.sent.multi

    def exchange(
        self, number: int, command: str, args: list[bytes], subject: str, count: int
    ) -> Exchange:
        """
        The exchange that a command begins.

        @param number: its number.
        @param args: the first arguments of the command, as many as were needed.
        @param count: the number of its arguments.
        """
        if self._stale:
            self._assume()
        sent = self.sent
        note = sent.note(command, args, count) if command in NOTED else None
        if note is None:
            nextIsAnswered = sent.quiet == ON and not sent.over
            return Exchange(number, command, subject, b"", sent.version, nextIsAnswered)
        replies = sent.replies(note)
        if note.kind == "CLIENT" and self.subscribed:
            # The server refuses it in a transaction.
            replies = sent.quiet == ON
        return Exchange(number, command, subject, b"", note, replies)

    def expect(self, exchange: Exchange) -> None:
        note = noteOf(exchange)
        if note is None:
            self.sent.useSkip()
        else:
            self.sent.enter(note)
        awaiting = self.awaiting
        if exchange.replies:
            if note is not None or exchange.cut is not None:
                self._matters += (note is not None) + (exchange.cut is not None)
                self.plain = False
            awaiting.append(exchange)
        elif note is not None and self._silent < SILENT_LIMIT:
            self._silent += 1
            self._matters += 1
            self.plain = False
            awaiting.append(exchange)
        elif self._silent or self.known.quiet != OFF:
            self._noteUncertain(1, note is not None)

    def skipped(self) -> None:
        """
        An empty command, which uses up a C{CLIENT REPLY SKIP}.
        """
        if self.sent.quiet == SKIP:
            self.sent.useSkip()
            self._noteUncertain(0)

    def _noteUncertain(self, count: int, changes: bool = False) -> None:
        """
        Note C{count} requests that get a reply only if the server refuses to be silent.

        @param changes: whether they also change how the server replies.
        """
        last = self.awaiting[-1] if self.awaiting else None
        if isinstance(last, Silent):
            last.count += count
        else:
            self._matters += 1
            self.plain = False
            last = Silent(count)
            self.awaiting.append(last)
        if changes:
            last.after = self.sent.copy()

    def _assume(self) -> None:
        """
        Compute the assumed state again, from the known state and the commands after it.
        """
        self._stale = False
        sent = self.known.copy()
        for each in self.awaiting:
            note = None if isinstance(each, (PassedBatch, Silent)) else noteOf(each)
            if note is None:
                sent.useSkip()
            else:
                sent.enter(note)
        self.sent = sent
        self._settle()

    # The backend's side

    def skipUnanswered(self, first: int, line: bytes, word: bytes) -> tuple[bool, Exchange | None]:
        """
        Whether the next reply shows that the first awaited request has no reply, or that its
        reply was withheld.  The request is then removed.

        @param first: the reply's first byte, its type.
        @param line: its line, if it is an error or a status.
        @param word: its first word, if it is a confirmation.
        @return: also the exchange that ends without the reply that was expected.
        """
        awaiting, known = self.awaiting, self.known
        if not awaiting:
            # There is a reply, so that C{CLIENT REPLY OFF} is not in force.
            if known.quiet == OFF and not word:
                known.quiet, self._stale = ON, True
            return False, None
        head = awaiting[0]
        if isinstance(head, PassedBatch):
            return False, None
        if isinstance(head, Silent):
            if head.count and known.quiet == ON and not known.over:
                return False, None
            awaiting.popleft()
            if head.after is not None:
                self.known = head.after
            else:
                known.useSkip()
            self._matters -= 1
            self._settle()
            return True, None
        note = noteOf(head)
        if note is None:
            if known.quiet == ON and not known.over:
                return False, None
            known.useSkip()
        else:
            if not known.silent(note, first, line, word):
                return False, None
            if note.kind == "EXEC" and known.broken:
                self.opaque = BROKEN
            if not (note.kind == "RESET" and known.quiet) and not (
                note.kind == "CLIENT" and note.number == ON
            ):
                known.enter(note)
            else:
                # A refusal would have been sent.
                known.useSkip()
                self._stale = True
        return True, self.take()

    def take(self) -> Exchange | None:
        """
        Remove the first awaited request.

        @return: its exchange, if a reply was expected.
        """
        head = self.awaiting[0]
        if isinstance(head, Silent):
            head.count -= 1
            if head.count <= 0:
                self.awaiting.popleft()
                self._matters -= 1
                self._settle()
            return None
        exchange: Exchange = self.awaiting.popleft()
        if noteOf(exchange) is not None:
            self._matters -= 1
            if not exchange.replies:
                self._silent -= 1
        if exchange.cut is not None:
            self._matters -= 1
        self._settle()
        return exchange if exchange.replies else None

    def answered(self, note: Note, first: int, line: bytes) -> None:
        """
        The reply to an exchange with a note has ended.

        @param first: the reply's first byte, its type.
        @param line: its line, if it is an error or a status or answers C{EXEC}.
        """
        known, kind = self.known, note.kind
        if first == ERROR:
            known.useSkip()
            if kind == "EXEC":
                # Whatever it is refused for, the transaction is over.
                known.discard()
            self._stale = True
            return
        queued = line == b"+QUEUED"
        if kind not in UNQUEUED and queued is not known.multi:
            known.discard()
            known.multi = queued
            self._stale = True
        if kind == "MULTI" and not known.multi:
            known.discard()
        elif kind == "EXEC":
            if line in (b"*-1", b"_"):
                # The transaction was discarded.
                known.discard()
            elif known.subscribes:
                # Confirmed inside of the array: the number is not known.
                self._channels = max(self._channels, 1)
        elif kind == "RESET":
            self._channels = self._patterns = self._shards = 0
        elif kind in SUBSCRIPTIONS and queued and note.number <= 0:
            note.number = self._count(kind)
        known.enter(note)

    def _count(self, kind: str) -> int:
        """
        The number of subscriptions of the kind that a command ends.
        """
        if kind.startswith("P"):
            return self._patterns
        return self._shards if kind == "SUNSUBSCRIBE" else self._channels

    def confirm(self, word: bytes, total: int) -> int:
        """
        The backend confirms that a subscription was added or removed.

        @param word: the first word of the confirmation.
        @param total: the number of subscriptions in the confirmation.
        @return: the number of remaining subscriptions of the confirmed kind.
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
        return self.known.version == 2 and self._channels + self._patterns + self._shards > 0

    @property
    def nextIsPlain(self) -> bool:
        """
        Whether the next reply answers the first awaited command, if that is a plain one.
        """
        known = self.known
        return not (known.quiet or known.over or self.monitoring or self.subscribed)

    @property
    def monitoring(self) -> bool:
        """
        Whether the backend may send the reports of C{MONITOR}.
        """
        return self.known.monitoring or self.sent.monitoring

    def _settle(self) -> None:
        self.plain = not (
            self._matters
            or self._stale
            or self.known.quiet
            or self.known.over
            or self.monitoring
            or self.subscribed
        )
