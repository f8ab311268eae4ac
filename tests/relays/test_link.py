"""
Tests for L{vaurien_twisted.relays.link}, over C{tcp} and transports in memory.
"""

from __future__ import annotations

from twisted.internet.error import ConnectionRefusedError
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.relays import reply_order as pipeline
from vaurien_twisted.relays.ends import LinkState
from vaurien_twisted.relays.link_memory import WRITE_QUEUE_LIMIT
from vaurien_twisted.relays.memory import EXCHANGE_COST, QUEUE_LIMIT
from vaurien_twisted.wire import division


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

    def test_states(self) -> None:
        """
        What is done with the bytes can be seen: they pass, are divided into exchanges, pass in
        turns, or are discarded.
        """
        pair = Pair()
        self.assertIs(pair.relay.link.state, LinkState.BARE)
        pair.setBehavior("delay", sleep=0)
        self.assertIs(pair.relay.link.state, LinkState.FRAMED)
        pair.setBehavior("dummy")
        self.assertIs(pair.relay.link.state, LinkState.BARE)
        pair.relay.link.close()
        self.assertIs(pair.relay.link.state, LinkState.CLOSING)
        self.assertEqual(pair.ask(b"late"), b"")
        garbled = Pair("redis", "delay", options={"sleep": 0})
        garbled.ask(b"*9999999999999999\r\n")
        self.assertIs(garbled.relay.link.state, LinkState.OPAQUE)
        garbled.setBehavior("dummy")
        self.assertIs(garbled.relay.link.state, LinkState.BARE)

    def test_pausedUntilConnected(self) -> None:
        """
        The client is not read before there is somewhere to send to.
        """
        pair = Pair(later=True)
        self.assertEqual(pair.client.producerState, "paused")
        pair.endpoint.connectNow()
        self.assertEqual(pair.client.producerState, "producing")

    def test_readAllTheSame(self) -> None:
        """
        What a transport had read before it was paused is not lost, whatever the plan is by
        the time there is somewhere to send it to.
        """
        for later, reached in (("dummy", b"early"), ("hang", b"")):
            pair = Pair(later=True)
            self.assertEqual(pair.ask(b"ear"), b"")
            pair.ask(b"ly")
            pair.setBehavior(later)
            pair.endpoint.connectNow()
            self.assertEqual(pair.backend.heard(), b"early")
            self.assertEqual(pair.ask(b"early"), reached)

    def test_planMeanwhile(self) -> None:
        """
        A plan that comes while the backend is being connected meets what the client says then.
        """
        pair = Pair(later=True)
        pair.setBehavior("hang")
        pair.endpoint.connectNow()
        self.assertEqual(pair.ask(b"held"), b"")
        pair.setBehavior("dummy")
        self.assertEqual(pair.backend.heard(), b"held")
        self.assertEqual(pair.answer(b"answer"), b"answer")

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

    def test_pitfall15_hangIsLifted(self) -> None:
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
        pair.ask(b"x" * (QUEUE_LIMIT + 1))
        self.assertEqual(pair.client.producerState, "paused")
        pair.backend.producer.pauseProducing()
        pair.setBehavior("dummy")
        self.assertEqual(pair.client.producerState, "paused")
        pair.backend.producer.resumeProducing()
        self.assertEqual(pair.client.producerState, "producing")
        self.assertEqual(len(pair.backend.heard()), QUEUE_LIMIT + 1)

    def test_boundedReplies(self) -> None:
        """
        The same for a backend that goes on speaking while its reply is delayed.
        """
        pair = Pair(behavior="delay", options={"sleep": 1, "before": False})
        pair.ask(b"question")
        pair.answer(b"x" * (QUEUE_LIMIT + 1))
        self.assertEqual(pair.backend.producerState, "paused")
        pair.clock.advance(1)
        self.assertEqual(pair.backend.producerState, "producing")
        self.assertEqual(len(pair.client.heard()), QUEUE_LIMIT + 1)

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


class OpaqueTests(SynchronousTestCase):
    """
    Links whose framer can read no further.
    """

    UPGRADE = b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"
    SWITCHED = b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"

    def test_nothingIsKeptBack(self) -> None:
        """
        Half a head that the framer had kept goes on when the link turns opaque.
        """
        pair = Pair("http")
        self.assertEqual(pair.ask(self.UPGRADE + b"GE"), self.UPGRADE)
        self.assertEqual(pair.answer(self.SWITCHED), self.SWITCHED)
        self.assertEqual(pair.backend.heard(), b"GE")
        self.assertEqual(pair.ask(b"\x00\xff"), b"\x00\xff")

    def test_garbagePassesByDefault(self) -> None:
        """
        Bytes that are not of the protocol pass unchanged, and the journal says why.
        """
        pair = Pair("http")
        self.assertEqual(pair.ask(b"\x16\x03\x01 no http\r\n\r\n"), b"\x16\x03\x01 no http\r\n\r\n")
        self.assertEqual(pair.answer(b"\x15\x03\x01"), b"\x15\x03\x01")
        self.assertEqual([entry["kind"] for entry in pair.factory.journal.since()], ["opaque"])

    def test_garbageCloses(self) -> None:
        """
        Where the option says so the link is closed instead.
        """
        http = REGISTRY.wire("http")
        pair = Pair("http", protocolOptions=http.options(on_garbage="close"))
        self.assertEqual(pair.ask(b"\x16\x03\x01 no http\r\n\r\n"), b"")
        self.assertEqual(pair.client.ended, ["lose"])

    def test_garbageBehindARefusedHead(self) -> None:
        """
        A backend that never saw a request's head does not get its malformed body: the
        link is closed.
        """
        pair = Pair("http", "error")
        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.assertEqual(pair.ask(head + b"zz\r\n"), b"")
        self.assertEqual(pair.client.ended, ["lose"])

    def test_opaqueLinksStillMisbehave(self) -> None:
        """
        What can be done to any bytes can be done to opaque ones.
        """
        pair = Pair("http")
        pair.ask(self.UPGRADE)
        pair.answer(self.SWITCHED)
        pair.setBehavior("delay", sleep=1)
        self.assertEqual(pair.ask(b"frame"), b"")
        pair.clock.advance(1)
        self.assertEqual(pair.backend.heard(), b"frame")


