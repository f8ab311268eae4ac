# -*- test-case-name: tests.transports.test_certificates -*-
"""
Application protocols that the two ends of TLS agree on (ALPN, RFC 7301).

A factory above TLS that provides C{IProtocolNegotiationFactory} names those that it accepts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IProtocolNegotiationFactory

from vaurien_twisted.interfaces.network import ILearningFactory

if TYPE_CHECKING:
    # The type of NO_OVERLAPPING_PROTOCOLS has no public name.
    from OpenSSL.SSL import Connection, _NoOverlappingProtocols

HTTP2, HTTP1 = b"h2", b"http/1.1"

#: The protocols that are accepted by default: those with the same framing as without TLS.
PROTOCOLS = (HTTP1, b"postgresql")


def protocolsOf(factory: object) -> list[bytes] | None:
    """
    The protocols that a factory, or one that it wraps, accepts; C{None} if none of them names any.
    """
    while factory is not None:
        if IProtocolNegotiationFactory.providedBy(factory):
            return list(factory.acceptableProtocols())
        factory = getattr(factory, "wrappedFactory", None)
    return None


def learned(factory: object) -> Deferred[None]:
    """
    A Deferred that fires when a factory, or one that it wraps, knows which protocols it accepts.
    """
    while factory is not None:
        if ILearningFactory.providedBy(factory):
            known: Deferred[None] = factory.learned()
            return known
        factory = getattr(factory, "wrappedFactory", None)
    return succeed(None)


def chooseProtocol(
    connection: Connection, offered: Sequence[bytes]
) -> bytes | _NoOverlappingProtocols:
    """
    The first protocol of the factory above TLS that the client offers.

    @param connection: its application data is the TLS transport, if that is known.
    """
    # Imported here, since loading it takes time and only TLS needs it.
    from OpenSSL.SSL import NO_OVERLAPPING_PROTOCOLS

    taken = protocolsOf(getattr(connection.get_app_data(), "factory", None))
    # As most servers do, by the order of their own.
    known = [each for each in (PROTOCOLS if taken is None else taken) if each in offered]
    return known[0] if known else NO_OVERLAPPING_PROTOCOLS


def chosenOn(transport: object) -> bytes:
    """
    The protocol that both ends of a transport have agreed on; C{b""} for none, or without TLS.
    """
    return getattr(transport, "negotiatedProtocol", None) or b""
