# -*- test-case-name: tests.relays.test_streams_edited -*-
"""
A reply on an HTTP/2 stream that passes through an editor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from vaurien_twisted.interfaces.editors import IEditor
from vaurien_twisted.model.commands import ConnectionFate, EditedBytes
from vaurien_twisted.model.decision import Step
from vaurien_twisted.relays.editing import NO_MEMORY, putPart, recordOutcome
from vaurien_twisted.relays.stream_owner import Owner
from vaurien_twisted.relays.write_queue import WriteQueue
from vaurien_twisted.wire.http2.frames import dataIn
from vaurien_twisted.wire.http2.stream import Stream

#: The reason for the journal if the rest of a reply does not arrive.
RESET_BY_BACKEND = "not edited: the backend has reset the stream"


class EditedReply:
    """
    Puts the edited reply into a write queue, and adapts flow control: removed bytes are credited to
    the backend, inserted bytes are not.

    @param queue: the stream's write queue to the client.
    @param settle: writes the bytes that are ready, and counts those that are kept back.
    """

    __slots__ = ("_editor", "_owner", "_queue", "_settle", "_stream")

    def __init__(
        self,
        owner: Owner,
        stream: Stream,
        editor: IEditor,
        queue: WriteQueue,
        settle: Callable[[], None],
    ) -> None:
        self._owner = owner
        self._stream = stream
        self._editor = editor
        self._queue = queue
        self._settle = settle

    @property
    def held(self) -> int:
        """
        The number of bytes that the editor holds back.
        """
        return 0 if self._stream.exchange.muted else self._editor.held

    def came(self, frames: bytes, size: int, ends: bool, steps: Sequence[Step]) -> int:
        """
        A header block or a DATA frame of the reply has arrived.

        @param size: the number of bytes of DATA in C{frames}.
        @param ends: whether it ends the reply.
        @param steps: the steps to perform before it.
        @return: the number of bytes of DATA that wait and for which the backend has no credit yet.
        """
        exchange = self._stream.exchange
        if steps:
            self._queue.put(exchange, b"", steps)
        now = self._owner.state.context.reactor.seconds()
        parts = _upToEnd(self._editor.push(frames, ends, now))
        # The last step may end the link.
        recordOutcome(exchange, self._editor, ends)
        return min(size, self._put(parts, size))

    def release(self, reason: str = NO_MEMORY) -> None:
        """
        Hold back and change nothing from now on.
        """
        self._put(_upToEnd(self._editor.release(reason)), 0)
        self._settle()

    def cutShort(self) -> None:
        """
        The backend has reset the stream.
        """
        if not self._stream.exchange.muted:
            self.release(RESET_BY_BACKEND)
        recordOutcome(self._stream.exchange, self._editor, True, RESET_BY_BACKEND)

    def stop(self) -> None:
        """
        Release all resources.
        """
        self._stream.exchange.muted = True
        self._owner.editing.discard(self)

    def _put(self, parts: Sequence[EditedBytes], came: int) -> int:
        """
        Put C{parts} into the queue.

        @param came: how many bytes of DATA the backend has sent for them.
        @return: how many bytes of DATA in them wait.
        """
        state, stream = self._owner.state, self._stream
        exchange, connection = stream.exchange, self._owner.connection
        went = sum(dataIn(part.data) for part in parts)
        connection.balance(stream, came, went)
        waits = 0
        for part in parts:
            putPart(state, exchange, self._queue, part, self._following)
            if self._queue.queue:
                waits += dataIn(part.data)
        editing = self._owner.editing
        (editing.add if self.held else editing.discard)(self)
        if exchange.muted:
            connection.giveUp(stream)
        return waits

    def _following(self, then: ConnectionFate) -> Callable[[], None] | None:
        """
        The function that ends the connection as C{then} says, after the client has received all
        bytes of the stream.
        """
        return None if then is ConnectionFate.KEEP else partial(self._end, then)

    def _end(self, then: ConnectionFate) -> None:
        if self._stream in self._owner.connection.down.blocked:
            self._stream.taken = partial(self._owner.fate, then)
        else:
            self._owner.fate(then)


def _upToEnd(parts: Iterable[EditedBytes]) -> Sequence[EditedBytes]:
    """
    The parts up to the one that ends the message or the link; those after it go nowhere.
    """
    found = []
    for part in parts:
        found.append(part)
        if part.last or part.then is not ConnectionFate.KEEP:
            break
    return found
