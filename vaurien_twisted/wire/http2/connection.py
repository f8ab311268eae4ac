# -*- test-case-name: tests.relays.test_streams -*-
"""
An HTTP/2 connection between a client and the backend, without input or output.

Frames pass unchanged, with their stream numbers.  A stream to which a rule may apply is I{struck}:
its frames go to its L{Struck<vaurien_twisted.wire.http2.stream.Struck>}, which sends those that
pass, when they may.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.http2.codes import CODES
from vaurien_twisted.wire.http2.frames import (
    DATA,
    END_STREAM,
    GOAWAY,
    RST_STREAM,
    dataIn,
    framesIn,
    reset,
    windowUpdate,
)
from vaurien_twisted.wire.http2.header_blocks import Block
from vaurien_twisted.wire.http2.numbers import Numbers
from vaurien_twisted.wire.http2.sending_side import DOWN, UP, SendingSide
from vaurien_twisted.wire.http2.settings import apply, capped, readSettings
from vaurien_twisted.wire.http2.stream import Stream
from vaurien_twisted.wire.http2.stream_limit import StreamLimit

#: The most bytes of one direction that are credited to their sender before the receiver gets them.
CREDIT_LIMIT = 2**20


class Host(Protocol):
    """
    Is notified when exchanges of a connection begin and end.
    """

    def begun(self, stream: Stream, block: Block) -> None:
        """
        A request has begun.  This method may set the stream's C{struck}.
        """

    def answered(self, exchange: Exchange) -> None:
        """
        A complete reply was sent to the client.
        """

    def abandoned(self, exchange: Exchange) -> None:
        """
        The client has reset a stream before it had the complete reply.
        """


class Connection:
    """
    The state that both directions of a connection share.

    @param host: is notified of exchanges.
    @ivar authority: replaces the authority of every request; C{None}: no change.
    @ivar exchanges: the number of exchanges so far.
    @ivar up: the sending side towards the backend.
    @ivar down: the sending side towards the client.
    @ivar streams: the open streams by the client's numbers.
    @ivar byTheirs: the open streams by the backend's numbers.
    @ivar renumbered: whether these differ.
    @ivar highest: the highest number that the client has used.
    @ivar lastTheirs: the highest stream number that the backend knows.
    @ivar numbers: those of streams that are not open.
    @ivar limit: the limit of open streams that the client was told.
    @ivar gone: the last stream that is still served, as GOAWAY has told the client; C{None}: all.
    """

    __slots__ = (
        "authority",
        "byTheirs",
        "down",
        "exchanges",
        "gone",
        "highest",
        "host",
        "lastTheirs",
        "limit",
        "numbers",
        "renumbered",
        "streams",
        "up",
    )

    def __init__(self, host: Host, exchanges: int = 0, authority: bytes | None = None) -> None:
        """
        @param exchanges: the number of exchanges before HTTP/2 began.
        """
        self.host = host
        self.authority = authority
        self.exchanges = exchanges
        self.up = SendingSide(UP, self._theirs, self._sentUp)
        self.down = SendingSide(DOWN, lambda stream: stream.number, self._sentDown)
        self.streams: dict[int, Stream] = {}
        self.byTheirs = self.streams
        self.renumbered = False
        self.limit = StreamLimit()
        self.highest = 0
        self.gone: int | None = None
        self.lastTheirs = 0
        self.numbers = Numbers()

    # Numbers

    def _theirs(self, stream: Stream) -> int:
        """
        The backend's number of a stream.  A stream that begins at the backend after a later one
        needs a higher number than that one (RFC 9113, section 5.1.1).
        """
        if not stream.theirs:
            self.introduce(stream)
        return stream.theirs

    def introduce(self, stream: Stream) -> None:
        """
        Number a stream before its first frame is sent to the backend.
        """
        number = stream.number
        if number <= self.lastTheirs:
            number = self.lastTheirs + 2
            if not self.renumbered:
                self.renumbered = True
                self.byTheirs = {each.theirs: each for each in self.streams.values() if each.theirs}
        stream.theirs = self.lastTheirs = number
        if self.renumbered:
            self.byTheirs[number] = stream

    def upgraded(self, settings: bytes, exchange: Exchange) -> None:
        """
        Both ends continue in HTTP/2 after an upgrade: stream 1 is the request that asked for it.

        @param settings: the content of SETTINGS in that request.
        """
        stream = self.streams[1] = Stream(1, exchange)
        stream.theirs = self.highest = self.lastTheirs = 1
        stream.clientDone = True
        initial = apply(capped(readSettings(settings)), self.down)
        if initial is not None:
            self.down.resize(initial, [])

    def limitStreams(self, limit: int | None) -> None:
        """
        Limit the streams that the client may have open; C{None}: to the backend's limit.
        """
        frame = self.limit.change(limit, self.down.opened)
        if frame:
            self.down.write(frame)

    # Frames of struck streams

    def toBackend(self, stream: Stream, frames: bytes) -> None:
        """
        Send frames of a request to the backend.
        """
        if stream.reset:
            self.discard(self.up, stream, dataIn(frames))
            return
        for kind, flags, _, content in framesIn(frames):
            self._send(self.up, stream, kind, flags, content)

    def toClient(self, stream: Stream, frames: bytes) -> None:
        """
        Send frames to the client: those of a reply, or GOAWAY.
        """
        for kind, flags, _, content in framesIn(frames):
            if kind == GOAWAY:
                self.gone = self.numbers.served(int.from_bytes(content[:4], "big"))
                content = self.gone.to_bytes(4, "big") + content[4:]
                self.down.send(stream, kind, flags, content)
            elif not stream.backendDone:
                self._send(self.down, stream, kind, flags, content)
            elif kind == DATA:
                self.discard(self.down, stream, len(content))

    def _send(
        self, way: SendingSide, stream: Stream, kind: int, flags: int, content: bytes
    ) -> None:
        if kind == DATA:
            # The receiver will credit these bytes, too.
            way.window.owed += self._repaid(way, stream, len(content))
        way.send(stream, kind, flags, content)

    def _sentUp(self, stream: Stream, kind: int, flags: int) -> None:
        if kind == RST_STREAM:
            stream.gone = stream.reset = True

    def _sentDown(self, stream: Stream, kind: int, flags: int) -> None:
        if kind == RST_STREAM:
            stream.backendDone = True
            self.close(stream)
        elif flags & END_STREAM and not stream.backendDone:
            stream.backendDone = True
            self.host.answered(stream.exchange)
            if stream.clientDone:
                self.close(stream)

    def giveUp(self, stream: Stream) -> None:
        """
        Reset a stream at the backend (RST_STREAM, CANCEL) and discard what still comes on it.
        """
        if stream.theirs and not stream.gone:
            self._forget(self.up, stream)
            self.up.write(reset(stream.theirs, CODES["CANCEL"]))
        stream.gone = stream.reset = True

    def close(self, stream: Stream) -> None:
        """
        A stream is over for the client.
        """
        if self.streams.pop(stream.number, None) is None:
            return
        if self.renumbered:
            self.byTheirs.pop(stream.theirs, None)
        up, down = self.up, self.down
        if stream.struck is not None or up.blocked or down.blocked:
            for way in (up, down):
                self._forget(way, stream)
                self._repaid(way, stream, stream.lent[way.place])
        self.numbers.closed(stream)

    # Flow control

    def way(self, place: int) -> SendingSide:
        """
        The sending side of a direction.

        @param place: C{UP} or C{DOWN}.
        """
        return self.up if place == UP else self.down

    def creditDiscarded(self, way: SendingSide, size: int, stream: int = 0) -> None:
        """
        Credit the sender of bytes that were discarded, since they count for its window.

        @param way: the sending side on which they were discarded.
        @param stream: the sender's number of the stream if it continues; otherwise 0.
        """
        if size:
            back = self.down if way is self.up else self.up
            back.write(windowUpdate(0, size))
            if stream:
                back.write(windowUpdate(stream, size))

    def balance(self, stream: Stream, came: int, went: int) -> None:
        """
        An editor has replaced C{came} bytes of DATA from the backend by C{went} bytes for the
        client.  Bytes that were removed, or are held back, are credited to the backend.  Credit of
        the client for added bytes is not passed on.
        """
        down, more = self.down, went - came
        if more > 0:
            down.lent += more
            stream.lent[DOWN] += more
            stream.owed[DOWN] += more
        elif more:
            self.creditDiscarded(down, -more)
            if not stream.withholds(DOWN, -more):
                self.creditStream(stream, DOWN, -more)

    def keep(self, way: SendingSide, stream: Stream, size: int) -> None:
        """
        Bytes of a stream are kept back: credit their sender for them, so that other streams can
        continue.
        """
        if way.lent + size <= CREDIT_LIMIT:
            way.lent += size
            stream.lent[way.place] += size
            self.creditDiscarded(way, size)

    def _repaid(self, way: SendingSide, stream: Stream, size: int) -> int:
        """
        Bytes are no longer kept back.  Returns for how many of them their sender was credited.
        """
        taken = min(stream.lent[way.place], size)
        stream.lent[way.place] -= taken
        way.lent -= taken
        return taken

    def discard(self, way: SendingSide, stream: Stream, size: int) -> None:
        """
        Discard bytes that were kept back.
        """
        self.creditDiscarded(way, size - self._repaid(way, stream, size))

    def _forget(self, way: SendingSide, stream: Stream) -> None:
        """
        Discard what waits on a stream for credit of its receiver.
        """
        size = way.forget(stream)
        taken = min(way.window.owed, size)
        way.window.owed -= taken
        self.creditDiscarded(way, size - taken)

    def creditStream(self, stream: Stream, place: int, size: int) -> None:
        """
        Credit the sender of discarded bytes on their stream, if it may send more on it.
        """
        if not size:
            return
        if place == UP and not (stream.clientDone or stream.backendDone):
            self.down.write(windowUpdate(stream.number, size))
        elif place == DOWN and stream.theirs and not stream.gone:
            self.up.write(windowUpdate(stream.theirs, size))

    def advance(self, stream: Stream, place: int, size: int) -> None:
        """
        Credit bytes that are kept back to their sender on their stream, which cannot go on before
        more bytes have come.
        """
        stream.owed[place] += size
        self.creditStream(stream, place, size)

    def release(self, stream: Stream) -> None:
        """
        Pass on the credit of a stream that was kept back.
        """
        withheld, stream.withheld = stream.withheld, [None, None]
        for place, size in enumerate(withheld):
            self.creditStream(stream, place, size or 0)

    @property
    def struck(self) -> Sequence[Stream]:
        """
        The streams to which a rule may apply.
        """
        return [stream for stream in self.streams.values() if stream.struck is not None]
