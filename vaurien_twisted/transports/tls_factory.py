# -*- test-case-name: tests.transports.test_tls -*-
"""
The factory of an endpoint's TLS connections, and the error of a failed handshake.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IAddress, IProtocolFactory, IReactorTime
from twisted.logger import Logger
from twisted.protocols.policies import WrappingFactory

from vaurien_twisted.model.names import peerName
from vaurien_twisted.record.repeats import Repeats
from vaurien_twisted.transports.tls_engine import Credentials

#: How long a handshake may take by default, in seconds.
HANDSHAKE = 30.0


class HandshakeFailed(ConnectError):
    """
    The TLS handshake has failed after TCP was connected.

    @ivar reason: the cause, in a few words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(string=reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"TLS: {self.reason}"


class TLSFactory(WrappingFactory[Any]):
    """
    Builds protocols that are TLS transports for those of another factory.

    @ivar options: the certificates and trust of new connections; see
        L{vaurien_twisted.transports.tls_engine.newConnection}.
    @ivar isClient: whether they are the client's end of TLS.
    @ivar clock: times their handshakes.
    @ivar repeats: writes the log lines that peers can cause without end.
    """

    noisy = False
    _log = Logger()

    def __init__(
        self, options: Credentials, isClient: bool, wrapped: IProtocolFactory, clock: IReactorTime
    ) -> None:
        super().__init__(wrapped)
        self.options = options
        self.isClient = isClient
        self.clock = clock
        self.repeats = Repeats(clock)

    def broken(self, peer: IAddress | None, reason: str) -> None:
        """
        Log that a connection has failed after its handshake.
        """
        self.repeats.warn(
            self._log, "TLS with {peer} failed: {reason}", peer=peerName(peer), reason=reason
        )
