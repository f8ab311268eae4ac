# -*- test-case-name: tests.transports.test_virtual_hosts,tests.integration.test_tls -*-
"""
A TLS server for several hosts: the client names the host, and gets its certificate.

Source: Server Name Indication, RFC 6066 section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cryptography.x509 import DNSName, ExtensionNotFound, SubjectAlternativeName
from OpenSSL import crypto
from OpenSSL.SSL import Connection, Context, Error
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.ssl import DN, Certificate, CertificateOptions, KeyPair
from twisted.logger import Logger
from zope.interface import implementer

from vaurien_twisted.model.options import Refused
from vaurien_twisted.transports.application_protocols import chooseProtocol
from vaurien_twisted.transports.certificates import reasonOf
from vaurien_twisted.transports.files import pemFiles
from vaurien_twisted.transports.pem import (
    CERTIFICATE,
    KEY,
    pemBlocks,
    readPEM,
    refuseEncrypted,
)

#: A distinguished name: its attributes with their values, sorted.
Name = tuple[tuple[str, bytes], ...]

_log = Logger()


@implementer(IOpenSSLServerConnectionCreator)
class VirtualHosts:
    """
    Creates connections whose certificate depends on the host that the client names.

    @param contexts: the contexts by host name in lower case; C{*.example.com} stands for all
        hosts one level below.  Clients that name no host, or an unknown one, get the first.
    """

    def __init__(self, contexts: Mapping[str, Context]) -> None:
        self._contexts = contexts
        self._first = next(iter(contexts.values()))
        for context in contexts.values():
            context.set_tlsext_servername_callback(self._choose)
            context.set_alpn_select_callback(chooseProtocol)

    def serverConnectionForTLS(self, tlsProtocol: object) -> Connection:
        return Connection(self._first, None)

    def context(self, host: bytes | None) -> Context:
        """
        The context for a host; the first one if the host is C{None} or unknown.
        """
        name = (host or b"").decode("latin-1").lower()
        _, _, domain = name.partition(".")
        return self._contexts.get(name) or self._contexts.get(f"*.{domain}") or self._first

    def _choose(self, connection: Connection) -> None:
        connection.set_context(self.context(connection.get_servername()))


def folderOptions(name: str, path: str) -> VirtualHosts:
    """
    The options of a TLS server for several hosts, from the certificates and keys of a folder.

    @param name: the option that names the folder, for error messages.
    @param path: the path of the folder, with files called C{*.pem}.
    @raise Refused: a file cannot be used, or the folder has no certificate for a host together
        with its key.
    """
    keys: list[tuple[str, KeyPair]] = []
    certificates: list[Certificate] = []
    files = pemFiles(f"{path.rstrip('/')}/", name, deep=True)
    if not files:
        raise Refused(f"{path} has no .pem files with certificates and keys", name)
    try:
        for file in files:
            data = readPEM(name, file)
            refuseEncrypted(name, file, data)
            certificates += map(Certificate.loadPEM, pemBlocks(data, CERTIFICATE))
            keys += [
                (file, KeyPair.load(text, crypto.FILETYPE_PEM)) for text in pemBlocks(data, KEY)
            ]
        contexts = dict(_contexts(certificates, keys))
    except (crypto.Error, Error, ValueError) as error:
        raise Refused(f"{path} cannot be used: {reasonOf(error)}", name) from None
    if not contexts:
        raise Refused(f"{path} has no certificate for a host together with its key", name)
    return VirtualHosts(contexts)


def _contexts(
    certificates: Sequence[Certificate], keys: Sequence[tuple[str, KeyPair]]
) -> Iterator[tuple[str, Context]]:
    """
    A context for each host whose certificate has its key.
    """
    byKey = {each.getPublicKey().keyHash(): each for each in certificates}
    pairs = []
    for file, key in keys:
        certificate = byKey.pop(key.keyHash(), None)
        if certificate is None:
            _log.warn(
                "the key in {file} does not belong to any certificate in its folder", file=file
            )
        else:
            pairs.append((certificate, key))
    bySubject = {_named(each.getSubject()): each for each in byKey.values()}
    for certificate, key in pairs:
        context = CertificateOptions(
            privateKey=key.original,
            certificate=certificate.original,
            extraCertChain=[each.original for each in _chain(certificate, bySubject)],
        ).getContext()
        for host in _hosts(certificate):
            yield host.lower(), context


def _chain(certificate: Certificate, bySubject: Mapping[Name, Certificate]) -> list[Certificate]:
    """
    The certificates of the authorities between this certificate and a root, which is left out.
    """
    chain: list[Certificate] = []
    while (issuer := bySubject.get(_named(certificate.getIssuer()))) is not None:
        if issuer in chain or _named(issuer.getIssuer()) == _named(issuer.getSubject()):
            break
        chain.append(issuer)
        certificate = issuer
    return chain


def _named(name: DN) -> Name:
    return tuple(sorted(name.items()))


def _hosts(certificate: Certificate) -> list[str]:
    """
    The host names that a certificate is for.
    """
    found = certificate.original.to_cryptography().extensions
    try:
        names = found.get_extension_for_class(SubjectAlternativeName).value
    except ExtensionNotFound:
        return []
    return list(names.get_values_for_type(DNSName))
