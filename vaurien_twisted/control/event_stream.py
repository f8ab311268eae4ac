# -*- test-case-name: tests.control.test_event_stream -*-
"""
Those who read the journal as it grows.

A reader is no more than a place in the journal and a connection: what it has not taken
yet is not kept for it.  One that takes nothing for a while, or for which the journal has
grown too far ahead, is dropped; the others and the proxies never wait for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.record.journal import Journal

#: How many seconds entries are collected, so that readers have few and larger parts.
COLLECTED = 0.05

#: How many parts are written in a second, for all readers together: the more there are, the
#: longer entries are collected, so that many readers take no more from the proxies than few.
PARTS = 400

#: How many entries a reader is given at once.
PORTION = 500

#: Seconds between two signs of life; who takes nothing for so long is dropped.
HEARTBEAT = 15.0


class Sink(Protocol):
    """
    Where a reader's bytes go.
    """

    def write(self, data: bytes) -> None:
        """
        Send C{data}.
        """

    def drop(self) -> None:
        """
        End it at once, without waiting for what was not taken.
        """


def encodeEvent(entry: Mapping[str, Any]) -> bytes:
    """
    An entry as a server-sent event (WHATWG HTML, section 9.2.6).
    """
    data = json.dumps(entry, separators=(",", ":"))
    return f"id: {entry['id']}\nevent: {entry['kind']}\ndata: {data}\n\n".encode("ascii")


class Reader:
    """
    One who reads.

    @param since: the id of the last entry that it knows.
    @param proxy: whose entries it wants, C{""} for all.
    @ivar since: how far it has come.
    @ivar paused: it takes nothing at the moment.
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
    All who read a journal.
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
        Give C{sink} all entries after C{since}: what there is at once, what comes as it
        comes.  Where older ones are forgotten already, an event C{missed} says how many.

        @param proxy: whose entries, C{""} for all.
        """
        # Ids begin anew with the process; who knows later ones has read another's.
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
        It reads no longer.
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
        It takes bytes again.
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
        Give every reader what has come.  Those at the same place share the bytes.
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
        Give a reader what there is, as far as it takes it.
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
        entries: Sequence[Mapping[str, Any]] = self._journal.after(since, PORTION)
        wanted = [encodeEvent(e) for e in entries if not proxy or e["proxy"] == proxy]
        return b"".join(wanted), entries[-1]["id"] if entries else since

    def _beat(self) -> None:
        """
        Show readers that we are there, and drop those that took nothing since the last time.
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
