# -*- test-case-name: tests.relays.test_streams -*-
"""
The sending side of a connection, towards one receiver: its windows, and the frames that wait for
them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from vaurien_twisted.model.callbacks import nothing
from vaurien_twisted.wire.http2.codes import Violation
from vaurien_twisted.wire.http2.floods import Floods
from vaurien_twisted.wire.http2.flow import Window
from vaurien_twisted.wire.http2.frames import (
    DATA,
    END_STREAM,
    GOAWAY,
    HEADERS,
    USUAL_LENGTH,
    frame,
)
from vaurien_twisted.wire.http2.header_blocks import HeaderBlocks
from vaurien_twisted.wire.http2.stream import Stream
from vaurien_twisted.wire.http2.windows import FIRST_WINDOW, LARGEST_WINDOW

#: The indices of the two sending sides in L{Stream.room}.
UP, DOWN = 0, 1

#: A waiting frame: its type, flags and content.
Waiting = tuple[int, int, bytes]


class SendingSide:
    """
    The sending side towards the backend or towards the client.

    @param numberOf: returns the receiver's number of a stream.
    @param sent: called with a stream, and the type and flags of a frame that was sent on it.
    @ivar place: L{UP} or L{DOWN}.
    @ivar blocks: the header blocks on it.
    @ivar window: the connection's window.
    @ivar floods: counts the frames of the sender.
    @ivar initial: the initial window of streams, in bytes.
    @ivar lent: how many bytes that are kept back are credited to their sender.
    @ivar limit: the longest content of a frame, in bytes.
    @ivar blocked: the frames that wait for a window, by stream.
    @ivar waiting: how many bytes these have.
    @ivar opened: the sender's SETTINGS, the first frame, have passed; frames that are written
        sooner wait for them.
    @ivar before: called before a write, to write the frames that were read before it.
    @ivar out: the bytes that are ready to be written.
    """

    __slots__ = (
        "_early",
        "_numberOf",
        "_sent",
        "before",
        "blocked",
        "blocks",
        "floods",
        "initial",
        "lent",
        "limit",
        "opened",
        "out",
        "place",
        "waiting",
        "window",
    )

    def __init__(
        self,
        place: int,
        numberOf: Callable[[Stream], int],
        sent: Callable[[Stream, int, int], None],
    ) -> None:
        self.place = place
        self._numberOf = numberOf
        self._sent = sent
        self.blocks = HeaderBlocks()
        self.window = Window()
        self.floods = Floods()
        self.initial = FIRST_WINDOW
        self.lent = 0
        self.limit = USUAL_LENGTH
        self.blocked: dict[Stream, deque[Waiting]] = {}
        self.waiting = 0
        self.opened = False
        self._early: list[bytes] = []
        self.before: Callable[[], None] = nothing
        self.out: list[bytes] = []

    @property
    def strict(self) -> bool:
        """
        Whether the sender may send more than the receiver accepts, so that each frame must be
        checked.
        """
        return bool(self.window.owed or self.blocked)

    def write(self, data: bytes) -> None:
        """
        Write frames now.
        """
        self.before()
        (self.out if self.opened else self._early).append(data)

    def open(self, settings: bytes) -> None:
        """
        Send the sender's first SETTINGS, and the frames that have waited for them.
        """
        self.opened = True
        self.out += [settings, *self._early]
        self._early.clear()

    def send(self, stream: Stream, kind: int, flags: int, content: bytes) -> None:
        """
        Send a frame on a stream, or GOAWAY, after those that wait on the stream.  The part of a
        DATA frame that exceeds the window waits.
        """
        waiting = self.blocked.get(stream)
        if waiting is None:
            rest = self._write(stream, kind, flags, content)
            if rest is None:
                return
            content, waiting = rest, deque()
            self.blocked[stream] = waiting
        waiting.append((kind, flags, content))
        self.waiting += len(content)

    def _write(self, stream: Stream, kind: int, flags: int, content: bytes) -> bytes | None:
        """
        Write as much of a frame as the window allows.

        @return: the rest, C{None} if there is none.
        """
        size = len(content)
        if kind == DATA and size:
            room = self.window.room
            if stream.struck is not None:
                room = min(room, stream.room[self.place])
            if room < size:
                if room > 0:
                    self._put(stream, DATA, flags & ~END_STREAM, content[:room])
                    content = content[room:]
                return content
        self._put(stream, kind, flags, content)
        return None

    def _put(self, stream: Stream, kind: int, flags: int, content: bytes) -> None:
        if kind == DATA:
            self.window.room -= len(content)
            stream.room[self.place] -= len(content)
        elif kind == HEADERS:
            content = self.blocks.written(content)
        number = 0 if kind == GOAWAY else self._numberOf(stream)
        self.write(frame(kind, flags, number, content))
        self._sent(stream, kind, flags)

    def drain(self) -> None:
        """
        A window has grown: send frames that have waited.
        """
        for stream, waiting in list(self.blocked.items()):
            while waiting:
                kind, flags, content = waiting.popleft()
                self.waiting -= len(content)
                rest = self._write(stream, kind, flags, content)
                if rest is not None:
                    waiting.appendleft((kind, flags, rest))
                    self.waiting += len(rest)
                    break
            if not waiting:
                self.blocked.pop(stream, None)
                stream.taken()

    def forget(self, stream: Stream) -> int:
        """
        A stream has ended: discard the frames that wait on it.

        @return: the number of their bytes of DATA.
        """
        waiting = self.blocked.pop(stream, ())
        self.waiting -= sum(len(content) for _, _, content in waiting)
        return sum(len(content) for kind, _, content in waiting if kind == DATA)

    def resize(self, initial: int, streams: list[Stream]) -> None:
        """
        The receiver has set another window for its streams (RFC 9113, section 6.9.2).

        @raise Violation: a window exceeds 2**31 - 1 bytes.
        """
        if initial > LARGEST_WINDOW:
            raise Violation("FLOW_CONTROL_ERROR", "SETTINGS_INITIAL_WINDOW_SIZE exceeds 2^31-1")
        more, self.initial = initial - self.initial, initial
        for stream in streams:
            stream.credit(self.place, more)
        self.drain()
