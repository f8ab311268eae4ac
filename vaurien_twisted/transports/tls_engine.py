# -*- test-case-name: tests.transports.test_tls_engine -*-
"""
One end of a TLS connection, without input or output: OpenSSL on memory BIOs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from OpenSSL.SSL import Connection, Error, SysCallError, WantReadError
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLContextFactory,
    IOpenSSLServerConnectionCreator,
)
from twisted.python.failure import Failure

from vaurien_twisted.transports.application_protocols import protocolsOf
from vaurien_twisted.transports.certificates import reasonOf

if TYPE_CHECKING:
    from twisted.protocols.tls import TLSMemoryBIOProtocol

#: How many bytes OpenSSL gets or gives at once: a record has 16 KiB at most.
PIECE = 2**15


#: The certificates and trust of connections.
Credentials: TypeAlias = (
    "IOpenSSLClientConnectionCreator | IOpenSSLServerConnectionCreator | IOpenSSLContextFactory"
)


class Verifier(Protocol):
    """
    What is told that the peer's certificate is not acceptable.
    """

    def failVerification(self, reason: Failure) -> None:
        """
        Abort the handshake.
        """


def newConnection(options: Credentials, isClient: bool, transport: Verifier) -> Connection:
    """
    An OpenSSL connection over memory BIOs.

    @param options: the certificates and trust: a provider of
        C{IOpenSSLClientConnectionCreator}, C{IOpenSSLServerConnectionCreator} or
        C{IOpenSSLContextFactory}.
    @param transport: its C{failVerification} is called if the peer's certificate is not
        acceptable; the wrapped factory of its C{factory} may name application protocols.
    """
    protocol = cast("TLSMemoryBIOProtocol", transport)
    if isClient and IOpenSSLClientConnectionCreator.providedBy(options):
        connection = options.clientConnectionForTLS(protocol)
    elif not isClient and IOpenSSLServerConnectionCreator.providedBy(options):
        connection = options.serverConnectionForTLS(protocol)
    else:
        connection = Connection(cast(IOpenSSLContextFactory, options).getContext(), None)
    if isClient:
        connection.set_connect_state()
        offered = protocolsOf(getattr(transport, "factory", None))
        if offered:
            connection.set_alpn_protos(offered)
    else:
        connection.set_accept_state()
        connection.set_app_data(transport)
    found: Connection = connection
    return found


class TLSEngine:
    """
    Takes what the peer sends and what is to be sent, and yields what is for the other side.

    @ivar established: whether the handshake is complete.
    @ivar blocked: whether OpenSSL takes nothing before the peer has answered; at first, it
        waits for the handshake.
    @ivar pending: how many bytes L{write} has taken that are not encrypted yet.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._written: list[bytes] = []
        self.established = False
        self.blocked = True
        self.pending = 0

    def handshake(self) -> bool:
        """
        Go on with the handshake.

        @return: whether it is complete.
        @raise Error: it has failed.
        """
        try:
            self._connection.do_handshake()
        except WantReadError:
            return False
        self.established = True
        return True

    @property
    def protocol(self) -> bytes:
        """
        The application protocol that both ends have agreed on, C{b""} for none.
        """
        return bytes(self._connection.get_alpn_proto_negotiated())

    def receive(self, data: bytes) -> None:
        """
        Take bytes of the peer.
        """
        self._connection.bio_write(data)

    def eof(self) -> None:
        """
        The peer sends no more bytes.
        """
        self._connection.bio_shutdown()

    def read(self) -> bytes | None:
        """
        Decrypted bytes, C{None} if there are none yet.

        @raise ZeroReturnError: the peer has sent its close_notify alert.
        @raise Error: TLS is broken, or the peer has ended without the alert; see L{isEnd}.
        """
        try:
            data: bytes = self._connection.recv(PIECE)
        except WantReadError:
            return None
        return data

    def write(self, data: bytes) -> None:
        """
        Keep bytes for the peer until L{encrypt}.
        """
        self._written.append(data)
        self.pending += len(data)

    def encrypt(self) -> None:
        """
        Encrypt what was written, as far as OpenSSL takes it now.

        @raise Error: TLS is broken.
        """
        if not self.established:
            return
        data = b"".join(self._written)
        self._written.clear()
        self.pending = 0
        self.blocked = False
        at = 0
        try:
            while at < len(data):
                at += self._connection.send(data[at : at + PIECE])
        except WantReadError:
            # The peer has to answer first, as when keys are negotiated again.
            self.blocked = True
            self.write(data[at:])

    def alert(self) -> bool:
        """
        Send the close_notify alert.

        @return: whether the peer has sent it, too.
        """
        try:
            return bool(self._connection.shutdown())
        except Error:
            return False

    def release(self) -> None:
        """
        Drop the OpenSSL connection, which may refer to its transport.  Nothing else may be
        called after this.
        """
        del self._connection

    def output(self) -> bytes:
        """
        Bytes for the peer, C{b""} if there are none.
        """
        pieces: list[bytes] = []
        try:
            while not pieces or len(pieces[-1]) == PIECE:
                pieces.append(self._connection.bio_read(PIECE))
        except WantReadError:
            pass
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def isEnd(error: BaseException | None) -> bool:
    """
    Whether OpenSSL reports with this error that TCP has ended without an alert.
    """
    if isinstance(error, SysCallError):
        return bool(error.args[0] == -1)
    if not isinstance(error, Error):
        return False
    return not error.args or not error.args[0] or "unexpected eof" in reasonOf(error)


def failureReason(error: BaseException | None) -> str:
    """
    Why a handshake has failed, in a few words.
    """
    if isinstance(error, ConnectionDone) or isEnd(error):
        return "the connection was closed during the handshake"
    return reasonOf(error)
