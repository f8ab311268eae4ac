"""
Tests for L{vaurien_twisted.behaviors.slicer}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import near, optionsOf, streamFilter


class SlicerTests(SynchronousTestCase):
    """
    Small slices.
    """

    def test_sizes(self) -> None:
        """
        Slices are of the average size, within its variation, and make up what was pushed.
        """
        data = bytes(range(256)) * 100
        parts = [
            part
            for _, part in streamFilter("slicer", average_size=64, size_variation=16).push(
                data, 0.0
            )
        ]
        self.assertEqual(b"".join(parts), data)
        sizes = [len(part) for part in parts[:-1]]
        self.assertTrue(48 <= min(sizes) < 52 and 76 < max(sizes) <= 80, sizes)
        near(self, sum(sizes) / len(sizes), 64, 3)

    def test_delay(self) -> None:
        """
        Each follows a delay after the last one, in microseconds, also from one push to the next.
        """
        slicer = streamFilter("slicer", average_size=1, delay=1500)
        self.assertEqual([part for _, part in slicer.push(b"abc", 1.0)], [b"a", b"b", b"c"])
        (when, _), *_ = slicer.push(b"d", 1.0)
        self.assertAlmostEqual(when, 1.0045)
        (when, _), *_ = slicer.push(b"e", 5.0)
        self.assertEqual(when, 5.0)

    def test_whole(self) -> None:
        """
        Without a size nothing is sliced, and a variation above the size leaves a byte.
        """
        self.assertEqual(list(streamFilter("slicer").push(b"abc", 1.0)), [(1.0, b"abc")])
        wild = streamFilter("slicer", average_size=1, size_variation=9)
        parts = [part for _, part in wild.push(bytes(500), 0.0)]
        self.assertEqual(sum(map(len, parts)), 500)
        self.assertNotIn(b"", parts)

    def test_changed(self) -> None:
        """
        A long delay is not waited for when it has become a short one.
        """
        slicer = streamFilter("slicer", average_size=1, delay=60_000_000)
        pushed = iter(slicer.push(b"abc", 0.0))
        next(pushed)
        slicer.update(optionsOf("slicer", average_size=2, delay=1000), 1.0)
        self.assertEqual(next(pushed), (1.001, b"bc"))
