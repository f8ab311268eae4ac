# -*- test-case-name: tests.transports.test_server_names -*-
"""
Verifies that the certificate of a TLS server is for the expected host.

Twisted's own check refuses host names that IDNA does not allow, such as C{my_service}, although
certificates and Server Name Indication (RFC 6066 section 3) can contain them.  It also accepts a
certificate without any name.
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
    Makes connections that fail unless the server's certificate is for C{host}.

    @param host: the server's name in ASCII without a final dot, or its IP address.
    @param options: the trusted authorities, and the certificate to send if the server asks for
        one.
    """

    def __init__(self, host: str, options: CertificateOptions) -> None:
        self._host = host
        self._options = options

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> Connection:
        """
        The connection of one protocol.  If the certificate is for another host, the protocol's
        C{failVerification} is called.
        """
        connection: Connection = self._options.clientConnectionForTLS(tlsProtocol)
        wanted: DNS_ID | IPAddress_ID
        if isIPAddress(self._host) or isIPv6Address(self._host):
            # Server Name Indication cannot contain an IP address.
            wanted = IPAddress_ID(self._host)
        else:
            connection.set_tlsext_host_name(self._host.encode("ascii"))
            wanted = DNS_ID(self._host)

        def verify(_: Connection, certificate: X509, error: int, depth: int, fine: int) -> bool:
            if depth:
                return bool(fine)
            # OpenSSL would discard an exception.
            try:
                verify_service_identity(extract_patterns(certificate), [wanted], [])
            except (VerificationError, CertificateError):
                tlsProtocol.failVerification(Failure())
                return False
            except Exception:
                _log.failure("verifying the certificate for {host} failed", host=self._host)
                return False
            return bool(fine)

        connection.set_verify(VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT, verify)
        return connection
