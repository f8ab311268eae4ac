"""
Tests for L{vaurien_twisted.wire.division}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.batch_decision import BatchDecision, Part
from vaurien_twisted.model.decision import Decision
from vaurien_twisted.wire.division import MOST, MOST_ALONE, MOST_DECIDED, STOPPED, Division

WAITS = BatchDecision(Decision())
CHANCE = BatchDecision(Decision(), chances=((object(),),))

Told = list[tuple[int, int, list[str]]]


def told(parts: list[Part]) -> Told:
    """
    Where parts end, how many requests pass in each, and the subjects of those that are decided.
    """
    subjects = [[] if each.decided is None else each.decided.requests for each in parts]
    return [
        (part.end, part.count, [request[1] for request in requests])
        for part, requests in zip(parts, subjects, strict=True)
    ]


class DivisionTests(SynchronousTestCase):
    """
    Requests that are found one after the other.
    """

    def setUp(self) -> None:
        """
        A chunk of which nothing is known.
        """
        self.division = Division()
        self.end = 0

    def decide(self, batchDecision: BatchDecision, count: int = 1) -> None:
        """
        The next requests, of 10 bytes each; the subject of each is where it ends.
        """
        ends = [self.end + 10 * place for place in range(1, count + 1)]
        self.end = ends[-1]
        self.division.decided(batchDecision, [("GET", str(end), b"", None) for end in ends], ends)

    def leave(self, count: int = 1) -> None:
        """
        The next requests, to which nothing happens.
        """
        self.end += 10 * count
        self.division.unaffected(count, self.end)

    def alone(self) -> None:
        """
        The next request, which is decided by itself.
        """
        self.end += 10
        self.division.alone(self.end)

    def parts(self) -> Told:
        """
        All parts, where there are several.
        """
        count, decided, parts = self.division.passed()
        self.assertEqual((count, decided), (0, None))
        return told(list(parts))

    def test_untreated(self) -> None:
        """
        Requests to which nothing happens pass together.
        """
        self.leave(3)
        self.leave()
        self.assertEqual(self.division.passed(), (4, None, ()))

    def test_treated(self) -> None:
        """
        So do those to which the same happens.
        """
        self.decide(WAITS, 2)
        self.decide(WAITS)
        count, decided, parts = self.division.passed()
        assert decided is not None
        self.assertEqual((count, decided.commands, parts), (3, ("GET",) * 3, ()))

    def test_chance(self) -> None:
        """
        Where numbers are to be drawn, it is known where each request ends.
        """
        self.decide(CHANCE, 3)
        count, _, parts = self.division.passed()
        self.assertEqual((count, list(parts[0].ends)), (3, [10, 20, 30]))

    def test_several(self) -> None:
        """
        Each run of requests to which the same happens is a part, and so is each that is decided by
        itself.
        """
        self.decide(WAITS, 2)
        self.alone()
        self.alone()
        self.leave(2)
        self.decide(WAITS)
        self.decide(CHANCE)
        self.assertEqual(
            self.parts(),
            [(20, 2, ["10", "20"]), (30, 0, []), (40, 0, []), (60, 2, []), (70, 1, ["70"]),
             (80, 1, ["80"])],
        )  # fmt: skip

    def test_over(self) -> None:
        """
        A chunk is not divided if too many requests are decided by themselves, if something happens
        to too many, or if it has too many.
        """
        self.alone()
        self.assertTrue(self.division.over)
        self.assertEqual(self.division.passed(), STOPPED)
        for act, count in (
            (self.alone, MOST_ALONE),
            (lambda: self.decide(WAITS), MOST_DECIDED),
            (self.leave, MOST - MOST_ALONE),
        ):
            self.setUp()
            self.leave(MOST_ALONE)
            for _ in range(count):
                act()
            self.assertFalse(self.division.over)
            act()
            self.assertTrue(self.division.over)
            self.assertEqual(self.division.passed(), STOPPED)

    @given(st.lists(st.booleans(), min_size=1, max_size=9))
    def test_without(self, struck: list[bool]) -> None:
        """
        A part is divided where its requests are decided by themselves: no byte is lost, and none
        of the others.
        """
        self.setUp()
        self.decide(CHANCE, len(struck))
        [part] = self.division.passed()[2]
        places = [place for place, each in enumerate(struck) if each]
        parts = part.without(places)
        self.assertEqual(parts[-1].end, part.end)
        self.assertEqual([each.end for each in parts if not each.count],
                         [10 * place + 10 for place in places])  # fmt: skip
        kept = [subject for _, _, subjects in told(parts) for subject in subjects]
        self.assertEqual(
            kept, [str(10 * place + 10) for place, each in enumerate(struck) if not each]
        )
        ends = [0, *(each.end for each in parts)]
        for start, each in zip(ends, parts, strict=False):
            self.assertEqual((each.end - start) // 10, each.count or 1)
