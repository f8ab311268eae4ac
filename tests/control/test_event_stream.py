"""
Tests for L{vaurien_twisted.control.event_stream}.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.control.event_stream import (
    COLLECTED,
    HEARTBEAT,
    PARTS,
    PORTION,
    SLICE,
    Reader,
    Readers,
    encodeEvent,
)
from vaurien_twisted.record.journal import Journal


class Taken:
    """
    A sink that takes C{room} writes, and then none until C{resume}.  Each calls C{cost}.
    """

    def __init__(self, room: int = 10**9, cost: Callable[[], None] = int) -> None:
        self.room = room
        self.cost = cost
        self.parts: list[bytes] = []
        self.dropped = False
        self.reader: Reader | None = None

    def write(self, data: bytes) -> None:
        """
        Take it.
        """
        assert not self.dropped
        self.parts.append(data)
        self.cost()
        self.room -= 1
        if self.room <= 0 and self.reader is not None:
            self.reader.paused = True

    def drop(self) -> None:
        """
        Note it.
        """
        self.dropped = True

    @property
    def ids(self) -> list[int]:
        """
        The ids of the received events.
        """
        lines = b"".join(self.parts).decode().splitlines()
        return [int(line[4:]) for line in lines if line.startswith("id: ")]


class ReadersTests(SynchronousTestCase):
    """
    Those who read the journal.
    """

    def setUp(self) -> None:
        """
        A journal of a hundred entries.
        """
        self.clock = Clock()
        self.journal = Journal(self.clock.seconds, limit=100)
        self.readers = Readers(self.clock, self.journal)

    def test_many(self) -> None:
        """
        Of many readers each has fewer and larger parts: all together no more in a second.
        """
        sinks = [Taken() for _ in range(PARTS)]
        for sink in sinks:
            self.readers.add(sink, 0)
        self.note(1)
        self.clock.advance(COLLECTED)
        self.note(1)
        self.assertEqual(sinks[0].ids, [])
        self.clock.advance(1 - COLLECTED)
        self.assertEqual([sink.ids for sink in sinks], [[1, 2]] * PARTS)
        self.assertEqual({len(sink.parts) for sink in sinks}, {1})

    def note(self, count: int, proxy: str = "proxy") -> None:
        """
        Something happened, so often.
        """
        for _ in range(count):
            self.journal.record("decision", proxy, 1, effect="hang")

    def read(self, since: int = 0, proxy: str = "", room: int = 10**9) -> Taken:
        """
        One more who reads.
        """
        sink = Taken(room)
        sink.reader = self.readers.add(sink, since, proxy)
        return sink

    def test_event(self) -> None:
        """
        An entry as an event: its id, its kind, and all of it as JSON on one line.
        """
        self.journal.record("opaque", "proxy", 2, reason="a\nb\u2028c")
        [entry] = self.journal.since()
        first, second, third, *rest = encodeEvent(entry).decode().split("\n")
        self.assertEqual((first, second, rest), ("id: 1", "event: opaque", ["", ""]))
        self.assertEqual(json.loads(third.removeprefix("data: ")), entry)

    def test_live(self) -> None:
        """
        New entries are sent soon, in one part.
        """
        sink = self.read()
        self.note(3)
        self.assertEqual(sink.parts, [])
        self.clock.advance(COLLECTED)
        self.assertEqual((sink.ids, len(sink.parts)), ([1, 2, 3], 1))
        self.note(1)
        self.clock.advance(COLLECTED)
        self.assertEqual(sink.ids, [1, 2, 3, 4])

    def test_resumes(self) -> None:
        """
        Entries after the last known one are sent soon, and once.
        """
        self.note(5)
        sink = self.read(since=3)
        self.clock.advance(0)
        self.assertEqual(sink.ids, [4, 5])
        self.note(1)
        self.clock.advance(COLLECTED)
        self.assertEqual(sink.ids, [4, 5, 6])

    def test_missed(self) -> None:
        """
        A client that was away for too long gets the number of lost entries.
        """
        self.note(150)
        sink = self.read(since=20)
        self.clock.advance(0)
        self.assertEqual(sink.parts[0], b'event: missed\ndata: {"count":30}\n\n')
        self.assertEqual(sink.ids, list(range(51, 151)))

    def test_anotherProcess(self) -> None:
        """
        An id that is not reached yet is of another process: all is new.
        """
        self.note(2)
        sink = self.read(since=99)
        self.clock.advance(0)
        self.assertEqual(sink.ids, [1, 2])

    def test_oneProxy(self) -> None:
        """
        The entries of one proxy only, whatever happens on others.
        """
        sink = self.read(proxy="two")
        for name in ("one", "two", "one", "two"):
            self.note(1, name)
        self.clock.advance(COLLECTED)
        self.assertEqual(sink.ids, [2, 4])
        self.note(1, "one")
        self.clock.advance(COLLECTED)
        self.note(1, "two")
        self.clock.advance(COLLECTED)
        self.assertEqual(sink.ids, [2, 4, 6])

    def test_portions(self) -> None:
        """
        Many entries are sent in bounded parts.
        """
        self.journal = Journal(self.clock.seconds)
        self.readers = Readers(self.clock, self.journal)
        self.note(3 * PORTION + 1)
        sink = self.read()
        self.clock.advance(0)
        self.assertEqual(sink.ids, list(range(1, 3 * PORTION + 2)))
        self.assertEqual(len(sink.parts), 4)

    def test_pitfall38_slices(self) -> None:
        """
        Long answers are sent in slices, with time for other work between them, to all readers in
        turn.
        """

        def cost() -> None:
            self.clock.rightNow += SLICE / 2

        sinks = [Taken(cost=cost) for _ in range(4)]
        for sink in sinks:
            sink.reader = self.readers.add(sink, 0)
        self.note(2)
        counts = []
        for _ in range(4):
            [call] = [
                each for each in self.clock.getDelayedCalls() if each.func == self.readers._send
            ]
            self.clock.advance(call.getTime() - self.clock.seconds())
            counts.append([len(sink.parts) for sink in sinks])
            self.note(1)
        self.assertEqual(counts, [[1, 1, 0, 0], [1, 1, 1, 1], [2, 2, 1, 1], [2, 2, 2, 2]])

    def test_pitfall38_resumedAtOnce(self) -> None:
        """
        Many readers that resume at the same moment are not all served at once.
        """
        sinks = [self.read(room=1) for _ in range(20)]
        self.note(1)
        self.clock.advance(COLLECTED)
        self.note(20)
        for sink in sinks:
            sink.room = 10**9
            self.readers.resume(sink.reader)
        self.assertEqual({len(sink.parts) for sink in sinks}, {1})
        self.clock.advance(COLLECTED)
        self.assertEqual({len(sink.ids) for sink in sinks}, {21})

    def test_sharedBytes(self) -> None:
        """
        Those at the same place are given the very same bytes: they are made once.
        """
        sinks = [self.read() for _ in range(3)]
        self.note(4)
        self.clock.advance(COLLECTED)
        self.assertEqual(len({id(sink.parts[0]) for sink in sinks}), 1)

    def test_stalled(self) -> None:
        """
        A paused reader gets nothing, does not delay others, and continues where it was.
        """
        slow, fast = self.read(room=1), self.read()
        for _ in range(10):
            self.note(5)
            self.clock.advance(COLLECTED)
        self.assertEqual((slow.ids, fast.ids), (list(range(1, 6)), list(range(1, 51))))
        slow.room = 10**9
        self.readers.resume(slow.reader)
        self.clock.advance(COLLECTED)
        self.assertEqual(slow.ids, list(range(1, 51)))

    def test_pitfall7_tooSlow(self) -> None:
        """
        A reader that falls behind the journal gets the number of lost entries, and continues;
        others lose nothing.
        """
        slow, fast = self.read(room=1), self.read()
        for _ in range(30):
            self.note(5)
            self.clock.advance(COLLECTED)
        slow.room = 10**9
        self.readers.resume(slow.reader)
        self.clock.advance(COLLECTED)
        self.assertEqual(slow.ids, [*range(1, 6), *range(51, 151)])
        self.assertIn(b'event: missed\ndata: {"count":45}\n\n', slow.parts)
        self.assertEqual(fast.ids, list(range(1, 151)))
        self.assertFalse(slow.dropped or fast.dropped)

    def test_heartbeat(self) -> None:
        """
        A comment now and then while nothing happens.
        """
        sink = self.read()
        for _ in range(3):
            self.clock.advance(HEARTBEAT)
        self.assertEqual(sink.parts, [b":\n\n"] * 3)

    def test_takesNothing(self) -> None:
        """
        A reader that reads nothing from one heartbeat to the next is dropped, also if there are few
        entries; one that has paused just now is not.
        """
        slow = self.read(room=1)
        self.note(1)
        self.clock.advance(COLLECTED)
        self.clock.advance(HEARTBEAT - COLLECTED)
        self.assertFalse(slow.dropped)
        self.clock.advance(HEARTBEAT)
        self.assertTrue(slow.dropped)

    def test_nothingIsLeft(self) -> None:
        """
        Without readers the journal is not watched, and no timer runs.
        """
        sink = self.read()
        self.note(1)
        self.readers.remove(sink.reader)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.journal._watchers, [])
        self.readers.remove(sink.reader)
        self.readers.resume(sink.reader)
        self.assertEqual(sink.parts, [])
