# -*- test-case-name: tests.wire.test_starttls -*-
"""
In-band TLS: two ends that begin in plain text and agree to continue in TLS.

Without a certificate the link becomes opaque then, unless the proxy refuses TLS.  With one, the
proxy ends TLS on each side of the link, and the framer reads the decrypted bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import ISelectiveFastPath, IStartTLS, ITLSOptions
from vaurien_twisted.model.exchange import Piece
from vaurien_twisted.model.options import Refused, option
from vaurien_twisted.wire.framer import Reader, Session, TwoWayFramer
from vaurien_twisted.wire.protocol import FramingOptions


@implementer(ITLSOptions)
@attrs.frozen
class TLSOptions(FramingOptions):
    """
    The options of wire protocols in which client and backend can agree to continue with TLS.
    """

    tls: str = option(
        str,
        "pass",
        "What to do when the client asks for TLS and there is no tls_certificate. pass: TLS "
        "passes, and Vaurien cannot read the connection. refuse: the client is told that the "
        "backend has no TLS.",
        choices=("pass", "refuse"),
    )
    tls_certificate: str = option(
        str,
        "",
        "A PEM file with a certificate for the proxy, and its key. When client and backend agree "
        "on TLS, the proxy speaks TLS with both and reads what passes.",
    )
    tls_key: str = option(str, "", "A PEM file with the key, if tls_certificate does not have it.")
    tls_ca: str = option(
        str,
        "",
        "A PEM file, or a folder of them, with the authorities that the backend's certificate must "
        "be from. Empty: any certificate is accepted.",
    )
    tls_name: str = option(
        str, "", "The host that the backend's certificate must be for. Empty: any host."
    )

    tls_client: str = option(
        str,
        "",
        "A PEM file with a certificate and its key, for backends that ask clients for one.",
    )

    def __attrs_post_init__(self) -> None:
        if self.tls_certificate:
            if self.refuses:
                raise Refused(
                    "refuse and tls_certificate contradict each other: use only one", "tls"
                )
            return
        for name in ("tls_key", "tls_ca", "tls_name", "tls_client"):
            if getattr(self, name):
                raise Refused("it has no effect without tls_certificate", name)

    @property
    def refuses(self) -> bool:
        return self.tls == "refuse"


class StartTLS:
    """
    How far client and backend are with STARTTLS on one connection.

    @ivar allowed: whether the proxy speaks TLS with both.
    @ivar refused: whether they are kept from agreeing on it.
    @ivar refusal: what the client is yet to be sent for that.
    @ivar agreed: whether the next bytes, in both directions, are TLS.
    @ivar active: the proxy speaks TLS with both.
    @ivar fromClient: the first bytes of TLS that the client sent before that.
    @ivar fromBackend: the same of the backend.
    """

    __slots__ = ("active", "agreed", "allowed", "fromBackend", "fromClient", "refusal", "refused")

    def __init__(self, allowed: bool = False, refused: bool = False) -> None:
        self.allowed = allowed
        self.refused = refused
        self.refusal = b""
        self.agreed = False
        self.active = False
        self.fromClient = bytearray()
        self.fromBackend = bytearray()

    @property
    def pending(self) -> bool:
        """
        Whether they have agreed, and TLS has not begun.
        """
        return self.agreed and not self.active


@implementer(IStartTLS)
class StartTLSFramer(TwoWayFramer):
    """
    A framer that reads no further once both ends agreed on TLS, until TLS has begun.
    """

    __slots__ = ("_startTLS",)

    def __init__(
        self,
        session: Session,
        startTLS: StartTLS,
        requests: Reader,
        replies: Reader,
        fastPath: ISelectiveFastPath | None = None,
    ) -> None:
        super().__init__(session, requests, replies, fastPath)
        self._startTLS = startTLS
        if startTLS.allowed:
            client, backend = requests.read, replies.read
            self.fromClient = lambda data: self._read(data, client, startTLS.fromClient)
            self.fromBackend = lambda data: self._read(data, backend, startTLS.fromBackend)

    def _read(
        self, data: bytes, read: Callable[[bytes], Iterator[Piece]], beyond: bytearray
    ) -> Iterator[Piece]:
        if self._startTLS.pending:
            beyond += data
            return iter(())
        return read(data)

    @property
    def upgrading(self) -> bool:
        return self._startTLS.pending

    def refusal(self) -> bytes:
        startTLS = self._startTLS
        refusal, startTLS.refusal = startTLS.refusal, b""
        return refusal

    def upgrade(self) -> tuple[bytes, bytes]:
        startTLS = self._startTLS
        startTLS.active = True
        beyond = bytes(startTLS.fromClient), bytes(startTLS.fromBackend)
        startTLS.fromClient.clear()
        startTLS.fromBackend.clear()
        return beyond
