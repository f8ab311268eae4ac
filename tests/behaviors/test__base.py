"""
Tests for L{vaurien_twisted.behaviors._base}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.behaviors.filters import REGISTRY, optionsOf, streamFilter
from vaurien_twisted.behaviors._base import PassThroughFilter
from vaurien_twisted.interfaces import IStreamBehavior, IStreamFilter
from vaurien_twisted.rules.registry import STREAMS


class StageTests(SynchronousTestCase):
    """
    What all stream behaviors keep to.
    """

    def test_plain(self) -> None:
        """
        The plain stage passes all at once, loses nothing and ends nothing.
        """
        plain = PassThroughFilter()
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
