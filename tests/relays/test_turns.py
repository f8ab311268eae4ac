"""
Tests for L{vaurien_twisted.relays.turns}, alone and in links.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.relays import support
from tests.relays.support import Pair
from vaurien_twisted.relays.turns import SHORT, SLICE, Turns


class Ticking(Clock):
    """
    A clock on which each look takes a while.
    """

    tick = 0.0

    def seconds(self) -> float:
        """
        The time, a little later at each look.
        """
        self.rightNow += self.tick
        return super().seconds()

    def turn(self) -> bool:
        """
        Make the one call that is due next; C{False} where none is.
        """
        if not self.calls or self.calls[0].getTime() > self.rightNow:
            return False
        call = self.calls.pop(0)
        call.called = 1
        call.func(*call.args, **call.kw)
        return True


class TurnsTests(SynchronousTestCase):
    """
    Work in slices.
    """

    def setUp(self) -> None:
        self.clock = Ticking()
        self.turns = Turns(self.clock)
        self.done: list[int] = []

    def note(self, number: int) -> Callable[[], None]:
        """
        A call to be made later.
        """
        return lambda: self.done.append(number)

    def test_pitfall38_later(self) -> None:
        """
        Calls are made in order, and not from within.
        """
        for number in range(3):
            self.turns.later(self.note(number))
        self.assertEqual(self.done, [])
        self.clock.advance(0)
        self.assertEqual(self.done, [0, 1, 2])

    def test_pitfall38_slices(self) -> None:
        """
        Those that take longer than a slice together have several turns of the reactor.
        """
        self.clock.tick = SLICE / 2
        for number in range(9):
            self.turns.later(self.note(number))
        calls = 0
        before = 0
        while self.clock.turn():
            self.assertLess(len(self.done) - before, 4)
            before = len(self.done)
            calls += 1
        self.assertEqual(self.done, list(range(9)))
        self.assertGreater(calls, 2)

    def test_pitfall38_deadline(self) -> None:
        """
        Work has a slice, or less while other work waits, and shares that of a slice.
        """
        self.assertEqual(self.turns.deadline(), SLICE)
        self.turns.later(self.note(1))
        self.assertEqual(self.turns.deadline(), SHORT)
        with self.turns.slice(), self.turns.slice():
            self.assertEqual(self.turns.deadline(), SLICE)
            self.assertFalse(self.turns.spent)
            self.clock.rightNow = 1
            self.assertTrue(self.turns.spent)
        self.assertFalse(self.turns.spent)


class LinkTests(SynchronousTestCase):
    """
    No turn of the reactor is without a bound, and nothing changes its order.
    """

    def pair(self, wire: str, behavior: str, **more: object) -> tuple[Pair, Ticking]:
        """
        A link on a clock that ticks once the link is there.
        """
        clock = Ticking()
        self.patch(support, "Clock", lambda: clock)
        pair = Pair(wire, behavior, **more)
        clock.tick = SLICE
        return pair, clock

    def settle(self, clock: Ticking) -> int:
        """
        Have turns of the reactor until nothing is to be done now: how many.
        """
        turns = 0
        while clock.turn():
            turns += 1
            self.assertLess(turns, 10000)
        return turns

    def test_pitfall38_requests(self) -> None:
        """
        A pipeline of thousands of requests that are answered at once takes many turns, with
        the client paused, and what comes meanwhile comes after.
        """
        pair, clock = self.pair("redis", "error")
        pair.relay.dataReceived(b"*1\r\n$4\r\nPING\r\n" * 2000)
        self.assertEqual(pair.client.producerState, "paused")
        first = pair.client.value().count(b"\r\n")
        self.assertLess(first, 100)
        pair.relay.dataReceived(b"*1\r\n$4\r\nPING\r\n" * 10)
        self.assertGreater(self.settle(clock), 10)
        self.assertEqual(pair.client.value().count(b"\r\n"), 2010)
        self.assertEqual(pair.client.producerState, "producing")

    def test_pitfall38_replies(self) -> None:
        """
        So do thousands of replies in one chunk, in order, and the end comes behind them.
        """
        pair, clock = self.pair("redis", "delay", options={"sleep": 0, "before": False})
        clock.tick = 0
        pair.ask(b"*1\r\n$4\r\nPING\r\n" * 2000)
        clock.tick = SLICE
        replies = b"".join(b":%d\r\n" % number for number in range(2000))
        pair.backendProtocol.dataReceived(replies[:-100])
        self.assertEqual(pair.backend.producerState, "paused")
        self.assertLess(len(pair.client.value()), 2000)
        pair.backendProtocol.dataReceived(replies[-100:])
        pair.backendProtocol.readConnectionLost()
        self.assertEqual(pair.client.ended, [])
        self.settle(clock)
        self.assertEqual(pair.client.heard(), replies)
        self.assertEqual(pair.client.ended, ["half"])

    def test_pitfall38_clientGone(self) -> None:
        """
        What a client has said that is gone still reaches the backend, whole.
        """
        pair, clock = self.pair("redis", "delay", options={"sleep": 0})
        request = b"*1\r\n$4\r\nPING\r\n" * 2000
        pair.relay.dataReceived(request)
        pair.relay.readConnectionLost()
        pair.loseClient()
        self.assertEqual(pair.backend.ended, [])
        self.settle(clock)
        self.assertEqual(pair.backend.heard(), request)
        self.assertEqual(pair.backend.ended, ["lose"])

    def test_pitfall38_waits(self) -> None:
        """
        Waits that are over at the same moment end in several turns, in order.
        """
        pair, clock = self.pair("redis", "delay", options={"sleep": 1})
        clock.tick = 0
        requests = [b"*2\r\n$3\r\nGET\r\n$4\r\n%04d\r\n" % n for n in range(2000)]
        for request in requests:
            # Those that arrive together wait together.
            clock.rightNow += 0.00001
            pair.relay.dataReceived(request)
        clock.tick = SLICE
        clock.rightNow += 2
        self.assertGreater(self.settle(clock), 10)
        self.assertEqual(pair.backend.heard(), b"".join(requests))

    def test_pitfall38_lifting(self) -> None:
        """
        So does what a hang kept back, when it is lifted.
        """
        pair, clock = self.pair("redis", "hang")
        clock.tick = 0
        requests = b"".join(b"*2\r\n$3\r\nGET\r\n$4\r\n%04d\r\n" % n for n in range(2000))
        pair.relay.dataReceived(requests)
        clock.tick = SLICE
        pair.setBehavior("dummy")
        pair.relay.dataReceived(b"*2\r\n$3\r\nGET\r\n$4\r\nlast\r\n")
        self.settle(clock)
        self.assertEqual(pair.backend.heard(), requests + b"*2\r\n$3\r\nGET\r\n$4\r\nlast\r\n")

    def test_pitfall38_stages(self) -> None:
        """
        So do the parts that a stage let go at the same moment.
        """
        pair, clock = self.pair("tcp", "latency", options={"latency": 1000})
        clock.tick = 0
        parts = [b"%04d" % number for number in range(2000)]
        for part in parts:
            pair.relay.dataReceived(part)
        clock.tick = SLICE
        clock.rightNow += 2
        self.assertGreater(self.settle(clock), 10)
        self.assertEqual(pair.backend.heard(), b"".join(parts))

    def test_pitfall38_stageRemoved(self) -> None:
        """
        What a stage holds that is removed goes on as one, in order.
        """
        pair, _ = self.pair("tcp", "latency", options={"latency": 1000})
        parts = [b"%04d" % number for number in range(2000)]
        for part in parts:
            pair.relay.dataReceived(part)
        written: list[bytes] = []
        self.patch(pair.backend, "write", written.append)
        pair.setBehavior("dummy")
        self.assertEqual(written, [b"".join(parts)])
