"""
Tests for the behavior and the wire protocol; neither needs a socket or a clock.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from vaurien_memo.stutter import Stutter, StutterOptions
from vaurien_memo.wire import Memo, MemoFramer, MemoOptions
from vaurien_twisted.interfaces import IBehavior, IFramer, IWireProtocol
from vaurien_twisted.model.commands import PASS, Actions, Wait
from vaurien_twisted.model.decision import DecisionContext, SeededRandom
from vaurien_twisted.model.exchange import Connection, Exchange, FramingError


def context(number: int) -> DecisionContext:
    """
    The exchange that C{number} others came before.
    """
    exchange = Exchange(number + 1, "GET", "shopping")
    chance = SeededRandom(seed=1, proxy="proxy", connection=1, exchange=number + 1, draw=0)
    return DecisionContext(Connection(1), exchange, Memo(), number, chance)


def pause(options: StutterOptions, number: int) -> float:
    """
    How long L{Stutter} holds this exchange back.
    """
    (wait,) = Stutter().decide(options, context(number)).request
    assert isinstance(wait, Wait)
    return wait.seconds


class StutterTests(SynchronousTestCase):
    """
    L{Stutter} is a function: occasions in, treatments out.
    """

    def test_everyThird(self) -> None:
        """
        Two pass, one waits.
        """
        verifyObject(IBehavior, Stutter())
        options = StutterOptions(every=3, pause=2.0)
        treated = [Stutter().decide(options, context(number)) for number in range(4)]
        wait = Actions(request=(Wait(2.0),))
        self.assertEqual(treated, [PASS, PASS, wait, PASS])

    def test_jitterRepeats(self) -> None:
        """
        Jitter stays within its bound, and the same occasion has the same.
        """
        options = StutterOptions(every=1, pause=1.0, jitter=0.5)
        waits = [pause(options, number) for number in range(50)]
        self.assertTrue(all(1.0 <= seconds <= 1.5 for seconds in waits))
        self.assertGreater(len(set(waits)), 40)
        self.assertEqual(waits, [pause(options, number) for number in range(50)])


class MemoTests(SynchronousTestCase):
    """
    L{MemoFramer} finds the same exchanges however the bytes are cut.
    """

    REQUESTS = b"PUT shopping eggs\nGET shopping\nBYE\n"
    REPLIES = b"OK\nNOTE eggs\nOK\n"

    def converse(self, size: int) -> tuple[list[str], list[bytes]]:
        """
        Play the conversation in parts of C{size} bytes.
        """
        framer = MemoFramer(MemoOptions().longest)
        verifyObject(IFramer, framer)
        descriptions = []
        for start in range(0, len(self.REQUESTS), size):
            for exchange, _, _ in framer.fromClient(self.REQUESTS[start : start + size]):
                assert exchange is not None
                framer.expect(exchange)
                descriptions.append(exchange.description)
        replies = {1: b"", 2: b"", 3: b""}
        for start in range(0, len(self.REPLIES), size):
            for exchange, data, _ in framer.fromBackend(self.REPLIES[start : start + size]):
                assert exchange is not None
                replies[exchange.number] += data
        return descriptions, list(replies.values())

    def test_everyCut(self) -> None:
        """
        Whole, byte by byte, and in every size between.
        """
        verifyObject(IWireProtocol, Memo())
        for size in range(1, len(self.REQUESTS) + 1):
            descriptions, replies = self.converse(size)
            self.assertEqual(descriptions, ["PUT shopping", "GET shopping", "BYE"])
            self.assertEqual(replies, [b"OK\n", b"NOTE eggs\n", b"OK\n"])

    def test_tooLong(self) -> None:
        """
        A line over the bound is refused, and no byte of it is lost.
        """
        framer = MemoFramer(16)
        pieces = framer.fromClient(b"GET a\nGET " + b"b" * 20 + b"\nBYE")
        self.assertEqual(next(pieces)[1], b"GET a\n")
        with self.assertRaises(FramingError) as caught:
            next(pieces)
        self.assertEqual(caught.exception.rest, b"GET " + b"b" * 20 + b"\nBYE")
        self.assertEqual(list(framer.clientEnded()), [])
