# -*- test-case-name: tests.transports.test_certificates -*-
"""
TLS options from certificates and keys in files.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from OpenSSL import crypto
from OpenSSL.SSL import Error
from twisted.internet.abstract import isIPv6Address
from twisted.internet.error import VerifyError
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    DiffieHellmanParameters,
    KeyPair,
    PrivateCertificate,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.python.filepath import FilePath

from vaurien_twisted.model.options import Refused
from vaurien_twisted.transports.application_protocols import chooseProtocol
from vaurien_twisted.transports.files import readSmall
from vaurien_twisted.transports.host_names import asciiName
from vaurien_twisted.transports.pem import certificatesIn, readPEM, refuseEncrypted, trustedIn
from vaurien_twisted.transports.server_names import NamedServer


def serverOptions(
    name: str,
    certificate: str,
    key: str = "",
    *,
    chain: str = "",
    clients: str = "",
    parameters: str = "",
) -> CertificateOptions:
    """
    The options of a TLS server.

    @param name: the option that names the files, for error messages.
    @param certificate: the path of a PEM file; certificates after the first are the chain.
    @param key: the path of a PEM file with the key, C{""} if C{certificate} contains it.
    @param chain: the path of a PEM file with more certificates of the chain.
    @param clients: the path of a PEM file, or of a folder of them, with the authorities of which
        one must have signed each client's certificate; C{""} requests no certificates.
    @param parameters: a PEM file with Diffie-Hellman parameters.
    @raise Refused: a file cannot be read, or lacks the certificate or key.
    """
    pair, rest = _private(name, certificate, key)
    if chain:
        rest = [*rest, *certificatesIn(name, chain)]
    trust = {"trustRoot": trustRootFromCertificates(trustedIn(name, clients))} if clients else {}
    if parameters:
        readSmall(parameters, name)
    options = CertificateOptions(
        privateKey=pair.privateKey.original,
        certificate=pair.original,
        extraCertChain=[each.original for each in rest],
        dhParameters=DiffieHellmanParameters.fromFile(FilePath(parameters)) if parameters else None,
        **trust,
    )
    _checkContext(name, options, certificate)
    # Twisted's own callback fails the handshake of clients that offer other protocols.
    options.getContext().set_alpn_select_callback(chooseProtocol)
    return options


def clientOptions(
    name: str,
    host: str | None = None,
    trust: str = "",
    certificate: str = "",
    key: str = "",
) -> CertificateOptions | NamedServer:
    """
    The options of a TLS client.

    @param name: the option that names the files, for error messages.
    @param host: the host that the server's certificate must be for; C{None} for any.
    @param trust: the path of a PEM file, or of a folder of them, with the authorities of which
        one must have signed it; C{""} for the system's authorities if there is a C{host}, and
        for no check otherwise.
    @param certificate: the path of a PEM file with the certificate to send if the server
        requests one.
    @param key: the path of a PEM file with its key, C{""} if C{certificate} contains it.
    @raise Refused: a file cannot be read, or lacks the certificate or key.
    """
    roots = trustRootFromCertificates(trustedIn(name, trust)) if trust else None
    pair, rest = _private(name, certificate, key) if certificate else (None, [])
    make: Callable[..., CertificateOptions] = CertificateOptions
    if pair is not None:
        make = partial(
            CertificateOptions,
            privateKey=pair.privateKey.original,
            certificate=pair.original,
            extraCertChain=[each.original for each in rest],
        )
        _checkContext(name, make(), certificate)
    if host is None:
        return make(trustRoot=roots)
    try:
        server = serverName(host)
    except ValueError as error:
        raise Refused(f"{host!r} is not a host name: {error}", name) from None
    whom = platformTrust() if roots is None else roots
    return NamedServer(server, make(trustRoot=whom))


def serverName(host: str) -> str:
    """
    The name of a host in certificates: without the trailing dot (RFC 6066 section 3); an IPv6
    address without its interface.

    @raise ValueError: C{host} is not a valid host name.
    """
    if isIPv6Address(host):
        return host.partition("%")[0]
    return asciiName(host).removesuffix(".")


def _private(name: str, certificate: str, key: str) -> tuple[PrivateCertificate, list[Certificate]]:
    """
    A certificate with its key, and the other certificates in its file.
    """
    first, *rest = certificatesIn(name, certificate)
    path = key or certificate
    data = readPEM(name, path)
    refuseEncrypted(name, path, data)
    try:
        pair = KeyPair.load(data, crypto.FILETYPE_PEM)
    except (crypto.Error, ValueError, TypeError):
        raise Refused(f"{path} has no private key in PEM form", name) from None
    try:
        return PrivateCertificate.fromCertificateAndKeyPair(first, pair), rest
    except VerifyError:
        raise Refused(f"the key in {path} does not belong to {certificate}", name) from None


def _checkContext(name: str, options: CertificateOptions, certificate: str) -> None:
    """
    Build the TLS context now, so that a bad file fails at start.

    @raise Refused: a file is bad.
    """
    try:
        options.getContext()
    except Error as error:
        raise Refused(f"{certificate} cannot be used: {reasonOf(error)}", name) from None


def reasonOf(error: BaseException | None) -> str:
    """
    Why TLS failed: OpenSSL's message if there is one.
    """
    if isinstance(error, Error):
        queue = error.args[0] if error.args else ()
        words = [entry[2] for entry in queue] if isinstance(queue, list) else [str(error)]
        return (words and words[-1]) or "the connection was ended"
    if type(error).__name__ == "VerificationError":
        return "its certificate is for another host"
    if type(error).__name__ == "CertificateError":
        return "its certificate names no host"
    return str(error)
