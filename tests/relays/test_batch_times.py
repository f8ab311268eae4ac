"""
Tests for L{vaurien_twisted.relays.batch_times}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.relays.batch_times import BatchTimes
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules

GET, VALUE = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", b"$3\r\nxxx\r\n"


class BatchTimesTests(SynchronousTestCase):
    """
    L{BatchTimes}.
    """

    @given(st.lists(st.tuples(st.booleans(), st.integers(1, 5)), max_size=40), st.booleans())
    def test_oneByOne(self, steps: list[tuple[bool, int]], taken: bool) -> None:
        """
        Each exchange takes the time from its chunk to its reply, as if they were told apart.
        """
        clock = Clock()
        found: list[float] = []
        times = BatchTimes(clock.seconds, lambda s, n: found.extend([s] * n))
        waiting: list[float] = []
        expected: list[float] = []
        for asks, count in steps:
            clock.advance(1)
            if asks:
                times.asked(count, clock.seconds())
                waiting += [clock.seconds()] * count
            elif waiting:
                count = min(count, len(waiting))
                times.replied(count)
                expected += [clock.seconds() - began for began in waiting[:count]]
                del waiting[:count]
        self.assertEqual(found, expected)
        if taken:
            self.assertEqual([began for began, _ in times.taken()], waiting)
            self.assertEqual(list(times.taken()), [])


class TimedTests(SynchronousTestCase):
    """
    Links on which nothing is in force.
    """

    def test_timed(self) -> None:
        """
        What is passed over is timed, chunk by chunk.
        """
        pair = Pair("redis")
        duration = pair.factory.counters.duration
        pair.ask(GET)
        pair.clock.advance(0.5)
        pair.ask(GET * 2)
        pair.clock.advance(0.5)
        self.assertEqual(duration.count, 0)
        pair.answer(VALUE * 2)
        pair.clock.advance(1)
        pair.answer(VALUE)
        self.assertEqual((duration.count, duration.total), (3, 1 + 0.5 + 1.5))

    def test_toldApart(self) -> None:
        """
        Nor does it matter that exchanges are told apart while they await their replies: by a
        reply that comes in two parts, or by a plan.
        """
        pair = Pair("redis")
        duration = pair.factory.counters.duration
        pair.ask(GET * 2)
        pair.clock.advance(0.5)
        pair.ask(GET)
        pair.answer(VALUE + VALUE[:3])
        pair.clock.advance(0.25)
        pair.answer(VALUE[3:])
        self.assertEqual((duration.count, duration.total), (2, 0.5 + 0.75))
        ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("redis"))
        pair.factory.setPlan(
            planFromRules(ruleBuilder, [{"behavior": "delay", "options": {"sleep": 0}}])
        )
        pair.ask(GET)
        pair.clock.advance(1)
        pair.answer(VALUE * 2)
        self.assertEqual((duration.count, duration.total), (4, 0.5 + 0.75 + 1.25 + 1))

    def test_other(self) -> None:
        """
        Every protocol that passes over times it.
        """
        for wire, request, reply in (
            ("http", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 204 No\r\n\r\n"),
            ("memcache", b"get k\r\n", b"END\r\n"),
        ):
            pair = Pair(wire)
            duration = pair.factory.counters.duration
            pair.ask(request)
            pair.clock.advance(2)
            pair.answer(reply)
            self.assertEqual((duration.count, duration.total), (1, 2.0), wire)
