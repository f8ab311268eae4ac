# -*- test-case-name: tests.relays.test_starttls -*-
"""
Continues in TLS on both sides of a link whose ends have agreed to (STARTTLS).

Each side has its own TLS connection, so that the proxy can read the exchanges.  TLS begins when
no bytes wait in a write queue or in a filter.
"""

from __future__ import annotations

from typing import cast

from twisted.internet.interfaces import IProtocol, IReactorTime, ITransport
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper

from vaurien_twisted.interfaces import IJournal, IStartTLS, ITLSOptions, IWireProtocol
from vaurien_twisted.interfaces.network import (
    ICountedTransport,
    IProtocolTransport,
    IStreamTransport,
)
from vaurien_twisted.model.callbacks import nothing
from vaurien_twisted.model.options import Refused
from vaurien_twisted.record.repeats import Repeats
from vaurien_twisted.relays.byte_counter import ByteCounter
from vaurien_twisted.relays.transports import EndProtocol, TransportPair
from vaurien_twisted.transports.certificates import clientOptions, serverOptions
from vaurien_twisted.transports.tls_engine import Credentials
from vaurien_twisted.transports.tls_factory import HandshakeFailed, TLSFactory
from vaurien_twisted.transports.tls_transport import TLSTransport


class Upgrades:
    """
    Continues in TLS on both sides of one proxy's links.

    @param options: the options of the wire protocol.
    @param name: the proxy's name.

    @raise Refused: a file is not valid; the message names the option of the wire protocol.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: IReactorTime,
        wire: IWireProtocol,
        options: ITLSOptions,
        name: str,
        journal: IJournal,
        repeats: Repeats,
    ) -> None:
        self._name = name
        self._journal = journal
        self._repeats = repeats
        self._options = options
        self._prefix = f"protocol_{wire.name}_"
        server, client = self._read()
        nothing = Factory()
        self._server = TLSFactory(server, False, nothing, reactor)
        self._client = TLSFactory(client, True, nothing, reactor)

    def _read(self) -> tuple[Credentials, Credentials]:
        """
        The TLS options of the server side and of the client side, read from their files.
        """
        options, prefix = self._options, self._prefix
        server = serverOptions(prefix + "tls_certificate", options.tls_certificate, options.tls_key)
        if options.tls_client:
            # Checked separately, so that an error names the option of this file.
            clientOptions(prefix + "tls_client", certificate=options.tls_client)
        client = clientOptions(
            prefix + "tls_ca", options.tls_name or None, options.tls_ca, options.tls_client
        )
        if options.tls_name and not options.tls_ca:
            raise Refused("it needs tls_ca, which authenticates the host", prefix + "tls_name")
        return server, client

    def renew(self) -> None:
        """
        Read the files again, for links that continue in TLS from now on.

        @raise Refused: a file is not valid; nothing has changed.
        """
        self._server.options, self._client.options = self._read()

    def perform(
        self,
        framer: IStartTLS,
        transports: TransportPair,
        relay: EndProtocol,
        backend: EndProtocol,
        number: int,
    ) -> None:
        """
        Continue in TLS on both sides of a link whose ends have agreed to.

        @param relay: the protocol that faces the client; it acts as the server.
        @param backend: the protocol that faces the backend.
        @param number: the number of the connection.
        """
        ours, theirs = transports.client, transports.backend
        self._log.info(
            "connection {number}: both ends have agreed on TLS; Vaurien decrypts it", number=number
        )
        fromClient, fromBackend = framer.upgrade()
        transports.detach()
        transports.stopPacing()
        # The backend first: the client's data within TLS wait for it.
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
        protocol: EndProtocol,
        below: ICountedTransport,
        who: str,
        number: int,
    ) -> TLSTransport:
        def failed(reason: HandshakeFailed) -> None:
            self._repeats.warn(
                self._log,
                "connection {number}: the TLS handshake with the {who} failed: {reason}",
                number=number,
                who=who,
                reason=reason.reason,
            )
            self._journal.record(
                "tls", self._name, number, reason=f"with the {who}: {reason.reason}"
            )

        transport = TLSTransport(factory, nothing, failed, cast(IProtocol, protocol))
        meter = ByteCounter(cast(ITransport, transport))
        protocol.transport = cast(ICountedTransport, meter)
        meter.bytesRead, meter.bytesWritten = below.bytesRead, below.bytesWritten
        give(bare(below), cast(IProtocol, transport))
        transport.makeConnection(bare(below))
        return transport


def bare(transport: object) -> IStreamTransport:
    """
    The transport itself, without a L{ByteCounter} around it.
    """
    below = transport.below if isinstance(transport, ByteCounter) else transport
    return cast(IStreamTransport, below)


def give(transport: object, protocol: IProtocol) -> None:
    """
    Deliver the bytes that a transport reads to another protocol.
    """
    if isinstance(transport, ProtocolWrapper):
        transport.wrappedProtocol = protocol
    else:
        cast(IProtocolTransport, transport).protocol = protocol
