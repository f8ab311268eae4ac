# -*- test-case-name: tests.control.test_event_stream -*-
"""
Readers of the journal's event stream.

A reader is a position in the journal and a connection: events that it has not read are not
buffered for it.  A reader that does not read for a while, or whose next entry the journal has
discarded, is disconnected; other readers and the proxies never wait for it.
"""

from __future__ import annotations

import json
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
PORTION = 500

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
    """

    __slots__ = ("paused", "proxy", "since", "sink", "stalled")

    def __init__(self, sink: Sink, since: int, proxy: str) -> None:
        self.sink = sink
        self.since = since
        self.proxy = proxy
        self.paused = False
        self.stalled = False


class Readers:
    """
    All readers of a journal.
    """

    def __init__(self, clock: IReactorTime, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._readers: set[Reader] = set()
        self._unwatch: Callable[[], None] | None = None
        self._collecting: IDelayedCall | None = None
        self._beating: IDelayedCall | None = None

    def __len__(self) -> int:
        return len(self._readers)

    def add(self, sink: Sink, since: int, proxy: str = "") -> Reader:
        """
        Send C{sink} all entries after C{since}, and new ones as they are recorded.  If the journal
        has discarded older ones, an event C{missed} says how many.

        @param proxy: the proxy whose entries to send, C{""} for all.
        """
        # Ids start at 1 in every process: a later id comes from an earlier process.
        reader = Reader(sink, since if since <= self._journal.last else 0, proxy)
        if not self._readers:
            self._unwatch = self._journal.watch(self._noted)
            self._beating = self._clock.callLater(HEARTBEAT, self._beat)
        self._readers.add(reader)
        missed = self._journal.first - 1 - reader.since
        if missed > 0:
            reader.since += missed
            sink.write(b'event: missed\ndata: {"count":%d}\n\n' % missed)
        self._catchUp(reader)
        return reader

    def remove(self, reader: Reader) -> None:
        """
        The reader has disconnected.
        """
        self._readers.discard(reader)
        if not self._readers:
            if self._unwatch is not None:
                self._unwatch()
            self._unwatch = None
            for call in (self._collecting, self._beating):
                if call is not None:
                    call.cancel()
            self._collecting = self._beating = None

    def resume(self, reader: Reader) -> None:
        """
        The reader's transport has room again.
        """
        reader.paused = reader.stalled = False
        if reader in self._readers:
            self._catchUp(reader)

    def _noted(self) -> None:
        if self._collecting is None:
            self._deliverIn(max(COLLECTED, len(self._readers) / PARTS))

    def _deliverIn(self, seconds: float) -> None:
        if self._collecting is not None:
            self._collecting.cancel()
        self._collecting = self._clock.callLater(seconds, self._deliver)

    def _deliver(self) -> None:
        """
        Send new entries to every reader.  Readers at the same position share the encoded bytes.
        """
        self._collecting = None
        shared: dict[tuple[int, str], tuple[bytes, int]] = {}
        for reader in list(self._readers):
            if reader.paused:
                if reader.since < self._journal.first - 1:
                    self._drop(reader)
                continue
            place = reader.since, reader.proxy
            if place not in shared:
                shared[place] = self._portion(*place)
            data, reader.since = shared[place]
            if data:
                reader.sink.write(data)
        if any(r.since < self._journal.last for r in self._readers if not r.paused):
            self._deliverIn(0)

    def _catchUp(self, reader: Reader) -> None:
        """
        Send a reader the entries that it has not got, while it reads them.
        """
        if reader.since < self._journal.first - 1:
            self._drop(reader)
            return
        if reader.since < self._journal.last and not reader.paused:
            data, reader.since = self._portion(reader.since, reader.proxy)
            if data:
                reader.sink.write(data)
            if reader.since < self._journal.last:
                self._deliverIn(0)

    def _portion(self, since: int, proxy: str) -> tuple[bytes, int]:
        entries: Sequence[Mapping[str, object]] = self._journal.after(since, PORTION)
        wanted = [encodeEvent(e) for e in entries if not proxy or e["proxy"] == proxy]
        return b"".join(wanted), cast(int, entries[-1]["id"]) if entries else since

    def _beat(self) -> None:
        """
        Send every reader a comment, and disconnect those that have read nothing since the last one.
        """
        self._beating = self._clock.callLater(HEARTBEAT, self._beat)
        for reader in list(self._readers):
            if not reader.paused:
                reader.sink.write(b":\n\n")
            elif reader.stalled:
                self._drop(reader)
            reader.stalled = reader.paused

    def _drop(self, reader: Reader) -> None:
        self.remove(reader)
        reader.sink.drop()
