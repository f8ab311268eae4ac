"""
Tests for L{vaurien_twisted.behaviors.loss}.
"""

from __future__ import annotations

from itertools import pairwise

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import near, optionsOf, streamFilter
from vaurien_twisted.behaviors.loss import RETRIES, SEGMENT


class LossTests(SynchronousTestCase):
    """
    Lost segments arrive later.
    """

    def test_noByteIsMissing(self) -> None:
        """
        All bytes come, in order; segments that come together are one part.
        """
        data = bytes(range(256)) * 400
        line = streamFilter("loss", p=0.2, r=0.5)
        parts = line.push(data, 0.0)
        self.assertEqual(b"".join(part for _, part in parts), data)
        whens = [when for when, _ in parts]
        self.assertEqual(whens, sorted(set(whens)))
        self.assertTrue(1 < len(parts) < len(data) / SEGMENT)
        for _, part in parts[:-1]:
            self.assertEqual(len(part) % SEGMENT, 0)

    def late(self, count: int = 20_000, **options: float) -> list[bool]:
        """
        Which of many segments are late, each sent when those before have come through.
        """
        line, now, late = streamFilter("loss", **options), 0.0, []
        for _ in range(count):
            ((when, _),) = line.push(b"x", now)
            late.append(when > now)
            now = when
        return late

    def test_good(self) -> None:
        """
        A line that is always good loses as many as it is told to.
        """
        late = self.late(p=0.0, loss_good=0.1)
        near(self, sum(late) / len(late), 0.1, 0.01)
        self.assertFalse(any(self.late(1000, p=0.0)))

    def test_bursts(self) -> None:
        """
        A line that turns bad loses segments in a row, which one that is evenly bad with
        as many losses does not.
        """

        def pairs(late: list[bool]) -> float:
            return sum(a and b for a, b in pairwise(late)) / sum(late)

        bursts = self.late(p=0.01, r=0.1, loss_bad=0.5)
        even = self.late(p=0.0, loss_good=sum(bursts) / len(bursts))
        self.assertGreater(pairs(bursts), 3 * pairs(even))

    def test_timeouts(self) -> None:
        """
        A segment that is lost again and again takes twice as long each time, up to 120
        seconds, and gets through at last.
        """
        line = streamFilter("loss", p=1.0, r=0.0, rto=100)
        ((when, _),) = line.push(b"x", 0.0)
        waits = [min(0.1 * 2**n, 120.0) for n in range(RETRIES)]
        self.assertAlmostEqual(when, sum(waits))
        self.assertEqual(line.end(1.0), when)
        line.update(optionsOf("loss", p=0.0, r=1.0), 1.0)
        self.assertEqual(line.push(b"y", when + 1), ((when + 1, b"y"),))
        self.assertEqual(line.end(when + 2), when + 2)

    def test_headOfLine(self) -> None:
        """
        What follows a lost segment waits for it.
        """
        line = streamFilter("loss", p=1.0, r=0.0, rto=100)
        ((first, _),) = line.push(b"x", 0.0)
        line.update(optionsOf("loss", p=0.0, r=1.0), 0.0)
        self.assertEqual(line.push(b"y", 0.5), ((first, b"y"),))
