# -*- test-case-name: tests.wire.test_starttls -*-
"""
In-band TLS: two ends that begin in the clear and agree to go on in TLS.

Without a certificate to show, that is the end of reading, unless they are kept from it.  With
one, both sides of a link take part in TLS, each by itself, and the framer reads on what is
said within.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import IStartTLS, ITLSOptions
from vaurien_twisted.model.exchange import Piece
from vaurien_twisted.model.options import Refused, option
from vaurien_twisted.wire.protocol import FramingOptions


@implementer(ITLSOptions)
@attrs.frozen
class TLSOptions(FramingOptions):
    """
    For wire protocols in which both ends can agree to go on in TLS.
    """

    tls: str = option(
        str,
        "pass",
        "What becomes of TLS that client and backend want to agree upon, without a "
        "certificate: it passes, unread, or it is refused in the backend's name, so that they "
        "go on in the clear and are read.",
        choices=("pass", "refuse"),
    )
    tls_certificate: str = option(
        str,
        "",
        "A PEM file with the certificate for clients that ask for TLS, and its key: TLS is "
        "then spoken on both sides, and read.",
    )
    tls_key: str = option(str, "", "The PEM file with the key, if it is not in the same.")
    tls_ca: str = option(
        str,
        "",
        "A PEM file, or a folder of them: who must have signed the backend's certificate. "
        "Without it any is taken.",
    )
    tls_name: str = option(
        str, "", "For which host that certificate must be; for any if nothing is said."
    )

    tls_client: str = option(
        str,
        "",
        "A PEM file with a certificate and its key, for backends that ask their clients for one.",
    )

    def __attrs_post_init__(self) -> None:
        if self.tls_certificate:
            if self.refuses:
                raise Refused("with a tls_certificate it is read, not refused", "tls")
            return
        for name in ("tls_key", "tls_ca", "tls_name", "tls_client"):
            if getattr(self, name):
                raise Refused("it says nothing without a tls_certificate", name)

    @property
    def refuses(self) -> bool:
        """
        Whether clients and backends are kept from agreeing on TLS.
        """
        return self.tls == "refuse"


class Agreement:
    """
    Whether both ends have agreed.

    @ivar allowed: whether we take part.
    @ivar refused: whether they are kept from it.
    @ivar denial: what the client is yet to be told for that.
    @ivar reached: what comes next, in both directions, is TLS.
    @ivar kept: whether we take part in it by now.
    @ivar fromClient: what of it the client has sent already.
    @ivar fromBackend: the same of the backend.
    """

    __slots__ = (
        "allowed",
        "denial",
        "fromBackend",
        "fromClient",
        "kept",
        "reached",
        "refused",
    )

    def __init__(self, allowed: bool = False, refused: bool = False) -> None:
        self.allowed = allowed
        self.refused = refused
        self.denial = b""
        self.reached = False
        self.kept = False
        self.fromClient = bytearray()
        self.fromBackend = bytearray()


Read = Callable[[bytes], Iterator[Piece]]


@implementer(IStartTLS)
class Upgradable:
    """
    A framer that reads no further once there is an agreement, until TLS has begun.
    """

    fromClient: Read
    fromBackend: Read

    def __init__(self, agreement: Agreement, client: Read, backend: Read) -> None:
        self._agreement = agreement
        # Bound to the readers without a step between, where that can be.
        self.fromClient, self.fromBackend = client, backend
        if agreement.allowed:
            self.fromClient = lambda data: self._read(data, client, agreement.fromClient)
            self.fromBackend = lambda data: self._read(data, backend, agreement.fromBackend)

    def _read(self, data: bytes, read: Read, beyond: bytearray) -> Iterator[Piece]:
        if self.upgrading:
            beyond += data
            return iter(())
        return read(data)

    @property
    def upgrading(self) -> bool:
        """
        See L{IStartTLS}.
        """
        return self._agreement.reached and not self._agreement.kept

    def denial(self) -> bytes:
        """
        See L{IStartTLS}.
        """
        agreement = self._agreement
        words, agreement.denial = agreement.denial, b""
        return words

    def upgrade(self) -> tuple[bytes, bytes]:
        """
        See L{IStartTLS}.
        """
        agreement = self._agreement
        agreement.kept = True
        beyond = bytes(agreement.fromClient), bytes(agreement.fromBackend)
        agreement.fromClient.clear()
        agreement.fromBackend.clear()
        return beyond
