# -*- test-case-name: tests.relays.test_negotiation -*-
"""
The choice of HTTP/2 in a proxy's TLS: clients are offered it only if the backend accepts it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IProtocol,
    IProtocolNegotiationFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.interfaces import IHTTP2Options
from vaurien_twisted.transports.application_protocols import HTTP1, HTTP2, PROTOCOLS, chosenOn

#: Backends that speak TLS, as users write them.
TLS = re.compile(r"\b(?:ssl|tls)\\*:")

#: How long clients wait for the backend's answer, in seconds.
PATIENCE = 2.0


class Negotiation:
    """
    Chooses the application protocols for the TLS of one proxy (ALPN, RFC 7301).

    It learns which ones the backend accepts from a connection that ends after its handshake.

    @param options: the options of the wire protocol.
    @param clock: limits how long clients wait for the backend's answer.
    """

    def __init__(self, options: object, clock: IReactorTime) -> None:
        own = IHTTP2Options(options, None)
        self._http2 = "opaque" if own is None else own.http2
        self._taken: bool | None = None
        self._asking: Deferred[IProtocol] | None = None
        self._clock = clock
        self._timer: IDelayedCall | None = None
        #: Clients that wait for the answer.
        self._waiting: list[Deferred[None]] = []

    @property
    def reads(self) -> bool:
        """
        Whether the options allow HTTP/2 within TLS.
        """
        return self._http2 != "opaque"

    def forClients(self) -> list[bytes]:
        """
        What clients may choose now.
        """
        both = self._taken or self._http2 == "prior-knowledge"
        return [HTTP2, *PROTOCOLS] if both else list(PROTOCOLS)

    def learned(self, endpoint: IStreamClientEndpoint, text: str) -> Deferred[None]:
        """
        Fires when it is known what the backend takes, which is asked if need be; when it cannot be
        reached; or L{PATIENCE} after it was asked.

        @param text: the backend as the user wrote it.
        """
        if self._http2 == "read" and self._taken is None and TLS.search(text):
            if self._asking is None:
                self._ask(endpoint)
            if self._timer is not None:
                waiting: Deferred[None] = Deferred()
                self._waiting.append(waiting)
                return waiting
        return succeed(None)

    def forBackend(self, chosen: bytes) -> list[bytes]:
        """
        The application protocols to offer to the backend for one client.

        @param chosen: the protocol that this client has chosen; C{b""} for none.
        """
        if not self.reads:
            return []
        prior = self._http2 == "prior-knowledge" and not chosen
        return [HTTP2] if prior or chosen == HTTP2 else []

    def forget(self) -> None:
        """
        Forget the protocols of the backend, which was replaced.
        """
        self._taken = None
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
        self._release()

    def _ask(self, endpoint: IStreamClientEndpoint) -> None:
        self._timer = self._clock.callLater(PATIENCE, self._release)
        asking = self._asking = endpoint.connect(Asking(self._learn))
        asking.addErrback(self._failed)

    def _learn(self, taken: bool) -> None:
        self._taken, self._asking = taken, None
        self._release()

    def _release(self) -> None:
        """
        Clients wait no longer.
        """
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)

    def _failed(self, failure: Failure) -> None:
        """
        The backend cannot be reached: ask it again with the next client.  The links log the reason.
        """
        self._asking = None
        self._release()


@implementer(IProtocolNegotiationFactory)
class Asking(Factory):
    """
    Asks a backend whether it accepts HTTP/2.

    @param learn: called with the answer.
    """

    noisy = False

    def __init__(self, learn: Callable[[bool], None]) -> None:
        self._learn = learn

    def acceptableProtocols(self) -> list[bytes]:
        return [HTTP2, HTTP1]

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """
        A protocol that ends the connection when it is made.
        """
        return _Asked(self._learn)


class _Asked(Protocol):
    def __init__(self, learn: Callable[[bool], None]) -> None:
        self._learn = learn

    def connectionMade(self) -> None:
        transport = self.transport
        self._learn(chosenOn(transport) == HTTP2)
        if transport is not None:
            transport.loseConnection()
