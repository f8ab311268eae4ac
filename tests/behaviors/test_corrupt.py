"""
Tests for L{vaurien_twisted.behaviors.corrupt}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import near, optionsOf, streamFilter


class CorruptTests(SynchronousTestCase):
    """
    Flipped bits.
    """

    def wrong(self, rate: float, sizes: list[int], seed: int = 7) -> list[int]:
        """
        Which of many zero bytes come out otherwise, pushed in parts of these sizes.
        """
        line, out = streamFilter("corrupt", rate=rate, seed=seed), b""
        for size in sizes:
            ((when, part),) = line.push(bytes(size), 1.0)
            self.assertEqual((when, len(part)), (1.0, size))
            out += part
        for byte in out:
            self.assertIn(byte, (0, 1, 2, 4, 8, 16, 32, 64, 128))
        return [place for place, byte in enumerate(out) if byte]

    def test_rate(self) -> None:
        """
        So many bytes have one wrong bit, spread over all of them.
        """
        for rate in (0.001, 0.05, 0.7):
            wrong = self.wrong(rate, [200_000])
            near(self, len(wrong) / 200_000, rate, rate / 8)
            half = sum(place < 100_000 for place in wrong)
            near(self, half / len(wrong), 0.5, 0.08)

    def test_parts(self) -> None:
        """
        The same bytes are wrong however they are cut, and others by another seed.
        """
        whole = self.wrong(0.01, [30_000])
        self.assertEqual(self.wrong(0.01, [1, 9_999, 20_000]), whole)
        self.assertEqual(self.wrong(0.01, [100] * 300), whole)
        self.assertNotEqual(self.wrong(0.01, [30_000], seed=8), whole)

    def test_bounds(self) -> None:
        """
        0 is none and 1 is all; the smallest rate there is can be had.
        """
        self.assertEqual(self.wrong(0, [50_000, 50_000]), [])
        self.assertEqual(self.wrong(1, [3, 5]), list(range(8)))
        self.assertEqual(self.wrong(5e-324, [50_000]), [])

    def test_changed(self) -> None:
        """
        Another rate counts from the next byte on.
        """
        line = streamFilter("corrupt", rate=0)
        line.push(bytes(10), 0.0)
        line.update(optionsOf("corrupt", rate=1), 0.0)
        ((_, part),) = line.push(bytes(10), 0.0)
        self.assertNotIn(0, part)
