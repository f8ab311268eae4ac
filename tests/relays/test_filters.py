"""
Tests for L{vaurien_twisted.relays.filters} and L{vaurien_twisted.relays.filter_buffer}.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from vaurien_twisted.behaviors._base import PassThroughFilter
from vaurien_twisted.interfaces import IStreamFilter
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.relays.filter_buffer import FilterSpec
from vaurien_twisted.relays.filters import FilteredStream
from vaurien_twisted.relays.memory import ENTRY_COST


@implementer(IStreamFilter)
class Later:
    """
    A stage that keeps bytes and the end for C{wait} seconds, in parts of C{size} bytes.
    """

    flight = 0

    def __init__(self, wait: float = 0.0, size: int = 0, drops: bool = False) -> None:
        self.wait = wait
        self.size = size
        self.drops = drops
        self.due: tuple[float, ConnectionFate] | None = None
        self.ends: float | None = wait
        self.told: list[Any] = []

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        Later.
        """
        size = self.size or len(data)
        return tuple(
            (now + self.wait, data[place : place + size]) for place in range(0, len(data), size)
        )

    def end(self, now: float) -> float | None:
        """
        Later, or never.
        """
        return None if self.ends is None else now + self.ends

    def deadline(self, now: float) -> tuple[float, ConnectionFate] | None:
        """
        As told.
        """
        return self.due

    def update(self, options: Any, now: float) -> Callable[[float], float] | None:
        """
        So many seconds in place of those before.
        """
        self.told.append(options)
        if not isinstance(options, float):
            return None
        change, self.wait = options - self.wait, options
        return lambda when: when + change


class Swallowing(PassThroughFilter):
    """
    A stage that lets nothing pass.
    """

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        Nothing.
        """
        return ()


class StreamCase(SynchronousTestCase):
    """
    A stream that writes into a list.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.written: list[bytes] = []
        self.cuts: list[ConnectionFate] = []
        self.ends: list[str] = []
        self.drained = 0
        self.stream = FilteredStream(self.clock, self.written.append, self.cut, self.drain)

    def cut(self, then: ConnectionFate) -> None:
        """
        The link would end.
        """
        self.cuts.append(then)

    def drain(self) -> None:
        """
        Bytes have gone on.
        """
        self.drained += 1

    def end(self, name: str = "end") -> None:
        """
        The sender has ended.
        """
        self.stream.end(lambda: self.ends.append(name))

    def have(self, *stages: tuple[str, Any], options: Any = None) -> set[str]:
        """
        Have these stages.
        """

        def maker(streamFilter: Any) -> Callable[[], Any]:
            return lambda: streamFilter

        return self.stream.arrange(
            [FilterSpec(key, options, maker(streamFilter)) for key, streamFilter in stages]
        )

    def heard(self) -> bytes:
        """
        What was written since the last call.
        """
        data = b"".join(self.written)
        self.written.clear()
        return data


