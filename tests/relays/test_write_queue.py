"""
Tests for L{vaurien_twisted.relays.write_queue}.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.support import RecordingBehavior
from vaurien_twisted.model.commands import Close, Command, Hold, Insert, Wait
from vaurien_twisted.model.decision import Rule, Step
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import NoOptions
from vaurien_twisted.relays.memory import ENTRY_COST
from vaurien_twisted.relays.queued_write import QueuedWrite
from vaurien_twisted.relays.write_queue import LIFTS, WriteQueue

RULE = Rule(RecordingBehavior(name="one"), NoOptions())
OTHER = Rule(RecordingBehavior(name="two"), NoOptions())


def steps(*commands: Command, rule: Rule = RULE) -> list[Step]:
    """
    The steps of one rule.
    """
    return [Step(command, rule) for command in commands]


class LaneTests(SynchronousTestCase):
    """
    Bytes leave in order, after what was decided for them.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.performed: list[Command] = []
        self.ran = 0
        self.written: list[bytes] = []
        self.lane = WriteQueue(self.clock, self.perform, self.count)
        self.lane.write = self.written.append

    def perform(self, entry: QueuedWrite, command: Command) -> None:
        """
        Note a command; insert and close as a link would.
        """
        self.performed.append(command)
        if isinstance(command, Insert):
            entry.data.append(command.data)
        if isinstance(command, Close):
            self.lane.stop()

    def count(self) -> None:
        """
        A wait has ended.
        """
        self.ran += 1

    def put(
        self, data: bytes, *commands: Command, after: Callable[[], None] | None = None
    ) -> Exchange:
        """
        Put the bytes of an exchange of their own.
        """
        exchange = Exchange(1)
        self.lane.put(exchange, data, steps(*commands), after)
        self.lane.flush()
        return exchange

    def test_oneWrite(self) -> None:
        """
        What is ready is collected until it is flushed, then written at once.
        """
        for part in (b"a", b"b", b"c"):
            self.lane.put(None, part)
        self.assertEqual(self.written, [])
        self.lane.flush()
        self.lane.flush()
        self.assertEqual(self.written, [b"abc"])

    def test_order(self) -> None:
        """
        What follows something that waits waits behind it.
        """
        self.put(b"first", Wait(1))
        self.put(b"second")
        self.assertEqual(self.written, [])
        self.clock.advance(1)
        self.assertEqual(b"".join(self.written), b"firstsecond")
        self.assertEqual((self.ran, self.lane.size), (1, 0))

    def test_waitsAddUp(self) -> None:
        """
        Two waits of one exchange: the second begins where the first ends.
        """
        self.put(b"x", Wait(1), Wait(2))
        self.clock.pump([1, 1, 0.75])
        self.assertEqual(self.written, [])
        self.clock.advance(0.25)
        self.assertEqual(self.written, [b"x"])

    def test_pitfall8_waitsRunSideBySide(self) -> None:
        """
        Waits of exchanges that follow each other each run from their own arrival.
        """
        self.put(b"a", Wait(1))
        self.clock.advance(0.5)
        self.put(b"b", Wait(1))
        self.clock.advance(0.5)
        self.assertEqual(self.written, [b"a"])
        self.clock.advance(0.5)
        self.assertEqual(self.written, [b"a", b"b"])

    def test_performedInTurn(self) -> None:
        """
        A command is performed when its turn has come, between waits.
        """
        self.put(b"a", Wait(1), Insert(b"!"), Wait(1))
        self.assertEqual(self.performed, [])
        self.clock.advance(1)
        self.assertEqual((self.performed, self.written), ([Insert(b"!")], []))
        self.clock.advance(1)
        self.assertEqual(self.written, [b"a!"])

    def test_pitfall11_closedFromWithin(self) -> None:
        """
        A command that closes the link ends the lane: nothing after it is written or kept.
        """
        self.put(b"a", Wait(1), Close())
        self.put(b"b")
        self.clock.advance(1)
        self.assertEqual((self.performed, self.written), ([Close()], []))
        self.assertEqual((len(self.lane.queue), self.lane.size), (0, 0))

    def test_pitfall11_changedFromWithin(self) -> None:
        """
        What is called after the bytes may put more and lift what waits.
        """

        def again() -> None:
            self.lane.put(None, b"more")
            self.lane.lift(lambda rule: False)

        self.put(b"a", Wait(1), after=again)
        self.put(b"b", Hold())
        self.clock.advance(1)
        self.assertEqual(b"".join(self.written), b"abmore")
        self.assertEqual(self.lane.size, 0)

    def test_after(self) -> None:
        """
        It is called once, when all before it has been written.
        """
        called: list[list[bytes]] = []
        self.lane.put(None, b"now", after=lambda: called.append(list(self.written)))
        self.assertEqual(called, [[b"now"]])
        self.put(b"held", Hold())
        self.lane.put(None, b"", after=lambda: called.append(list(self.written)))
        self.assertEqual(len(called), 1)
        self.lane.lift(lambda rule: False)
        self.assertEqual(called[1:], [[b"now", b"held"]])

    def test_size(self) -> None:
        """
        What is queued is counted with its overhead, in how many parts it may come.
        """
        exchange = self.put(b"12345", Hold())
        self.assertEqual(self.lane.size, 5 + ENTRY_COST)
        self.lane.put(exchange, b"678")
        self.assertEqual(self.lane.size, 8 + 2 * ENTRY_COST)
        self.assertEqual(len(self.lane.queue), 1)
        self.lane.lift(lambda rule: False)
        self.assertEqual((self.written, self.lane.size), ([b"12345678"], 0))

    def test_together(self) -> None:
        """
        What arrives together and waits for the same waits as one, and is counted one by one;
        nothing else does.
        """
        delays: list[tuple[float, int]] = []
        self.lane.delayed = lambda seconds, count: delays.append((seconds, count))
        same = steps(Wait(1))
        for number in range(3):
            self.lane.put(Exchange(number), b"%d" % number, same)
        self.assertEqual(len(self.lane.queue), 1)
        self.lane.put(Exchange(3), b"3", steps(Wait(1)))
        self.lane.put(Exchange(4), b"4")
        self.lane.put(Exchange(5), b"5", steps(Insert(b"!")))
        self.lane.flush()
        self.clock.advance(0.5)
        self.lane.put(Exchange(6), b"6", same)
        self.assertEqual(len(self.lane.queue), 5)
        self.clock.advance(0.5)
        self.assertEqual((self.written, delays), ([b"012345!"], [(1.0, 3), (1.0, 1)]))
        self.clock.advance(0.5)
        self.assertEqual((self.written, self.lane.size), ([b"012345!", b"6"], 0))

    def test_ended(self) -> None:
        """
        An exchange has ended when its reply was sent, also where others wait with it.
        """
        ended: list[int] = []
        self.lane.ended = lambda exchange: ended.append(exchange.number)
        same = steps(Wait(1))
        for number in range(3):
            exchange = Exchange(number)
            self.lane.put(exchange, b"x", same)
            self.lane.end(exchange)
        self.assertEqual(ended, [])
        self.clock.advance(1)
        self.assertEqual((ended, self.written), ([0, 1, 2], [b"xxx"]))
        self.lane.end(Exchange(3))
        self.assertEqual(ended, [0, 1, 2, 3])

    def test_instant(self) -> None:
        """
        Waits of no time keep nothing back, and are counted when what they are for is written.
        """
        delays: list[tuple[float, int]] = []
        self.lane.delayed = lambda seconds, count: delays.append((seconds, count))
        self.assertTrue(self.lane.putInstant(b"a"))
        self.assertTrue(self.lane.putInstant(b"b"))
        self.assertEqual((self.written, delays), ([], []))
        self.lane.flush()
        self.assertEqual((self.written, delays), ([b"ab"], [(0.0, 2)]))
        self.put(b"c", Hold())
        self.assertFalse(self.lane.putInstant(b"d"))

    def test_pitfall12_liftOnlyWhatIsGone(self) -> None:
        """
        Waits and holds of rules that are kept go on; other commands are performed still.
        """
        self.put(b"a", Hold(), Insert(b"!"))
        self.lane.put(Exchange(2), b"b", steps(Hold(), rule=OTHER))
        self.lane.lift(lambda rule: rule is OTHER)
        self.assertEqual(self.written, [b"a!"])
        self.lane.lift(lambda rule: True)
        self.assertEqual(self.written, [b"a!"])
        self.lane.lift(lambda rule: False)
        self.assertEqual(self.written, [b"a!", b"b"])

    def test_pitfall12_laterEntries(self) -> None:
        """
        What is lifted of entries whose turn has not come is forgotten, and nothing that came
        after the change of plan, however often the plan changes.
        """
        self.put(b"a", Hold())
        self.lane.put(Exchange(2), b"b", steps(Hold(), rule=OTHER))
        self.lane.put(Exchange(3), b"c", steps(Hold(), Wait(1)))
        for _ in range(LIFTS - 1):
            self.lane.lift(lambda rule: True)
        same = steps(Hold())
        self.lane.put(Exchange(4), b"d", same)
        self.lane.lift(lambda rule: rule is OTHER)
        self.lane.put(Exchange(5), b"e", same)
        self.assertEqual(self.written, [b"a"])
        self.assertEqual([len(each.steps) for each in self.lane.entries()], [1, 0, 0, 1])
        for _ in range(LIFTS):
            self.lane.lift(lambda rule: rule is RULE)
        self.assertEqual(b"".join(self.written), b"abcd")
        self.lane.lift(lambda rule: False)
        self.assertEqual(b"".join(self.written), b"abcde")

    def test_pitfall7_noTimerAfterTheEnd(self) -> None:
        """
        A lane that is stopped leaves no timer, and writes no more.
        """
        self.put(b"a", Wait(1))
        self.lane.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.lane.put(None, b"b")
        self.lane.flush()
        self.assertEqual(self.written, [])

    def test_unconnected(self) -> None:
        """
        Before there is somewhere to write to, bytes are kept.
        """
        lane = WriteQueue(self.clock, lambda entry, command: None, self.count)
        lane.put(None, b"a")
        lane.flush()
        lane.write = self.written.append
        lane.run()
        self.assertEqual(self.written, [b"a"])