class PipelineTests(SynchronousTestCase):
    """
    Answers that are given in place of the backend's.
    """

    @staticmethod
    def request(path: str) -> bytes:
        """
        A request for C{path}.
        """
        return f"GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()

    def test_pitfall18_drawnPerRequest(self) -> None:
        """
        Under keep-alive each request is decided, and injected replies keep their place
        in the pipeline.
        """
        pair = Pair("http", "50:error", options={})
        requests = [self.request(str(number)) for number in range(20)]
        passed = pair.ask(b"".join(requests))
        reached = [number for number in range(20) if requests[number] in passed]
        self.assertTrue(0 < len(reached) < 20, reached)
        replies = b"".join(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%02d" % number for number in reached
        )
        pair.answer(b"")
        heard = pair.client.heard() + pair.answer(replies)
        told = heard.split(b"HTTP/1.1 ")[1:]
        self.assertEqual(len(told), 20)
        for number, reply in enumerate(told):
            self.assertEqual(reply.startswith(b"200"), number in reached)
            if number in reached:
                self.assertTrue(reply.endswith(b"%02d" % number))
            else:
                self.assertTrue(reply.startswith(b"50"), reply)

    def test_answersWaitForTheRequest(self) -> None:
        """
        A request is answered when its last byte has come; its body goes nowhere.
        """
        pair = Pair("http", "error")
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
        self.assertEqual(pair.ask(head + b"ab"), b"")
        self.assertEqual(pair.client.heard(), b"")
        self.assertEqual(pair.ask(b"cd"), b"")
        self.assertTrue(pair.client.heard().startswith(b"HTTP/1.1 50"))
        self.assertEqual(pair.client.ended, [])

    def test_pitfall7_endlessPipelineIsPaused(self) -> None:
        """
        A client that pipelines without end is paused, and read on when replies come.
        """
        self.patch(pipeline, "EXCHANGES_LIMIT", 1024 * EXCHANGE_COST)
        pair = Pair("http")
        request = self.request("x")
        # Too many to be passed over in one go.
        self.patch(division, "MOST", 1024)
        passed = pair.ask(request * 3000)
        self.assertEqual(pair.client.producerState, "paused")
        self.assertEqual(len(passed), len(request) * 1024)
        reply = b"HTTP/1.1 204 No\r\n\r\n"
        total = passed
        for _ in range(3000):
            pair.answer(reply)
            total += pair.backend.heard()
        self.assertEqual(total, request * 3000)
        self.assertEqual(pair.client.producerState, "producing")


class StreamTests(SynchronousTestCase):
    """
    Stages that a connection's bytes pass through.
    """

    def test_latency(self) -> None:
        """
        Bytes are late both ways, and the end comes behind them.
        """
        pair = Pair(behavior="latency", options={"latency": 100})
        self.assertEqual(pair.ask(b"question"), b"")
        pair.relay.readConnectionLost()
        pair.clock.advance(0.1)
        self.assertEqual(pair.backend.heard(), b"question")
        self.assertEqual(pair.backend.ended, ["half"])
        self.assertEqual(pair.answer(b"answer"), b"")
        pair.clock.advance(0.1)
        self.assertEqual(pair.client.heard(), b"answer")

    def test_liftedInOrder(self) -> None:
        """
        What waits in a stage that is taken away goes on at once, before what follows,
        and bytes go the shortest way again.
        """
        pair = Pair(behavior="latency", options={"latency": 100, "direction": "upstream"})
        pair.ask(b"one ")
        pair.setBehavior("dummy")
        self.assertEqual(pair.backend.heard(), b"one ")
        self.assertEqual(pair.ask(b"two"), b"two")
        self.assertEqual(pair.relay.dataReceived, pair.backend.write)

    def test_added(self) -> None:
        """
        A stage that is put on an open connection meets its next bytes.
        """
        pair = Pair()
        self.assertEqual(pair.ask(b"one"), b"one")
        pair.setBehavior("latency", latency=50, direction="downstream")
        self.assertEqual(pair.ask(b"two"), b"two")
        self.assertEqual(pair.answer(b"late"), b"")
        pair.clock.advance(0.05)
        self.assertEqual(pair.client.heard(), b"late")

    def test_pitfall7_bounded(self) -> None:
        """
        What waits in a stage counts: the source is paused, and read on later.
        """
        pair = Pair(behavior="slow_open", options={"delay": 1000})
        pair.ask(b"x" * (WRITE_QUEUE_LIMIT + 1))
        self.assertEqual(pair.client.producerState, "paused")
        pair.clock.advance(1)
        self.assertEqual(pair.client.producerState, "producing")
        self.assertEqual(len(pair.backend.heard()), WRITE_QUEUE_LIMIT + 1)