class PassingTests(StreamCase):
    """
    Bytes on their way.
    """

    def test_idle(self) -> None:
        """
        Without stages bytes and the end go straight through.
        """
        self.assertTrue(self.stream.idle)
        self.stream.push(b"bytes")
        self.end()
        self.assertEqual((self.heard(), self.ends, self.stream.ended), (b"bytes", ["end"], True))
        self.end("again")
        self.assertEqual(self.ends, ["end", "again"])

    def test_stacked(self) -> None:
        """
        Stages add up, and the end comes behind the bytes.
        """
        self.assertEqual(self.have(("a", Later(1)), ("b", Later(2))), {"a", "b"})
        self.stream.push(b"bytes")
        self.end()
        self.assertEqual(self.stream.waiting(), 5 + 2 * ENTRY_COST)
        self.clock.pump([1, 1.9])
        self.assertEqual((self.heard(), self.ends), (b"", []))
        self.clock.advance(0.2)
        self.assertEqual((self.heard(), self.ends), (b"bytes", ["end"]))
        self.assertEqual(self.stream.waiting(), 0)
        self.assertGreaterEqual(self.drained, 1)

    def test_partsAreApart(self) -> None:
        """
        Each part of a push has a turn of the reactor for itself, though all are due.
        """
        self.have(("a", Later(0, size=2)))
        self.stream.push(b"abcdef")
        self.assertEqual(self.written, [b"ab"])
        (call,) = self.clock.getDelayedCalls()
        self.assertEqual(call.getTime(), 0)
        self.clock.advance(0)
        self.assertEqual(self.written, [b"ab", b"cd", b"ef"])

    def test_never(self) -> None:
        """
        What never goes on needs no timer, and nothing overtakes it.
        """
        self.have(("a", Later(math.inf)))
        self.stream.push(b"a")
        self.end()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.have()
        self.assertEqual((self.heard(), self.ends), (b"a", ["end"]))

    def test_nothing(self) -> None:
        """
        Bytes that a stage swallows do not count as waiting.
        """
        self.have(("a", Swallowing(None, StreamContext(Random(7), {}, 0.0, 0.0, "upstream"))))
        self.stream.push(b"bytes")
        self.assertEqual((self.heard(), self.stream.waiting()), (b"", 0))

    def test_flight(self) -> None:
        """
        Bytes that are under way do not count either.
        """
        streamFilter = Later(1)
        streamFilter.flight = 3
        self.have(("a", streamFilter))
        self.stream.push(b"abcde")
        self.assertEqual(self.stream.waiting(), 2 + ENTRY_COST)

    def test_stop(self) -> None:
        """
        Nothing more is written, and no timer is left.
        """
        streamFilter = Later(1)
        streamFilter.due = (5.0, ConnectionFate.CLOSE)
        self.have(("a", streamFilter))
        self.stream.push(b"bytes")
        self.end()
        self.stream.stop()
        self.stream.push(b"more")
        self.assertEqual(self.have(("b", Later())), set())
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual((self.written, self.ends), ([], []))


class ArrangingTests(StreamCase):
    """
    Stages come and go.
    """

    def test_removed(self) -> None:
        """
        What waits in a stage that is gone goes on at once, to the stages behind it.
        """
        self.have(("a", Later(9)), ("b", Later(1)))
        self.stream.push(b"one ")
        self.end()
        self.assertEqual(self.have(("b", None)), set())
        self.assertEqual(self.heard(), b"")
        self.clock.advance(1)
        self.assertEqual((self.heard(), self.ends), (b"one ", ["end"]))

    def test_added(self) -> None:
        """
        A stage in front of another keeps the order of what waits behind it.
        """
        self.have(("b", Later(2)))
        self.stream.push(b"one ")
        self.assertEqual(self.have(("a", Later(0.5)), ("b", None)), {"a"})
        self.stream.push(b"two")
        self.clock.pump([0.5, 1.5])
        self.assertEqual(self.heard(), b"one ")
        self.clock.advance(0.5)
        self.assertEqual(self.heard(), b"two")

    def test_swapped(self) -> None:
        """
        In another order all that waits goes out first.
        """
        self.have(("a", Later(1)), ("b", Later(5)))
        self.stream.push(b"one ")
        self.clock.advance(1)
        self.stream.push(b"two ")
        self.have(("b", None), ("a", None))
        self.assertEqual(self.heard(), b"one two ")
        self.stream.push(b"three")
        self.clock.pump([5, 1])
        self.assertEqual(self.heard(), b"three")

    def test_changed(self) -> None:
        """
        Other options move what waits, bytes and end; the same ones are not told.
        """
        streamFilter = Later(10)
        self.have(("a", streamFilter), options=10.0)
        self.stream.push(b"one")
        self.stream.push(b"two")
        self.end()
        self.have(("a", None), options=10.0)
        self.assertEqual(streamFilter.told, [])
        self.have(("a", None), options=3.0)
        self.assertEqual(streamFilter.told, [3.0])
        self.clock.advance(2.9)
        self.assertEqual(self.heard(), b"")
        self.clock.advance(0.1)
        self.assertEqual((self.heard(), self.ends), (b"onetwo", ["end"]))

    def test_keptEnd(self) -> None:
        """
        An end that a stage never lets pass goes on with the stage's end.
        """
        streamFilter = Later()
        streamFilter.ends = None
        self.have(("a", streamFilter))
        self.end()
        self.assertEqual(self.ends, [])
        self.have()
        self.assertEqual(self.ends, ["end"])

    def test_pitfall10_dropsEndsTheLink(self) -> None:
        """
        A stage that has lost bytes cannot be taken away from a link that goes on.
        """
        self.have(("a", Later(9, drops=True)))
        self.stream.push(b"one")
        self.assertEqual(self.have(), set())
        self.assertEqual((self.cuts, self.written), ([ConnectionFate.CLOSE], []))

    def test_orderUnderChurn(self) -> None:
        """
        Whatever stages come, go, change and swap: every byte comes once and in order.
        """
        for seed in range(40):
            self.setUp()
            source, sent = Random(seed), b""
            for number in range(120):
                names = source.sample("abcd", source.randrange(5))
                stages = [(name, Later(source.random(), source.randrange(1, 5))) for name in names]
                if number % 3 == 0:
                    self.have(*stages, options=source.choice([0.1, 0.5]))
                data = bytes([number]) * source.randrange(1, 9)
                sent += data
                self.stream.push(data)
                self.clock.advance(source.choice([0, 0.01, 0.3]))
            self.end()
            self.clock.pump([0.05] * 200)
            self.assertEqual((self.heard(), self.ends), (sent, ["end"]), f"seed {seed}")
            self.assertEqual(self.stream.waiting(), 0)


