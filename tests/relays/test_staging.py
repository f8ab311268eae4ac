"""
Tests for L{vaurien_twisted.relays.filters}: stages on a whole link.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.relays.link_memory import WRITE_QUEUE_LIMIT
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.plan import Plan

REQUEST = b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def rules(*items: dict[str, Any], wire: str = "tcp") -> Plan:
    """
    A plan as users write it.
    """
    return planFromRules(RuleBuilder(REGISTRY, wire=REGISTRY.wire(wire)), list(items))


def rule(behavior: str, name: str = "", **options: Any) -> dict[str, Any]:
    """
    One rule of it.
    """
    return {"behavior": behavior, "name": name, "options": options}


class WithExchangesTests(SynchronousTestCase):
    """
    Stages beside rules for exchanges, in a protocol that is understood.
    """

    def test_besideDelay(self) -> None:
        """
        A delay of the exchange and a latency of its bytes add up.
        """
        pair = Pair("http")
        pair.factory.setPlan(
            rules(
                rule("delay", sleep=1.0),
                rule("latency", latency=500, direction="upstream"),
                wire="http",
            )
        )
        self.assertEqual(pair.ask(REQUEST), b"")
        pair.clock.pump([1, 0.4])
        self.assertEqual(pair.backend.heard(), b"")
        pair.clock.advance(0.1)
        self.assertEqual(pair.backend.heard(), REQUEST)
        self.assertEqual(pair.answer(REPLY), REPLY)

    def test_injectedReplies(self) -> None:
        """
        What is answered in the backend's place passes the stages to the client.
        """
        pair = Pair("http")
        plan = rules(rule("error"), rule("latency", latency=500), wire="http")
        pair.factory.setPlan(plan)
        pair.ask(REQUEST)
        self.assertEqual(pair.client.heard(), b"")
        pair.clock.advance(0.5)
        self.assertTrue(pair.client.heard().startswith(b"HTTP/1.1 50"))

    def test_beforeTheBackend(self) -> None:
        """
        So does what is said before the backend is there.
        """
        pair = Pair("mysql", "100:error,0:latency", later=True)
        self.assertTrue(pair.client.heard())
        pair = Pair("mysql")
        plan = planFromRules(
            RuleBuilder(REGISTRY, wire=REGISTRY.wire("mysql")),
            [rule("error"), rule("latency", latency=500)],
        )
        pair.factory.setPlan(plan)
        client = type(pair.client)()
        pair.factory.buildProtocol(None).makeConnection(client)
        self.assertEqual(client.heard(), b"")
        pair.clock.advance(0.5)
        self.assertTrue(client.heard())

    def test_closeAfterReply(self) -> None:
        """
        A reply that is the last is behind in the stage, and the link is closed after it.
        """
        pair = Pair("http")
        pair.factory.setPlan(
            rules(
                rule("error", code="429"),
                rule("latency", latency=500, direction="downstream"),
                wire="http",
            )
        )
        pair.ask(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        self.assertEqual((pair.client.heard(), pair.client.ended), (b"", []))
        pair.clock.advance(0.5)
        self.assertIn(b" 429 ", pair.client.heard())
        self.assertIn("lose", pair.client.ended)

    def test_journal(self) -> None:
        """
        It is journalled once which rule took effect on a connection, in which directions and
        why; not before that.
        """
        pair = Pair()
        journal: Any = pair.factory.journal
        told: Any = []
        for _ in range(3):
            pair.factory.setPlan(
                rules(
                    rule("latency", "slow", latency=10),
                    rule("slicer", direction="upstream", average_size=1),
                )
            )
            self.assertEqual(journal.last, 0 if not told else 2)
            pair.ask(REQUEST)
            pair.clock.advance(1)
            told = ["once"]
        told = [each for each in journal.since() if each["kind"] == "decision"]
        self.assertEqual(
            [(each["rule"], each["effect"], each["reason"]) for each in told],
            [
                ("slow: 100:latency latency=10", "upstream and downstream", "always"),
                ("100:slicer average_size=1 direction=upstream", "upstream", "always"),
            ],
        )
        self.assertEqual([each["connection"] for each in told], [1, 1])


class EndingTests(SynchronousTestCase):
    """
    Ends that stages hold back, or make.
    """

    def test_closeWaitsForBothDirections(self) -> None:
        """
        Where both sides have ended, each connection is ended when its own direction is
        through, and the link after both.
        """
        pair = Pair(behavior="latency", options={"latency": 2000, "direction": "upstream"})
        pair.ask(b"last words")
        pair.relay.readConnectionLost()
        pair.answer(b"reply")
        pair.backendProtocol.readConnectionLost()
        self.assertEqual((pair.client.ended, pair.backend.ended), (["half"], []))
        pair.clock.advance(2)
        self.assertEqual(pair.backend.heard(), b"last words")
        self.assertEqual((pair.client.ended[-1], pair.backend.ended[-1]), ("lose", "lose"))
        self.assertEqual(pair.clock.getDelayedCalls(), [])

    def test_goneWhileClosing(self) -> None:
        """
        A connection that is gone meanwhile is not waited for.
        """
        pair = Pair(behavior="slow_close", options={"delay": 60_000})
        pair.relay.readConnectionLost()
        pair.backendProtocol.readConnectionLost()
        self.assertEqual((pair.client.ended, pair.backend.ended), ([], []))
        pair.loseClient()
        pair.loseBackend()
        self.assertEqual((pair.factory.links, pair.clock.getDelayedCalls()), (set(), []))

    def test_goneBeforeTheEnd(self) -> None:
        """
        An end that a stage has kept for longer than its connection lasted goes nowhere.
        """
        pair = Pair(behavior="slow_close", options={"delay": 1000, "direction": "upstream"})
        pair.relay.readConnectionLost()
        pair.loseBackend()
        pair.clock.advance(1)
        self.assertEqual(pair.client.ended[-1], "lose")
        pair.loseClient()
        self.assertEqual(pair.factory.links, set())

    def test_liftedWhileClosing(self) -> None:
        """
        What a closing link still waits for is let go when that is lifted.
        """
        pair = Pair(behavior="bandwidth", options={"rate": 0, "direction": "downstream"})
        self.assertEqual(pair.answer(b"reply"), b"")
        pair.relay.readConnectionLost()
        pair.backendProtocol.readConnectionLost()
        self.assertEqual(pair.client.heard(), b"")
        pair.setBehavior("dummy")
        self.assertEqual((pair.client.heard(), pair.client.ended[-1]), (b"reply", "lose"))

    def test_resetPasses(self) -> None:
        """
        A reset of one side is one of the other at once, whatever waits in a stage.
        """
        pair = Pair(behavior="latency", options={"latency": 5000})
        pair.ask(b"bytes")
        pair.loseClient(clean=False)
        self.assertEqual((pair.backend.ended, pair.backend.heard()), (["abort"], b""))
        self.assertEqual(pair.clock.getDelayedCalls(), [])

    def test_limitIsBehindTheBytes(self) -> None:
        """
        A limit closes the link when the last byte it allows has passed the other stages.
        """
        pair = Pair()
        pair.factory.setPlan(
            rules(
                rule("limit_data", bytes=4, direction="downstream"),
                rule("latency", latency=500, direction="downstream"),
            )
        )
        self.assertEqual(pair.answer(b"123456"), b"")
        pair.clock.advance(0)
        self.assertEqual(pair.client.ended, [])
        pair.clock.advance(0.5)
        self.assertEqual((pair.client.heard(), pair.client.ended), (b"1234", ["lose"]))
        self.assertEqual(pair.backend.ended, ["lose"])

    def test_timeoutIsLiftedByAClose(self) -> None:
        """
        Bytes that were swallowed are not followed by others: lifting closes the link.
        """
        pair = Pair(behavior="timeout")
        self.assertEqual(pair.ask(b"lost"), b"")
        pair.setBehavior("dummy")
        self.assertEqual((pair.client.ended, pair.backend.ended), (["lose"], ["lose"]))

    def test_timeoutOfIdle(self) -> None:
        """
        A timeout closes a link that says nothing, too.
        """
        pair = Pair(behavior="timeout", options={"timeout": 700})
        pair.clock.advance(0.6)
        self.assertEqual(pair.client.ended, [])
        pair.clock.advance(0.1)
        self.assertEqual((pair.client.ended, pair.backend.ended), (["lose"], ["lose"]))

    def test_lifetimeBeforeTheBackend(self) -> None:
        """
        A life may end before the backend is there: the connecting is given up.
        """
        pair = Pair(behavior="lifetime", options={"seconds": 1.0, "reset": True}, later=True)
        pair.clock.advance(1)
        self.assertEqual((pair.client.ended, pair.endpoint.cancelled), (["abort"], 1))

    def test_down(self) -> None:
        """
        Links that are open when the service goes down are reset, and new ones too.
        """
        pair = Pair()
        pair.setBehavior("down")
        pair.clock.advance(0)
        self.assertEqual((pair.client.ended, pair.backend.ended), (["abort"], ["abort"]))


class RoomTests(SynchronousTestCase):
    """
    Memory, and who is made to wait.
    """

    def test_pitfall9_backpressure(self) -> None:
        """
        A thin line makes its sender wait; both directions are apart, and what is let go
        makes room.
        """
        pair = Pair(behavior="bandwidth", options={"rate": 1})
        pair.ask(b"x" * (WRITE_QUEUE_LIMIT + 5000))
        self.assertEqual(pair.client.producerState, "paused")
        self.assertEqual(pair.backend.producerState, "producing")
        pair.answer(b"x" * (WRITE_QUEUE_LIMIT + 5000))
        self.assertEqual(pair.backend.producerState, "paused")
        pair.setBehavior("dummy")
        self.assertEqual(
            (pair.client.producerState, pair.backend.producerState), ("producing", "producing")
        )

    def test_pitfall8_latencyDoesNotThrottle(self) -> None:
        """
        Of a long line a lot may be under way; but not all there is.
        """
        pair = Pair(behavior="latency", options={"latency": 1000})
        for _ in range(16):
            pair.ask(bytes(2**18))
        self.assertEqual(pair.client.producerState, "producing")
        for _ in range(20):
            pair.ask(bytes(2**18))
        self.assertEqual(pair.client.producerState, "paused")
        # What the transport had read when it was paused comes after.
        pair.clock.pump([1, 1])
        self.assertEqual(len(pair.backend.heard()), 36 * 2**18)
        self.assertEqual(pair.client.producerState, "producing")

    def test_sharedBudget(self) -> None:
        """
        Connections of one proxy share a budget, also when they come later and when other
        rules change.
        """
        pair = Pair()
        shared = rule("bandwidth", rate=10, shared=True, direction="upstream")
        pair.factory.setPlan(rules(shared))
        pair.factory.setPlan(rules(shared, rule("latency")))
        relay = pair.factory.buildProtocol(None)
        relay.makeConnection(type(pair.client)())
        pair.relay.dataReceived(bytes(20_000))
        relay.dataReceived(bytes(20_000))
        pair.clock.pump([0.01] * 100)
        heard = [len(wire.value()) for wire in pair.endpoint.wires]
        self.assertTrue(9_000 <= sum(heard) <= 10_400, heard)
        self.assertTrue(abs(heard[0] - heard[1]) <= 400, heard)

    def test_changedOptions(self) -> None:
        """
        A named rule keeps its stage when its options change: what it counted stays.
        """
        pair = Pair()
        pair.factory.setPlan(rules(rule("limit_data", "limit", bytes=10)))
        self.assertEqual(pair.answer(b"123456"), b"123456")
        pair.factory.setPlan(rules(rule("limit_data", "limit", bytes=8)))
        self.assertEqual(pair.answer(b"7890"), b"78")
        pair.clock.advance(0)
        self.assertEqual(pair.client.ended, ["lose"])

    def test_reverts(self) -> None:
        """
        A rule that lasts for a while takes its stage with it.
        """
        pair = Pair()
        pair.factory.setPlan(rules({**rule("bandwidth"), "for": 2}))
        self.assertEqual(pair.ask(b"bytes"), b"")
        pair.clock.advance(2.1)
        self.assertEqual(pair.backend.heard(), b"bytes")
        self.assertEqual(pair.ask(b"more"), b"more")

    def test_pitfall2_noShareNoStage(self) -> None:
        """
        A rule for 0 percent leaves the link as if it were not there.
        """
        pair = Pair()
        pair.factory.setPlan(rules({**rule("reset_peer"), "percent": 0}))
        self.assertEqual(pair.relay.dataReceived, pair.backend.write)
        self.assertEqual(pair.ask(b"bytes"), b"bytes")
