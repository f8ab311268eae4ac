"""
Tests for L{vaurien_twisted.relays.negotiation}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.relays.negotiation import PATIENCE, Asking, Negotiation
from vaurien_twisted.transports.application_protocols import HTTP2, PROTOCOLS
from vaurien_twisted.wire.http.protocol import HTTPOptions
from vaurien_twisted.wire.tcp import TCPOptions

#: A backend that speaks TLS.
TEXT = "ssl:localhost:443"


class Endpoint:
    """
    Connects when told to.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[Asking, Deferred[Any]]] = []

    def connect(self, factory: Any) -> Deferred[Any]:
        """
        Wait.
        """
        made: Deferred[Any] = Deferred()
        self.asked.append((factory, made))
        return made


class Wire:
    """
    A transport whose ends have agreed on something.
    """

    def __init__(self, agreed: bytes) -> None:
        self.negotiatedProtocol = agreed
        self.ended = False

    def loseConnection(self) -> None:
        """
        Note it.
        """
        self.ended = True


class NegotiationTests(SynchronousTestCase):
    """
    What clients and the backend are offered.
    """

    def setUp(self) -> None:
        self.clock = Clock()

    def negotiation(self, options: object) -> Negotiation:
        """
        Of a proxy with these options.
        """
        return Negotiation(options, self.clock)

    def offered(self, negotiation: Negotiation, endpoint: Any, text: str = TEXT) -> bool:
        """
        Whether a client that has connected is offered HTTP/2, if it does not wait.
        """
        negotiation.learned(endpoint, text)
        offered = negotiation.forClients()
        self.assertEqual([each for each in offered if each != HTTP2], list(PROTOCOLS))
        return HTTP2 in offered

    def answer(self, endpoint: Endpoint, agreed: bytes) -> None:
        """
        The backend agrees on something.
        """
        factory, made = endpoint.asked[-1]
        protocol = factory.buildProtocol(None)
        wire: Any = Wire(agreed)
        protocol.makeConnection(wire)
        made.callback(protocol)
        self.assertTrue(wire.ended)

    def test_asked(self) -> None:
        """
        The backend is asked once, and clients are offered what it takes.
        """
        for agreed in (HTTP2, b"http/1.1", b""):
            negotiation, endpoint = self.negotiation(HTTPOptions()), Endpoint()
            self.assertFalse(self.offered(negotiation, endpoint))
            self.assertFalse(self.offered(negotiation, endpoint))
            self.answer(endpoint, agreed)
            self.assertEqual(self.offered(negotiation, endpoint), agreed == HTTP2)
            self.assertEqual(len(endpoint.asked), 1)
            self.assertEqual(endpoint.asked[0][0].acceptableProtocols(), [HTTP2, b"http/1.1"])

    def test_unreached(self) -> None:
        """
        A backend that cannot be reached is asked again; another backend is asked anew.
        """
        negotiation, endpoint = self.negotiation(HTTPOptions()), Endpoint()
        self.offered(negotiation, endpoint)
        endpoint.asked[0][1].errback(OSError("down"))
        self.offered(negotiation, endpoint)
        self.answer(endpoint, HTTP2)
        self.assertTrue(self.offered(negotiation, endpoint))
        negotiation.forget()
        self.assertFalse(self.offered(negotiation, endpoint))
        negotiation.forget()
        self.assertEqual(len(endpoint.asked), 3)

    def test_waits(self) -> None:
        """
        Clients wait until the backend has answered, or cannot be reached.
        """
        negotiation, endpoint = self.negotiation(HTTPOptions()), Endpoint()
        clients = [negotiation.learned(endpoint, TEXT) for _ in range(3)]
        for each in clients:
            self.assertNoResult(each)
        endpoint.asked[0][1].errback(OSError("down"))
        for each in clients:
            self.successResultOf(each)
        later = negotiation.learned(endpoint, TEXT)
        self.assertNoResult(later)
        self.answer(endpoint, HTTP2)
        self.successResultOf(later)
        self.successResultOf(negotiation.learned(endpoint, TEXT))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_waitsNoLonger(self) -> None:
        """
        A backend that does not answer keeps no client longer than so.
        """
        negotiation, endpoint = self.negotiation(HTTPOptions()), Endpoint()
        early = negotiation.learned(endpoint, TEXT)
        self.clock.advance(PATIENCE)
        self.successResultOf(early)
        self.successResultOf(negotiation.learned(endpoint, TEXT))
        self.assertEqual(len(endpoint.asked), 1)
        negotiation.forget()
        late = negotiation.learned(endpoint, TEXT)
        self.assertNoResult(late)
        negotiation.forget()
        self.successResultOf(late)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_never(self) -> None:
        """
        Neither where the backend does not speak TLS, nor where HTTP/2 is not read.
        """
        endpoint = Endpoint()
        self.assertFalse(self.offered(self.negotiation(HTTPOptions()), endpoint, "localhost:80"))
        for options in (HTTPOptions(http2="opaque"), TCPOptions(), None):
            negotiation = self.negotiation(options)
            self.assertFalse(self.offered(negotiation, endpoint))
            self.assertEqual(negotiation.forBackend(HTTP2), [])
        self.assertEqual(endpoint.asked, [])

    def test_prior(self) -> None:
        """
        With prior knowledge nobody is asked, and the backend is offered HTTP/2 also for clients
        that speak it without TLS.
        """
        endpoint = Endpoint()
        negotiation = self.negotiation(HTTPOptions(http2="prior-knowledge"))
        self.assertTrue(self.offered(negotiation, endpoint, "localhost:80"))
        self.assertEqual(negotiation.forBackend(b""), [HTTP2])
        self.assertEqual(self.negotiation(HTTPOptions()).forBackend(b""), [])
        self.assertEqual(endpoint.asked, [])

    def test_same(self) -> None:
        """
        The backend is offered what the client has chosen.
        """
        negotiation = self.negotiation(HTTPOptions())
        self.assertEqual(negotiation.forBackend(HTTP2), [HTTP2])
        self.assertEqual(negotiation.forBackend(b"http/1.1"), [])
