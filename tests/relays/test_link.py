"""
Tests for L{vaurien_twisted.relays.link}, over C{tcp} and transports in memory.
"""

from __future__ import annotations

from twisted.internet.error import ConnectionRefusedError
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import Pair
from vaurien_twisted.relays.dialogue import LANE_LIMIT


class TransparentTests(SynchronousTestCase):
    """
    With nothing asked, every byte passes and every end arrives as what it was.
    """

    def test_bytesPass(self) -> None:
        """
        Both ways, at once.
        """
        pair = Pair()
        self.assertEqual(pair.ask(b"question"), b"question")
        self.assertEqual(pair.answer(b"answer"), b"answer")

    def test_shortestWay(self) -> None:
        """
        Under C{dummy} bytes go straight from transport to transport; under another
        behavior they do not, and come back to it after.
        """
        pair = Pair()
        self.assertEqual(pair.relay.dataReceived, pair.backend.write)
        pair.setBehavior("delay", sleep=0)
        self.assertNotEqual(pair.relay.dataReceived, pair.backend.write)
        self.assertEqual(pair.ask(b"x"), b"x")
        pair.setBehavior("dummy")
        self.assertEqual(pair.relay.dataReceived, pair.backend.write)

    def test_pausedUntilConnected(self) -> None:
        """
        The client is not read before there is somewhere to send to.
        """
        pair = Pair(later=True)
        self.assertEqual(pair.client.producerState, "paused")
        pair.endpoint.connectNow()
        self.assertEqual(pair.client.producerState, "producing")

    def test_backendRefuses(self) -> None:
        """
        The client is closed at once, and the journal says why.
        """
        pair = Pair(refuses=ConnectionRefusedError())
        self.assertEqual(pair.client.ended, ["lose"])
        [entry] = pair.factory.journal.since()
        self.assertEqual(entry["kind"], "unreachable")

    def test_clientLeavesWhileConnecting(self) -> None:
        """
        The connection to the backend is given up, and the link is forgotten.
        """
        pair = Pair(later=True)
        pair.loseClient()
        self.assertEqual(pair.endpoint.cancelled, 1)
        self.assertEqual(pair.factory.links, set())

    def test_pitfall4_clientHalfCloses(self) -> None:
        """
        The end of the client's words reaches the backend, whose answer still arrives.
        """
        pair = Pair()
        pair.relay.readConnectionLost()
        self.assertEqual(pair.backend.ended, ["half"])
        self.assertEqual(pair.answer(b"late answer"), b"late answer")
        self.assertEqual(pair.client.ended, [])
        pair.backendProtocol.readConnectionLost()
        self.assertEqual(pair.client.ended, ["lose"])
        self.assertEqual(pair.backend.ended, ["half", "lose"])

    def test_backendHalfCloses(self) -> None:
        """
        The end of the backend's words reaches the client, which may go on speaking.
        """
        pair = Pair()
        pair.backendProtocol.readConnectionLost()
        self.assertEqual(pair.client.ended, ["half"])
        self.assertEqual(pair.ask(b"still here"), b"still here")
        pair.relay.readConnectionLost()
        self.assertEqual(pair.backend.ended, ["lose"])

    def test_resetPasses(self) -> None:
        """
        A reset of either side is a reset of the other.
        """
        pair = Pair()
        pair.loseBackend(clean=False)
        self.assertEqual(pair.client.ended, ["abort"])
        pair = Pair()
        pair.loseClient(clean=False)
        self.assertEqual(pair.backend.ended, ["abort"])

    def test_closePasses(self) -> None:
        """
        Where a transport knows no half-close, its end ends the other side in order.
        """
        pair = Pair()
        pair.loseBackend()
        self.assertEqual(pair.client.ended, ["lose"])
        pair = Pair()
        pair.loseClient()
        self.assertEqual(pair.backend.ended, ["lose"])
        pair.loseBackend()
        self.assertEqual(pair.factory.links, set())

    def test_pitfall9_backpressure(self) -> None:
        """
        A peer that does not read pauses the source: nothing is buffered in between.
        """
        pair = Pair()
        pair.backend.producer.pauseProducing()
        self.assertEqual(pair.client.producerState, "paused")
        pair.backend.producer.resumeProducing()
        self.assertEqual(pair.client.producerState, "producing")
        pair.client.producer.pauseProducing()
        self.assertEqual(pair.backend.producerState, "paused")


