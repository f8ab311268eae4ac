# -*- test-case-name: tests.transports.test_server_names -*-
"""
TLS with servers whose certificate must be for a certain host.

Twisted's own check refuses names that no rule for hosts allows, such as C{my_service} (by
IDNA), though a certificate may well be for one, and Server Name Indication (RFC 6066
section 3) carries it.  It also accepts a certificate without any name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from OpenSSL.crypto import X509
from OpenSSL.SSL import VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER, Connection
from service_identity import CertificateError, VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import CertificateOptions
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

if TYPE_CHECKING:
    from twisted.protocols.tls import TLSMemoryBIOProtocol

_log = Logger()


@implementer(IOpenSSLClientConnectionCreator)
class NamedServer:
    """
    Makes connections on which the server's certificate must be for C{host}.

    @param host: its name in ASCII, without the dot of the root, or its IP address.
    @param options: whom to trust, and the certificate to show if asked for one.
    """

    def __init__(self, host: str, options: CertificateOptions) -> None:
        self._host = host
        self._options = options

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> Connection:
        """
        A connection for one protocol, which is told if the certificate is for another host.
        """
        connection: Connection = self._options.clientConnectionForTLS(tlsProtocol)
        wanted: DNS_ID | IPAddress_ID
        if isIPAddress(self._host) or isIPv6Address(self._host):
            # Server Name Indication is for names alone.
            wanted = IPAddress_ID(self._host)
        else:
            connection.set_tlsext_host_name(self._host.encode("ascii"))
            wanted = DNS_ID(self._host)

        def verify(_: Connection, certificate: X509, error: int, depth: int, fine: int) -> bool:
            if depth:
                return bool(fine)
            # An exception would be lost on the way through OpenSSL.
            try:
                verify_service_identity(extract_patterns(certificate), [wanted], [])
            except (VerificationError, CertificateError):
                tlsProtocol.failVerification(Failure())
                return False
            except Exception:
                _log.failure("cannot verify the certificate for {host}", host=self._host)
                return False
            return bool(fine)

        connection.set_verify(VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT, verify)
        return connection
