"""
Tests for L{vaurien_twisted.wire.fastpath}.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.decision import NOTHING
from vaurien_twisted.model.exchange import Exchange, PassedBatch
from vaurien_twisted.wire.fastpath import FormedRun, expand, extend, take


class RunsTests(SynchronousTestCase):
    """
    Runs grow, shrink and are told apart.
    """

    def run_(
        self, awaiting: deque[Any], run: PassedBatch | None, number: int, forms: bytes
    ) -> PassedBatch:
        """
        Extend by requests whose context is the name of their form.
        """
        return extend(awaiting, run, number, forms, "form {}".format)

    def test_grows(self) -> None:
        """
        What follows the run in numbers becomes part of it.
        """
        awaiting: deque[Any] = deque()
        run = self.run_(awaiting, None, 3, b"\0\1")
        self.assertIs(self.run_(awaiting, run, 5, b"\2"), run)
        self.assertEqual((run.next, run.left, list(awaiting)), (3, 3, [run]))

    def test_gap(self) -> None:
        """
        Behind a number without a place another run begins.
        """
        awaiting: deque[Any] = deque()
        run = self.run_(awaiting, None, 1, b"\0")
        other = self.run_(awaiting, run, 3, b"\1")
        self.assertEqual(list(awaiting), [run, other])
        self.assertEqual((other.next, other.left), (3, 1))

    def test_toldApart(self) -> None:
        """
        Those that have not passed have their own numbers and the contexts of their forms,
        in their place, and are the same to all who ask.
        """
        awaiting: deque[Any] = deque([Exchange(1)])
        run = self.run_(awaiting, None, 2, b"\0\1\2\3")
        awaiting.append(Exchange(6))
        run.passed(2)
        exchanges = run.expand(NOTHING)
        expand(awaiting, NOTHING)
        self.assertEqual([each.number for each in awaiting], [1, 4, 5, 6])
        self.assertEqual([each.context for each in awaiting], [None, "form 2", "form 3", None])
        self.assertIs(awaiting[1], exchanges[0])
        self.assertTrue(exchanges[0].complete)
        self.assertIs(exchanges[0].decision, NOTHING)

    def test_taken(self) -> None:
        """
        A run is awaited until all of its replies have passed; nothing of it is left then.
        """
        awaiting: deque[Any] = deque()
        run = self.run_(awaiting, None, 1, b"\0\1\2")
        assert isinstance(run, FormedRun)
        self.assertEqual(take(awaiting, run, 2), 2)
        self.assertEqual((run.next, run.left, list(awaiting)), (3, 1, [run]))
        self.assertEqual(take(awaiting, run, 1), 1)
        self.assertEqual((run.left, list(awaiting), run.expand(NOTHING)), (0, [], []))

    def test_formsKnown(self) -> None:
        """
        A run has a form for each exchange that is left.
        """
        run = FormedRun(1, b"\0", str)
        run.grow(b"\1\2")
        run.passed(1)
        self.assertEqual((run.next, run.left, run.forms), (2, 2, b"\1\2"))
