"""
Tests for L{vaurien_twisted.relays.snapshot}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.session import Session
from tests.relays.support import Pair
from vaurien_twisted.relays.recent import RECENT


class StateTests(SynchronousTestCase):
    """
    How a link is.
    """

    def state(self, pair) -> str:
        """
        The state of its only link.
        """
        [link] = pair.factory.links
        return link.snapshot.state

    def test_states(self) -> None:
        """
        It connects, is open, and closes.
        """
        pair = Pair(later=True)
        self.assertEqual(self.state(pair), "connecting")
        pair.endpoint.connectNow()
        self.assertEqual(self.state(pair), "open")
        pair.relay.readConnectionLost()
        self.assertEqual(self.state(pair), "closing")

    def test_backendEnds(self) -> None:
        """
        It closes from that side, too, and when it is told to.
        """
        pair = Pair()
        pair.backendProtocol.readConnectionLost()
        self.assertEqual(self.state(pair), "closing")
        pair = Pair()
        [link] = pair.factory.links
        link.close()
        self.assertEqual(self.state(pair), "closing")

    def test_waiting(self) -> None:
        """
        For a while, by a rule, and before the backend is asked for.
        """
        when = {"command": "GET"}
        session = Session({"behavior": "delay", "options": {"sleep": 3}, "when": when})
        self.assertEqual(self.state(session), "open")
        session.ask(b"GET a\n")
        [link] = session.factory.links
        self.assertEqual(link.snapshot.state, "waiting")
        exchange, step = link.snapshot.held
        self.assertEqual((exchange.subject, step.command.seconds), ("a", 3))
        self.assertEqual(link.snapshot.faults, ["delay"])
        session.clock.advance(3)
        self.assertEqual((link.snapshot.state, link.snapshot.held), ("open", None))
        self.assertEqual(link.snapshot.faults, [])

    def test_held(self) -> None:
        """
        A reply can be what waits.
        """
        session = Session(
            {"behavior": "delay", "options": {"before": False}, "when": {"command": "GET"}}
        )
        session.ask(b"GET a\n")
        session.answer(b"value\n")
        self.assertEqual(self.state(session), "waiting")

    def test_stages(self) -> None:
        """
        Stream faults act as long as their stages are there.
        """
        pair = Pair(behavior="latency", options={"latency": 10})
        [link] = pair.factory.links
        self.assertEqual(link.snapshot.faults, ["latency"])
        pair.setBehavior("dummy")
        self.assertEqual(link.snapshot.faults, [])


class RecentTests(SynchronousTestCase):
    """
    The latest exchanges.
    """

    def test_greeting(self) -> None:
        """
        What the backend began is the first.
        """
        [link] = Session().factory.links
        self.assertEqual([each.number for each in link.snapshot.recent], [0])

    def test_bounded(self) -> None:
        """
        So many and no more, the latest last.
        """
        session = Session()
        session.ask(b"".join(b"GET %d\n" % number for number in range(1, 20)))
        [link] = session.factory.links
        numbers = [each.number for each in link.snapshot.recent if each.number]
        self.assertEqual(numbers, list(range(20 - RECENT, 20)))
        self.assertEqual(link.snapshot.recent[-1].description, "GET 19")

    def test_bareConnection(self) -> None:
        """
        Where the client speaks first the connection itself is known.
        """
        [link] = Pair().factory.links
        self.assertEqual([each.description for each in link.snapshot.recent], ["connect"])


class LastTests(SynchronousTestCase):
    """
    The latest exchange, also of those that are passed over.
    """

    def last(self, pair: Pair) -> str:
        """
        That of the only link.
        """
        [link] = pair.factory.links
        return link.snapshot.last

    def test_passedOver(self) -> None:
        """
        The last one of the latest chunk, read only when somebody asks.
        """
        for wire, first, second, words in (
            (
                "redis",
                b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n",
                b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\nc\r\n",
                ("GET a", "SET b"),
            ),
            (
                "http",
                b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
                b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
                ("GET /a", "POST /b"),
            ),
            ("memcache", b"get a\r\n", b"set b 0 0 1\r\nc\r\n", ("get a", "set b")),
        ):
            for pair in (Pair(wire), Pair(wire)):
                # Of a command that was never seen before, the first one is told apart.
                self.assertEqual(self.last(pair), "connect")
                pair.ask(first)
                self.assertEqual(self.last(pair), words[0])
                pair.ask(first + second)
                self.assertEqual(self.last(pair), words[1])
                pair.ask(first)
                self.assertEqual(self.last(pair), words[0])
                [link] = pair.factory.links
                self.assertEqual(link.exchanges, 4)

    def test_toldApart(self) -> None:
        """
        One that is told apart after others were passed over is the latest.
        """
        pair = Pair("redis")
        for _ in range(2):
            pair.ask(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n")
        pair.ask(b"PING\r\n")
        self.assertEqual(self.last(pair), "PING")

    def test_cut(self) -> None:
        """
        Of a long chunk only the beginning is kept.
        """
        pair = Pair("redis")
        request = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"
        pair.ask(request)
        pair.ask(request * 1000 + request.replace(b"a", b"b"))
        self.assertEqual(self.last(pair), "GET a")