class WaitTests(SynchronousTestCase):
    """
    Delays and hangs.
    """

    def test_delayBefore(self) -> None:
        """
        The request waits; the reply does not.
        """
        pair = Pair(behavior="delay", options={"sleep": 1})
        self.assertEqual(pair.ask(b"question"), b"")
        pair.clock.advance(0.9)
        self.assertEqual(pair.backend.heard(), b"")
        pair.clock.advance(0.2)
        self.assertEqual(pair.backend.heard(), b"question")
        self.assertEqual(pair.answer(b"answer"), b"answer")

    def test_delayAfter(self) -> None:
        """
        The reply waits, with all its parts in order.
        """
        pair = Pair(behavior="delay", options={"sleep": 1, "before": False})
        self.assertEqual(pair.ask(b"question"), b"question")
        self.assertEqual(pair.answer(b"first "), b"")
        pair.clock.advance(0.5)
        self.assertEqual(pair.answer(b"second"), b"")
        pair.clock.advance(0.5)
        self.assertEqual(pair.client.heard(), b"first second")

    def test_pitfall14_openConnectionsAreReached(self) -> None:
        """
        A change of plan meets a connection that is open, with its next bytes.
        """
        pair = Pair()
        self.assertEqual(pair.ask(b"one"), b"one")
        pair.setBehavior("delay", sleep=1)
        self.assertEqual(pair.ask(b"two"), b"")
        pair.clock.advance(1)
        self.assertEqual(pair.backend.heard(), b"two")

    def test_serverPushIsReached(self) -> None:
        """
        A change of plan meets a backend that speaks unasked, too.
        """
        pair = Pair()
        self.assertEqual(pair.answer(b"tick"), b"tick")
        pair.setBehavior("delay", sleep=1)
        self.assertEqual(pair.answer(b"tock"), b"")
        pair.clock.advance(1)
        self.assertEqual(pair.client.heard(), b"tock")

    def test_pitfall8_delayDoesNotAccumulate(self) -> None:
        """
        A hundred turns, each delayed by 0.1 s from its own arrival, take what the
        slowest takes; a second delay adds to the first.
        """
        pair = Pair("http", "delay", options={"sleep": 0.1})
        request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        self.assertEqual(pair.ask(request * 100), b"")
        pair.clock.advance(0.1)
        self.assertEqual(pair.backend.heard(), request * 100)

    def test_hangIsLifted(self) -> None:
        """
        A hang holds the request and lets it go, whole and in order, when lifted.
        """
        pair = Pair(behavior="hang")
        self.assertEqual(pair.ask(b"one "), b"")
        self.assertEqual(pair.ask(b"two"), b"")
        pair.clock.advance(1000)
        self.assertEqual(pair.backend.heard(), b"")
        pair.setBehavior("dummy")
        self.assertEqual(pair.backend.heard(), b"one two")
        self.assertEqual(pair.answer(b"answer"), b"answer")

    def test_pitfall12_sameHangIsKept(self) -> None:
        """
        What was decided is not decided anew: the same hang set again still holds.
        """
        pair = Pair(behavior="hang")
        pair.ask(b"one")
        pair.setBehavior("hang")
        self.assertEqual(pair.backend.heard(), b"")

    def test_waitIsLifted(self) -> None:
        """
        A delay that the new plan does not contain ends at once, and its timer with it.
        """
        pair = Pair(behavior="delay", options={"sleep": 60})
        pair.ask(b"one")
        pair.setBehavior("dummy")
        self.assertEqual(pair.backend.heard(), b"one")
        pair.clock.advance(120)
        self.assertEqual(pair.backend.heard(), b"")

    def test_pitfall7_boundedMemory(self) -> None:
        """
        A client that goes on speaking while it is held is paused, and read again once lifted.
        """
        pair = Pair(behavior="hang")
        pair.ask(b"x" * (LANE_LIMIT + 1))
        self.assertEqual(pair.client.producerState, "paused")
        pair.backend.producer.pauseProducing()
        pair.setBehavior("dummy")
        self.assertEqual(pair.client.producerState, "paused")
        pair.backend.producer.resumeProducing()
        self.assertEqual(pair.client.producerState, "producing")
        self.assertEqual(len(pair.backend.heard()), LANE_LIMIT + 1)

    def test_boundedReplies(self) -> None:
        """
        The same for a backend that goes on speaking while its reply is delayed.
        """
        pair = Pair(behavior="delay", options={"sleep": 1, "before": False})
        pair.ask(b"question")
        pair.answer(b"x" * (LANE_LIMIT + 1))
        self.assertEqual(pair.backend.producerState, "paused")
        pair.clock.advance(1)
        self.assertEqual(pair.backend.producerState, "producing")
        self.assertEqual(len(pair.client.heard()), LANE_LIMIT + 1)

    def test_endWaitsItsTurn(self) -> None:
        """
        The client's end reaches the backend after the bytes that were delayed before it.
        """
        pair = Pair(behavior="delay", options={"sleep": 1})
        pair.ask(b"last words")
        pair.relay.readConnectionLost()
        self.assertEqual(pair.backend.ended, [])
        pair.clock.advance(1)
        self.assertEqual(pair.backend.heard(), b"last words")
        self.assertEqual(pair.backend.ended, ["half"])

    def test_pitfall7_noTimerAfterTheEnd(self) -> None:
        """
        A link that has ended leaves no timer behind.
        """
        pair = Pair(behavior="delay", options={"sleep": 60})
        pair.ask(b"question")
        pair.loseClient(clean=False)
        self.assertEqual(pair.clock.getDelayedCalls(), [])
        self.assertEqual(pair.backend.ended, ["abort"])


