"""
Tests for L{vaurien_twisted.experiments.bisect}.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.experiments.bisect import smallest, smallestOfGroups


class BisectTests(SynchronousTestCase):
    """
    Causes are numbers.
    """

    def find(
        self, causes: Sequence[int], breaks: Callable[[set[int]], bool], groups: int = 0
    ) -> tuple[list[int], int]:
        """
        The smallest set, and the number of runs.

        @param groups: how many causes belong together; 0: none.
        """
        asked: list[list[int]] = []

        async def ask(some: Sequence[int]) -> bool:
            asked.append(list(some))
            self.assertEqual(sorted(some), list(some))
            return breaks(set(some))

        if groups:
            parted = [causes[at : at + groups] for at in range(0, len(causes), groups)]
            coroutine = smallestOfGroups(parted, ask)
        else:
            coroutine = smallest(causes, ask)
        return self.successResultOf(Deferred.fromCoroutine(coroutine)), len(asked)

    def test_one(self) -> None:
        """
        One of sixteen, whichever it is, in few runs.
        """
        for guilty in range(16):
            found, asked = self.find(range(16), lambda some, guilty=guilty: guilty in some)
            self.assertEqual(found, [guilty])
            self.assertLessEqual(asked, 9)

    def test_several(self) -> None:
        """
        Several causes that have an effect only together: none of the result can be removed.
        """
        dice = random.Random(7)
        for _ in range(200):
            causes = range(dice.randrange(1, 40))
            guilty = set(dice.sample(causes, dice.randrange(1, min(4, len(causes)) + 1)))
            for groups in (0, 1, 5):
                found, _ = self.find(causes, guilty.issubset, groups)
                self.assertEqual(set(found), guilty)

    def test_either(self) -> None:
        """
        Where each of two is enough, one is found.
        """
        found, _ = self.find(range(16), lambda some: bool(some & {3, 12}))
        self.assertIn(found, ([3], [12]))

    def test_none(self) -> None:
        """
        The effect is there without any cause.
        """
        self.assertEqual(self.find(range(16), lambda some: True)[0], [])
