"""
Tests for the bounds of draws in L{vaurien_twisted.model.decision}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.decision import drawBound, drawnBetween, drawnHash, drawnPercent

PERCENTS = st.one_of(
    st.sampled_from((0.0, 0.1, 1.0, 10.0, 33.3, 50.0, 99.9, 100.0)),
    st.floats(0, 100),
    # What sums of shares are.
    st.lists(st.sampled_from((0.1, 0.7, 10.0, 33.3)), max_size=3).map(sum),
)


class BoundTests(SynchronousTestCase):
    """
    Hashes are compared as the numbers would be that are made of them.
    """

    @given(PERCENTS)
    def test_bound(self, percent: float) -> None:
        """
        The bound is the first hash of which a number of at least C{percent} is made.
        """
        bound = drawBound(percent)
        if len(bound) > 8:
            self.assertEqual(percent, 100.0)
            self.assertGreater(bound, b"\xff" * 8)
            return
        least = int.from_bytes(bound, "big") >> 11
        self.assertGreaterEqual(least / 2**53 * 100, percent)
        if least:
            self.assertLess((least - 1) / 2**53 * 100, percent)

    @given(
        st.integers(0, 2**63 - 1),
        st.text(max_size=9),
        st.integers(0, 2**64 - 1),
        st.integers(0, 2**32),
        PERCENTS,
        PERCENTS,
    )
    def test_same(
        self, seed: int, proxy: str, connection: int, first: int, one: float, other: float
    ) -> None:
        """
        The same exchanges are chosen.
        """
        low, high = sorted((one, other))
        bounds = drawBound(low), drawBound(high)
        place = seed, proxy, connection
        numbers = [drawnPercent(*place, first + each, 3) for each in range(20)]
        expected = [each for each, drawn in enumerate(numbers) if low <= drawn < high]
        self.assertEqual(drawnBetween(*place, first, 20, 3, *bounds), expected)
        hashes = [drawnHash(*place, first + each, 3) for each in range(20)]
        chosen = [each for each, own in enumerate(hashes) if bounds[0] <= own < bounds[1]]
        self.assertEqual(chosen, expected)
