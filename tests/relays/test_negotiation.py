"""
Tests for L{vaurien_twisted.relays.negotiation}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.relays.negotiation import Asking, Negotiation
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

    def offered(self, negotiation: Negotiation, endpoint: Any, text: str = TEXT) -> bool:
        """
        Whether clients are offered HTTP/2.
        """
        offered = negotiation.forClients(endpoint, text)
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
            negotiation, endpoint = Negotiation(HTTPOptions()), Endpoint()
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
        negotiation, endpoint = Negotiation(HTTPOptions()), Endpoint()
        self.offered(negotiation, endpoint)
        endpoint.asked[0][1].errback(OSError("down"))
        self.offered(negotiation, endpoint)
        self.answer(endpoint, HTTP2)
        self.assertTrue(self.offered(negotiation, endpoint))
        negotiation.forget()
        self.assertFalse(self.offered(negotiation, endpoint))
        negotiation.forget()
        self.assertEqual(len(endpoint.asked), 3)

    def test_never(self) -> None:
        """
        Neither where the backend does not speak TLS, nor where HTTP/2 is not read.
        """
        endpoint = Endpoint()
        self.assertFalse(self.offered(Negotiation(HTTPOptions()), endpoint, "localhost:80"))
        for options in (HTTPOptions(http2="opaque"), TCPOptions(), None):
            negotiation = Negotiation(options)
            self.assertFalse(self.offered(negotiation, endpoint))
            self.assertEqual(negotiation.forBackend(HTTP2), [])
        self.assertEqual(endpoint.asked, [])

    def test_prior(self) -> None:
        """
        With prior knowledge nobody is asked, and the backend is offered HTTP/2 also for clients
        that speak it without TLS.
        """
        endpoint = Endpoint()
        negotiation = Negotiation(HTTPOptions(http2="prior-knowledge"))
        self.assertTrue(self.offered(negotiation, endpoint, "localhost:80"))
        self.assertEqual(negotiation.forBackend(b""), [HTTP2])
        self.assertEqual(Negotiation(HTTPOptions()).forBackend(b""), [])
        self.assertEqual(endpoint.asked, [])

    def test_same(self) -> None:
        """
        The backend is offered what the client has chosen.
        """
        negotiation = Negotiation(HTTPOptions())
        self.assertEqual(negotiation.forBackend(HTTP2), [HTTP2])
        self.assertEqual(negotiation.forBackend(b"http/1.1"), [])
