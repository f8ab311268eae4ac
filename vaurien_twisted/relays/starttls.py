# -*- test-case-name: tests.relays.test_starttls -*-
"""
Going on in TLS on both sides of a link, where its ends have agreed to in the clear.

Each side has TLS of its own, so that what is said can be read in between.  It begins when
nothing is under way any more: neither in a lane nor in a stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper

from vaurien_twisted.interfaces import IStartTLS
from vaurien_twisted.model.options import Refused
from vaurien_twisted.relays.byte_counter import ByteCounter
from vaurien_twisted.relays.exchanges import ExchangeRelay
from vaurien_twisted.relays.filters import FilterChain
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.transports.certificates import clientOptions, serverOptions
from vaurien_twisted.transports.tls_factory import HandshakeFailed, TLSFactory
from vaurien_twisted.transports.tls_transport import TLSTransport

if TYPE_CHECKING:
    from vaurien_twisted.relays.factory import RelayFactory


class Upgrades:
    """
    Has both sides of a factory's links go on in TLS.

    @raise Refused: a file is not as it should be; names the option of the wire protocol.
    """

    _log = Logger()

    def __init__(self, factory: RelayFactory) -> None:
        self._factory = factory
        options, prefix = factory.options, f"protocol_{factory.wire.name}_"
        server = serverOptions(prefix + "tls_certificate", options.tls_certificate, options.tls_key)
        if options.tls_client:
            # Whatever is wrong with it is not to be told of another file.
            clientOptions(prefix + "tls_client", certificate=options.tls_client)
        client = clientOptions(
            prefix + "tls_ca", options.tls_name or None, options.tls_ca, options.tls_client
        )
        if options.tls_name and not options.tls_ca:
            raise Refused("it needs a tls_ca, by which to know the name", prefix + "tls_name")
        nothing = Factory()
        self._server = TLSFactory(server, False, nothing, factory.reactor)
        self._client = TLSFactory(client, True, nothing, factory.reactor)

    def attempt(
        self,
        exchangeRelay: ExchangeRelay,
        filterChain: FilterChain,
        transports: TransportPair,
        relay: Any,
        backend: Any,
        number: int,
    ) -> None:
        """
        Have the two protocols of a link go on in TLS if its ends have agreed to; that which
        faces the client as the server.

        @param number: the connection's.
        """
        framer = exchangeRelay.upgrading
        if framer is not None and self._ready(exchangeRelay, filterChain, transports):
            self._perform(framer, transports, relay, backend, number)
            filterChain.join()

    def _ready(
        self, exchangeRelay: ExchangeRelay, filterChain: FilterChain, transports: TransportPair
    ) -> bool:
        """
        Whether nothing is under way; else the two sides are read no further until then.
        """
        if exchangeRelay.toBackend.queue or exchangeRelay.toClient.queue or not filterChain.clear:
            transports.hold()
            return False
        return True

    def _perform(
        self, framer: IStartTLS, transports: TransportPair, relay: Any, backend: Any, number: int
    ) -> None:
        ours, theirs = transports.client, transports.backend
        self._log.info("connection {number} goes on in TLS, which is read", number=number)
        fromClient, fromBackend = framer.upgrade()
        transports.part()
        transports.unpace()
        # The backend first: what a client says within TLS waits for it.
        secured = (
            (self._secured(self._client, backend, theirs, "backend", number), theirs, fromBackend),
            (self._secured(self._server, relay, ours, "client", number), ours, fromClient),
        )
        transports.replace(relay.transport, backend.transport)
        for transport, below, early in secured:
            bare(below).resumeProducing()
            if early:
                transport.dataReceived(early)

    def _secured(
        self,
        factory: TLSFactory,
        protocol: Any,
        below: Any,
        who: str,
        number: int,
    ) -> TLSTransport:
        def failed(reason: HandshakeFailed) -> None:
            self._factory.repeats.warn(
                self._log,
                "connection {number}: no TLS with the {who}: {reason}",
                number=number,
                who=who,
                reason=reason.reason,
            )
            self._factory.journal.record(
                "tls", self._factory.name, number, reason=f"with the {who}: {reason.reason}"
            )

        transport = TLSTransport(factory, _nothing, failed, protocol)
        meter = protocol.transport = ByteCounter(transport)
        meter.bytesRead, meter.bytesWritten = below.bytesRead, below.bytesWritten
        give(bare(below), transport)
        transport.makeConnection(bare(below))
        return transport


def bare(transport: Any) -> Any:
    """
    A transport without the meter that may stand for it.
    """
    return transport.below if isinstance(transport, ByteCounter) else transport


def give(transport: Any, protocol: Any) -> None:
    """
    Let another protocol have what a transport reads.
    """
    if isinstance(transport, ProtocolWrapper):
        transport.wrappedProtocol = protocol
    else:
        transport.protocol = protocol


def _nothing(transport: TLSTransport) -> None:
    """
    The protocol above is connected already.
    """
