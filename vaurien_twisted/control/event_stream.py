# -*- test-case-name: tests.control.test_event_stream -*-
"""
Readers of the journal's event stream.

A reader is a position in the journal and a connection: events that it has not read are not
buffered for it.  If the journal has discarded its next entries, it is sent an event C{missed} with
their number instead.  A reader that reads nothing for a while is disconnected.  Other readers,
control and the proxies never wait for readers: events are sent in slices of time.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.record.journal import Journal

#: For how many seconds entries are collected, so that they are sent in few large parts.
COLLECTED = 0.05

#: The most parts a second for all readers together: with more readers, entries are collected for
#: longer, so that the proxies lose no more time to many readers than to few.
PARTS = 400

#: The most entries that are sent to a reader at once.
PORTION = 100

#: For how many seconds entries are sent in one turn of the reactor, and at least how long it does
#: other work before the next.
SLICE = 0.005

#: How many portions are kept for other readers at the same position.
SHARED = 8

#: Seconds between two comments; a reader that reads nothing for so long is disconnected.
HEARTBEAT = 15.0


class Sink(Protocol):
    """
    Where the bytes of one reader go.
    """

    def write(self, data: bytes) -> None:
        """
        Send C{data}.
        """

    def drop(self) -> None:
        """
        Close the connection at once, and discard what was not read.
        """


def encodeEvent(entry: Mapping[str, object]) -> bytes:
    """
    A journal entry as a server-sent event (WHATWG HTML, section 9.2.6).
    """
    data = json.dumps(entry, separators=(",", ":"))
    return f"id: {entry['id']}\nevent: {entry['kind']}\ndata: {data}\n\n".encode("ascii")


class Reader:
    """
    One reader.

    @param since: the id of the last entry that it has.
    @param proxy: the proxy whose entries it gets, C{""} for all.
    @ivar since: the id of the last entry that it was sent.
    @ivar paused: whether its transport's buffer is full.
    @ivar stalled: whether it was paused at the last heartbeat, and has been since.
    @ivar queued: whether its next entries are about to be sent.
    """

    __slots__ = ("paused", "proxy", "queued", "since", "sink", "stalled")

    def __init__(self, sink: Sink, since: int, proxy: str) -> None:
        self.sink = sink
        self.since = since
        self.proxy = proxy
        self.paused = self.stalled = self.queued = False


class Readers:
    """
    All readers of a journal.
    """

    def __init__(self, clock: IReactorTime, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._readers: dict[Reader, None] = {}
        self._behind: deque[Reader] = deque()
        self._portions: dict[tuple[int, str], tuple[bytes, int]] = {}
        self._unwatch: Callable[[], None] | None = None
        self._sending: IDelayedCall | None = None
        #: The time at which sending may continue.
        self._rested = 0.0
        self._beating: IDelayedCall | None = None

    def __len__(self) -> int:
        return len(self._readers)

    def add(self, sink: Sink, since: int, proxy: str = "") -> Reader:
        """
        Send C{sink} all entries after C{since}, and new ones as they are recorded.

        @param proxy: the proxy whose entries to send, C{""} for all.
        """
        # Ids start at 1 in every process: a later id comes from an earlier process.
        reader = Reader(sink, since if since <= self._journal.last else 0, proxy)
        if not self._readers:
            self._unwatch = self._journal.watch(self._noted)
            self._beating = self._clock.callLater(HEARTBEAT, self._beat)
        self._readers[reader] = None
        if reader.since < self._journal.last:
            # At once, as any answer; the service bounds the time that it answers requests.
            self._sendPortion(reader)
        self._queue(reader)
        return reader

    def remove(self, reader: Reader) -> None:
        """
        The reader has disconnected.
        """
        self._readers.pop(reader, None)
        if not self._readers:
            if self._unwatch is not None:
                self._unwatch()
            self._unwatch = None
            for call in (self._sending, self._beating):
                if call is not None:
                    call.cancel()
            self._sending = self._beating = None
            self._behind.clear()
            self._portions.clear()

    def resume(self, reader: Reader) -> None:
        """
        The reader's transport has room again.
        """
        reader.paused = reader.stalled = False
        if reader in self._readers:
            self._queue(reader)

    def _noted(self) -> None:
        if self._sending is None:
            self._sendIn(max(COLLECTED, len(self._readers) / PARTS))

    def _sendIn(self, seconds: float) -> None:
        if self._sending is not None:
            self._sending.cancel()
        self._sending = self._clock.callLater(seconds, self._send)

    def _queue(self, reader: Reader) -> None:
        """
        Send a reader its next entries soon, if there are any.
        """
        if reader.queued or reader.paused or reader.since >= self._journal.last:
            return
        reader.queued = True
        self._behind.append(reader)
        self._sendIn(max(0, self._rested - self._clock.seconds()))

    def _send(self) -> None:
        """
        Send entries to all readers that lack some, one portion each and in turns, for one slice.
        """
        self._sending = None
        behind, last = self._behind, self._journal.last
        for reader in self._readers:
            if not reader.queued and not reader.paused and reader.since < last:
                reader.queued = True
                behind.append(reader)
        end = self._clock.seconds() + SLICE
        while behind and self._clock.seconds() < end:
            reader = behind.popleft()
            reader.queued = False
            if reader in self._readers and not reader.paused:
                self._sendPortion(reader)
                if reader.since < last and not reader.paused:
                    reader.queued = True
                    behind.append(reader)
        self._rested = self._clock.seconds() + SLICE
        if behind:
            self._sendIn(SLICE)

    def _sendPortion(self, reader: Reader) -> None:
        missed = self._journal.first - 1 - reader.since
        if missed > 0:
            reader.since += missed
            reader.sink.write(b'event: missed\ndata: {"count":%d}\n\n' % missed)
        data, reader.since = self._portion(reader.since, reader.proxy)
        if data:
            reader.sink.write(data)

    def _portion(self, since: int, proxy: str) -> tuple[bytes, int]:
        """
        The next events after C{since}, of which there are some, as bytes, and the id of the last
        one.  Readers at the same position share the bytes.
        """
        portion = self._portions.get((since, proxy))
        if portion is None:
            # Portions end at the same ids for all readers, so that readers at different ids share
            # encoded portions.
            limit = PORTION - since % PORTION
            entries: Sequence[Mapping[str, object]] = self._journal.after(since, limit)
            wanted = [encodeEvent(e) for e in entries if not proxy or e["proxy"] == proxy]
            portion = b"".join(wanted), cast(int, entries[-1]["id"])
            if len(self._portions) >= SHARED:
                del self._portions[next(iter(self._portions))]
            self._portions[since, proxy] = portion
        return portion

    def _beat(self) -> None:
        """
        Send every reader a comment, and disconnect those that have read nothing since the last one.
        """
        self._beating = self._clock.callLater(HEARTBEAT, self._beat)
        for reader in list(self._readers):
            if not reader.paused:
                reader.sink.write(b":\n\n")
            elif reader.stalled:
                self.remove(reader)
                reader.sink.drop()
            reader.stalled = reader.paused