class FaultTests(SynchronousTestCase):
    """
    Faults that end or change something.
    """

    def test_blackoutOfNewConnections(self) -> None:
        """
        A new connection is closed at once; the backend is not even asked.
        """
        pair = Pair(behavior="blackout")
        self.assertEqual(pair.client.ended, ["lose"])
        self.assertEqual(pair.endpoint.wires, [])

    def test_blackoutOfOpenConnections(self) -> None:
        """
        An open connection is closed when it is next used; the backend does not hear.
        """
        pair = Pair()
        pair.setBehavior("blackout")
        self.assertEqual(pair.client.ended, [])
        self.assertEqual(pair.ask(b"question"), b"")
        self.assertEqual(pair.client.ended, ["lose"])
        self.assertEqual(pair.backend.ended, ["lose"])

    def test_pitfall3_abort(self) -> None:
        """
        The request reaches the backend; its answer is lost in a reset of both sides.
        """
        pair = Pair(behavior="abort")
        self.assertEqual(pair.ask(b"question"), b"question")
        self.assertEqual(pair.client.ended, [])
        self.assertEqual(pair.answer(b"answer"), b"")
        self.assertEqual(pair.client.ended, ["abort"])
        self.assertEqual(pair.backend.ended, ["abort"])

    def test_errorReplacesTheAnswer(self) -> None:
        """
        In C{tcp} the backend's answer is replaced by random bytes, the same for the same seed.
        """
        garbage = []
        for _ in range(2):
            pair = Pair(behavior="error")
            self.assertEqual(pair.ask(b"question"), b"question")
            garbage.append(pair.answer(b"answer"))
            self.assertEqual(pair.answer(b"more of it"), b"")
        self.assertEqual(len(garbage[0]), 1000)
        self.assertEqual(garbage[0], garbage[1])

    def test_errorInjects(self) -> None:
        """
        With C{inject} random bytes stand in the middle of a valid answer.
        """
        pair = Pair(behavior="error", options={"inject": True})
        pair.ask(b"question")
        heard = pair.answer(b"answer")
        self.assertEqual((heard[:3], heard[-3:], len(heard)), (b"ans", b"wer", 106))

    def test_transient(self) -> None:
        """
        The first turns fail, all later ones pass.
        """
        pair = Pair(behavior="transient", options={"agitate": 2})
        answers = []
        for _ in range(4):
            pair.ask(b"question")
            answers.append(pair.answer(b"answer") == b"answer")
        self.assertEqual(answers, [False, False, True, True])

    def test_warmup(self) -> None:
        """
        The first turns pass, all later ones fail; setting it again begins anew.
        """
        pair = Pair(behavior="error", options={"warmup": 1})
        for _ in range(2):
            pair.ask(b"question")
            self.assertEqual(pair.answer(b"answer"), b"answer")
            pair.ask(b"question")
            self.assertNotEqual(pair.answer(b"answer"), b"answer")
            pair.setBehavior("error", warmup=1)
