# -*- test-case-name: tests.relays.test_client_protocol -*-
"""
The backend of a proxy, to which its links connect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    ITransport,
)

from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.relays.circles import circlesFor
from vaurien_twisted.relays.negotiation import Negotiation

if TYPE_CHECKING:
    from vaurien_twisted.express.connector import BegunConnection


class Backend:
    """
    Connects links to the backend, which may be replaced at any time.

    @param reactor: the reactor whose proxies must not connect to each other in a circle.
    @param options: the options of the wire protocol.
    @ivar negotiation: decides which application protocols are offered to the backend in TLS.
    @ivar endpoint: the endpoint of new links.
    @ivar text: the backend, as the user wrote it.
    @ivar missed: called with the reason when a client cannot be connected to the backend; the
        client is reset then.  C{None}: the client is closed in order.
    """

    def __init__(
        self,
        reactor: IServerReactor,
        endpoint: IStreamClientEndpoint,
        text: str,
        options: object = None,
    ) -> None:
        self._circles = circlesFor(reactor)
        self._begun: BegunConnection | None = None
        self.negotiation = Negotiation(options, reactor)
        self.endpoint = endpoint
        self.text = text
        self.missed: Callable[[str], None] | None = None

    def replace(self, endpoint: IStreamClientEndpoint, text: str) -> None:
        """
        Connect new links to another backend.  Open links keep theirs.
        """
        self._circles.forget(self)
        self.negotiation.forget()
        self.endpoint = endpoint
        self.text = text

    def servesAt(self, address: IAddress | None) -> None:
        """
        The clients of this backend's proxy connect to C{address} from now on; C{None}: the
        proxy does not listen.
        """
        self._circles.listens(self, address)

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect a link, or go on with what L{reach} has begun.
        """
        begun, self._begun = self._begun, None
        return self.endpoint.connect(factory) if begun is None else begun.connect(factory)

    def reach(self) -> BegunConnection | None:
        """
        Begin to connect without a protocol.

        @return: a connection that is made already; C{None}: L{connect} is to follow, for the same
            client.
        """
        reach = getattr(self.endpoint, "reach", None)
        begun: BegunConnection | None = None if reach is None else reach()
        if begun is None or (not begun.code and not self._circles.mayClose(begun.address)):
            return begun
        self._begun = begun
        return None

    def discard(self) -> None:
        """
        Close a connection that L{reach} has begun and that no L{connect} followed, because the
        client could not be served.
        """
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.sock.close()

    def leadsBack(self, transport: ITransport) -> bool:
        """
        Whether a connection to the backend leads back to the proxy itself.

        @param transport: the connection's.
        """
        return self._circles.closes(self, transport)
