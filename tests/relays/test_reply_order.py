"""
Tests for L{vaurien_twisted.relays.reply_order}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.commands import Reply
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.relays.memory import EXCHANGE_COST, EXCHANGES_LIMIT
from vaurien_twisted.relays.reply_order import ReplyOrder


class PipelineTests(SynchronousTestCase):
    """
    Answers take their requests' places.
    """

    def setUp(self) -> None:
        self.given: list[bytes] = []
        self.pipeline = ReplyOrder(lambda reply: self.given.append(reply.data))
        self.exchanges = [Exchange(number) for number in range(1, 6)]
        for exchange in self.exchanges:
            exchange.complete = True
            self.pipeline.add(exchange)

    def answer(self, number: int, early: bool = False) -> None:
        """
        Answer request C{number}.
        """
        self.exchanges[number - 1].answer = Reply(b"%d" % number, early=early)
        self.pipeline.answer()

    def end(self, number: int) -> None:
        """
        The backend's reply to request C{number} was sent.
        """
        self.pipeline.ended(self.exchanges[number - 1])

    def test_first(self) -> None:
        """
        With no reply before it an answer is given at once.
        """
        self.answer(1)
        self.assertEqual(self.given, [b"1"])

    def test_third(self) -> None:
        """
        Answer 3 of 5 is the third that the client sees.
        """
        self.answer(3)
        self.end(1)
        self.assertEqual(self.given, [])
        self.end(2)
        self.assertEqual(self.given, [b"3"])
        self.end(4)
        self.end(5)
        self.assertEqual(self.given, [b"3"])

    def test_several(self) -> None:
        """
        Answers that follow each other are given together.
        """
        self.answer(4)
        self.answer(2)
        self.answer(3)
        self.end(1)
        self.assertEqual(self.given, [b"2", b"3", b"4"])

    def test_complete(self) -> None:
        """
        An answer waits for the whole request, an early one does not.
        """
        for exchange in self.exchanges:
            exchange.complete = False
        self.answer(1)
        self.assertEqual(self.given, [])
        self.exchanges[0].complete = True
        self.pipeline.answer()
        self.answer(2, early=True)
        self.assertEqual(self.given, [b"1", b"2"])

    def test_skipped(self) -> None:
        """
        A reply's end means that those before it have ended too.
        """
        self.answer(5)
        self.end(4)
        self.assertEqual(self.given, [b"5"])

    def test_full(self) -> None:
        """
        It says when no more requests should be taken, and when they may again.
        """
        self.assertFalse(self.pipeline.full)
        for number in range(6, EXCHANGES_LIMIT // EXCHANGE_COST + 1):
            self.pipeline.add(Exchange(number))
        self.assertTrue(self.pipeline.full)
        self.end(1)
        self.assertFalse(self.pipeline.full)

    def test_dissolve(self) -> None:
        """
        Once replies cannot be told apart, what was promised is given, once.
        """
        self.answer(2)
        self.answer(4)
        self.pipeline.sendRemaining()
        self.assertEqual(self.given, [b"2", b"4"])
        self.pipeline.sendRemaining()
        self.pipeline.answer()
        self.assertEqual(self.given, [b"2", b"4"])

    def test_clear(self) -> None:
        """
        After the end nothing is given.
        """
        self.answer(2)
        self.pipeline.clear()
        self.end(1)
        self.pipeline.sendRemaining()
        self.assertEqual(self.given, [])
