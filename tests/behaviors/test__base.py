"""
Tests for L{vaurien_twisted.behaviors._base}.
"""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.behaviors.filters import REGISTRY, optionsOf, streamFilter
from vaurien_twisted.behaviors._base import PassThroughFilter
from vaurien_twisted.interfaces import IStreamBehavior, IStreamFilter
from vaurien_twisted.interfaces.effects import IStreamEffect
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.rules.registry import STREAMS


class StageTests(SynchronousTestCase):
    """
    What all stream behaviors keep to.
    """

    def test_plain(self) -> None:
        """
        The plain stage passes all at once, loses nothing and ends nothing.
        """
        plain = PassThroughFilter(None, StreamContext(Random(7), {}, 0.0, 0.0, "upstream"))
        self.assertEqual(list(plain.push(b"bytes", 3.0)), [(3.0, b"bytes")])
        self.assertEqual((plain.end(4.0), plain.deadline(4.0)), (4.0, None))
        self.assertIsNone(plain.update(None, 5.0))
        self.assertEqual((plain.drops, plain.flight), (False, 0))

    def test_interfaces(self) -> None:
        """
        Every one of them has a direction, and makes filters.
        """
        self.assertGreater(len(STREAMS), 10)
        for behavior in STREAMS:
            self.assertTrue(verifyObject(IStreamBehavior, behavior))
            self.assertIs(REGISTRY.behavior(behavior.name).name, behavior.name)
            self.assertEqual(behavior.options().direction, "both", behavior.name)
            for to in ("upstream", "downstream"):
                self.assertTrue(verifyObject(IStreamFilter, streamFilter(behavior.name, to=to)))

    def test_effects(self) -> None:
        """
        Each says in plain words what it does, with its numbers.
        """
        for name, options, words in (
            ("latency", {"latency": 100}, "delayed 100 ms both ways"),
            ("latency", {"latency": 100, "jitter": 20}, "delayed 100 ± 20 ms both ways"),
            ("bandwidth", {"rate": 1000}, "limited to 1,000 KB/s both ways"),
            ("bandwidth", {"rate": 0}, "stopped both ways"),
            ("slicer", {"average_size": 64}, "sent in pieces of 64 bytes both ways"),
            (
                "slicer",
                {"average_size": 64, "delay": 10, "direction": "upstream"},
                "sent in pieces of 64 bytes 10 µs apart to the backend",
            ),
            ("loss", {"direction": "downstream"}, "segments lost and sent again to the client"),
            ("packet_loss", {}, "segments lost and sent again both ways"),
            ("corrupt", {}, "bits flipped both ways"),
            ("limit_data", {"bytes": 1000}, "connection closed after 1,000 bytes both ways"),
            ("lifetime", {"seconds": 2.5}, "connection closed at the age of 2.5 s"),
            ("lifetime", {"seconds": 2, "reset": True}, "connection reset at the age of 2 s"),
            ("reset_peer", {}, "connection reset after its first bytes both ways"),
            ("reset_peer", {"timeout": 5}, "connection reset 5 ms after its first bytes both ways"),
            ("slow_close", {"delay": 5}, "end of the connection delayed 5 ms both ways"),
            ("slow_open", {"delay": 5}, "first bytes held 5 ms both ways"),
            ("timeout", {}, "bytes dropped both ways"),
            ("timeout", {"timeout": 5}, "bytes dropped both ways, connection closed after 5 ms"),
            ("down", {}, "connection reset"),
            ("refuse", {}, "connection refused"),
        ):
            made = optionsOf(name, **options)
            self.assertEqual(IStreamEffect(REGISTRY.behavior(name)).effect(made), words)
        for behavior in STREAMS:
            self.assertTrue(verifyObject(IStreamEffect, behavior))

    def test_timesNeverDecrease(self) -> None:
        """
        Of everything that is pushed into a stage, with other options between, the times
        never decrease, and nothing is made earlier than it came.
        """
        for behavior in STREAMS:
            made = streamFilter(behavior.name)
            last = 0.0
            for number in range(20):
                now = number / 10
                for when, _ in made.push(b"x" * 4000, now):
                    self.assertGreaterEqual(when, last, behavior.name)
                    last = when
                if number == 10:
                    made.update(optionsOf(behavior.name), now)