class DeadlineTests(StreamCase):
    """
    Stages that end the link.
    """

    def test_reset(self) -> None:
        """
        A reset is at once, whatever waits.
        """
        streamFilter = Later(9)
        streamFilter.due = (2.0, ConnectionFate.RESET)
        self.have(("a", streamFilter))
        self.stream.push(b"bytes")
        self.clock.advance(1.9)
        self.assertEqual(self.cuts, [])
        self.clock.advance(0.1)
        self.assertEqual((self.cuts, self.written), ([ConnectionFate.RESET], []))

    def test_closeBehindWhatHasLeft(self) -> None:
        """
        A close comes behind what has left the stage and waits in others; what has not,
        and what comes later, is lost.
        """
        limit = Later()
        self.have(("a", Later(3)), ("limit", limit), ("b", Later(1)))
        self.stream.push(b"one")
        self.clock.advance(2.5)
        self.stream.push(b"never")
        limit.due = (3.0, ConnectionFate.CLOSE)
        self.clock.advance(0.5)
        self.clock.advance(0)
        self.stream.push(b"nor this")
        self.end()
        self.assertEqual((self.cuts, self.heard()), ([], b""))
        self.clock.advance(1)
        self.assertEqual((self.cuts, self.heard(), self.ends), ([ConnectionFate.CLOSE], b"one", []))
        self.clock.advance(9)
        self.assertEqual(self.written, [])

    def test_lastingThroughChanges(self) -> None:
        """
        A stage that has ended the stream is not made again while the rest goes on.
        """
        limit = Later()
        limit.due = (0.0, ConnectionFate.CLOSE)
        self.have(("limit", limit), ("b", Later(1)))
        self.stream.push(b"one")
        self.clock.advance(0)
        self.assertEqual(self.have(("limit", Later()), ("b", None)), set())
        self.clock.advance(1)
        self.assertEqual((self.cuts, self.heard()), ([ConnectionFate.CLOSE], b"one"))

    def test_afterTheEnd(self) -> None:
        """
        Once the end has passed a close is at once, and one that waits for it stays behind it.
        """
        limit = Later()
        limit.due = (1.0, ConnectionFate.CLOSE)
        self.have(("limit", limit))
        self.end()
        self.clock.advance(1)
        self.assertEqual((self.cuts, self.ends), ([ConnectionFate.CLOSE], ["end"]))
        self.setUp()
        limit = Later()
        limit.due = (1.0, ConnectionFate.CLOSE)
        self.have(("limit", limit), ("b", Later(3)))
        self.end()
        self.clock.advance(1)
        self.assertEqual(self.cuts, [])
        self.clock.advance(2)
        self.assertEqual(self.cuts, [ConnectionFate.CLOSE])

    def test_moved(self) -> None:
        """
        Other options may move a deadline, or lift it.
        """
        streamFilter = Later()
        streamFilter.due = (2.0, ConnectionFate.RESET)
        self.have(("a", streamFilter))
        streamFilter.due = (4.0, ConnectionFate.RESET)
        self.have(("a", None), options="other")
        self.clock.advance(3)
        self.assertEqual(self.cuts, [])
        streamFilter.due = None
        self.have(("a", None), options="another")
        self.clock.advance(3)
        self.assertEqual((self.cuts, self.clock.getDelayedCalls()), ([], []))
