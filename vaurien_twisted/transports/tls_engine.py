# -*- test-case-name: tests.transports.test_tls_engine -*-
"""
One end of a TLS connection without any socket: OpenSSL with memory BIOs.
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

#: The most bytes that are passed to or read from OpenSSL at once.  A record has at most 16 KiB.
PIECE = 2**15


#: The certificates and trust of connections.
Credentials: TypeAlias = (
    "IOpenSSLClientConnectionCreator | IOpenSSLServerConnectionCreator | IOpenSSLContextFactory"
)


class Verifier(Protocol):
    """
    A transport that is called when the peer's certificate is not acceptable.
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
    Encrypts and decrypts the bytes of one connection.

    @ivar established: whether the handshake is complete.
    @ivar blocked: whether OpenSSL accepts no data until the peer has answered, as before the
        handshake.
    @ivar pending: the bytes passed to L{write} that are not encrypted yet.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._written: list[bytes] = []
        self.established = False
        self.blocked = True
        self.pending = 0

    def handshake(self) -> bool:
        """
        Continue the handshake.

        @return: whether the handshake is complete.
        @raise Error: the handshake has failed.
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
        Pass encrypted bytes from the peer to OpenSSL.
        """
        self._connection.bio_write(data)

    def eof(self) -> None:
        """
        Tell OpenSSL that the peer has closed its TCP stream.
        """
        self._connection.bio_shutdown()

    def read(self) -> bytes | None:
        """
        Decrypted bytes, C{None} if there are none yet.

        @raise ZeroReturnError: the peer has sent its close_notify alert.
        @raise Error: TLS has failed, or the peer has closed TCP without the alert; see L{isEnd}.
        """
        try:
            data: bytes = self._connection.recv(PIECE)
        except WantReadError:
            return None
        return data

    def write(self, data: bytes) -> None:
        """
        Keep bytes for the peer until L{encrypt} is called.
        """
        self._written.append(data)
        self.pending += len(data)

    def encrypt(self) -> None:
        """
        Encrypt the written bytes, as many as OpenSSL accepts now.

        @raise Error: TLS has failed.
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
            # OpenSSL needs an answer from the peer first, as in a renegotiation.
            self.blocked = True
            self.write(data[at:])

    def alert(self) -> bool:
        """
        Send the close_notify alert.

        @return: whether the peer has sent its own.
        """
        try:
            return bool(self._connection.shutdown())
        except Error:
            return False

    def release(self) -> None:
        """
        Release the OpenSSL connection, which may refer to its transport.  No other method may
        be called after this.
        """
        del self._connection

    def output(self) -> bytes:
        """
        Encrypted bytes for the peer, C{b""} if there are none.
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
    Whether the error of OpenSSL means that the peer closed TCP without a close_notify alert.
    """
    if isinstance(error, SysCallError):
        return bool(error.args[0] == -1)
    if not isinstance(error, Error):
        return False
    return not error.args or not error.args[0] or "unexpected eof" in reasonOf(error)


def failureReason(error: BaseException | None) -> str:
    """
    Why a handshake has failed, as a short text.
    """
    if isinstance(error, ConnectionDone) or isEnd(error):
        return "the connection was closed during the handshake"
    return reasonOf(error)
