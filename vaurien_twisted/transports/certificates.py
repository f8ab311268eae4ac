# -*- test-case-name: tests.transports.test_certificates -*-
"""
Certificates and keys in files, as options of TLS.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from OpenSSL import crypto
from OpenSSL.SSL import NO_OVERLAPPING_PROTOCOLS, Error
from twisted.internet.abstract import isIPv6Address
from twisted.internet.error import VerifyError
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    DiffieHellmanParameters,
    KeyPair,
    PrivateCertificate,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.protocols._sni import PEMObjects, SNIConnectionCreator
from twisted.python.filepath import FilePath

from vaurien_twisted.model.options import Refused
from vaurien_twisted.model.text_file import withoutMark
from vaurien_twisted.transports.files import pemFiles, readSmall
from vaurien_twisted.transports.host_names import asciiName
from vaurien_twisted.transports.server_names import OddlyNamedServer

#: What clients may call what is spoken.
PROTOCOLS = frozenset((b"http/1.1", b"postgresql"))

#: How a certificate and a key in a PEM file begin (RFC 7468).
_CERTIFICATE = re.compile(rb"-----BEGIN (CERTIFICATE)-----")
_KEY = re.compile(rb"-----BEGIN ((?:[A-Z]{1,10} )?PRIVATE KEY)-----")

#: The most certificates in a file.
CERTIFICATES = 1000


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
    How to be a TLS server.

    @param name: the option that the files are given for.
    @param certificate: a PEM file; certificates after the first are the chain.
    @param key: a PEM file, if the key is not in that of the certificate.
    @param chain: a PEM file with more of the chain.
    @param clients: a PEM file, or a folder of them: who must have signed the certificate
        that each client has to bring; C{""} asks clients for none.
    @param parameters: a PEM file with Diffie-Hellman parameters.
    @raise Refused: a file cannot be read, or does not have what it should.
    """
    pair, rest = _private(name, certificate, key)
    if chain:
        rest = [*rest, *_certificates(name, chain)]
    trust = {"trustRoot": trustRootFromCertificates(_trusted(name, clients))} if clients else {}
    if parameters:
        readSmall(parameters, name)
    options = CertificateOptions(
        privateKey=pair.privateKey.original,
        certificate=pair.original,
        extraCertChain=[each.original for each in rest],
        dhParameters=DiffieHellmanParameters.fromFile(FilePath(parameters)) if parameters else None,
        **trust,
    )
    _settle(name, options, certificate)
    # Twisted's own answer to clients that offer protocols breaks the handshake off.
    options.getContext().set_alpn_select_callback(_spoken)
    return options


def folderOptions(name: str, path: str) -> SNIConnectionCreator:
    """
    How to be a TLS server for several hosts, by the certificates and keys of a folder.  A
    client that names no host, or an unknown one, is shown the first.

    @param name: the option that the folder is given for.
    @raise Refused: there is nothing of use in it.
    """
    pairs: list[tuple[FilePath[str], KeyPair]] = []
    found: list[tuple[FilePath[str], Certificate]] = []
    files = pemFiles(f"{path.rstrip('/')}/", name, deep=True)
    if not files:
        raise Refused(f"{path} has no files called .pem with certificates and keys", name)
    try:
        for file in files:
            data = _read(name, file)
            _refuseEncrypted(name, file, data)
            place = FilePath(file)
            found += [(place, Certificate.loadPEM(text)) for text in _blocks(data, _CERTIFICATE)]
            pairs += [
                (place, KeyPair.load(text, crypto.FILETYPE_PEM)) for text in _blocks(data, _KEY)
            ]
        known = PEMObjects(_withoutRoots(found, pairs), pairs).inferDomainMapping()
        contexts = {host.encode(): each.getContext() for host, each in known.items()}
    except (crypto.Error, Error, VerifyError, ValueError) as error:
        raise Refused(f"{path} cannot be used: {reasonOf(error)}", name) from None
    if not contexts:
        raise Refused(f"{path} has no certificate for a host together with its key", name)
    for context in contexts.values():
        context.set_alpn_select_callback(_spoken)
    first = next(iter(contexts.values()))
    return SNIConnectionCreator(lambda host: contexts.get(host, first) if host else first)


def _withoutRoots(
    found: list[tuple[FilePath[str], Certificate]], pairs: list[tuple[FilePath[str], KeyPair]]
) -> list[tuple[FilePath[str], Certificate]]:
    """
    C{found}, without those that are signed by themselves and have no key here: no chain needs
    them, and Twisted would follow one of them without end.
    """
    keys = {pair.keyHash() for _, pair in pairs}
    return [
        (place, each)
        for place, each in found
        if each.getIssuer() != each.getSubject() or each.getPublicKey().keyHash() in keys
    ]


def _spoken(connection: Any, offered: Sequence[bytes]) -> Any:
    """
    Which of the protocols that a client offers (RFC 7301) is spoken: one that needs no other
    framing than without TLS.
    """
    known = [each for each in offered if each in PROTOCOLS]
    return known[0] if known else NO_OVERLAPPING_PROTOCOLS


def clientOptions(
    name: str,
    host: str | None = None,
    trust: str = "",
    certificate: str = "",
    key: str = "",
) -> Any:
    """
    How to be a TLS client.

    @param name: the option that the files are given for.
    @param host: for whom the server's certificate must be; C{None} for anyone.
    @param trust: a PEM file, or a folder of them: who must have signed it; C{""} is, with a
        C{host}, who this system trusts, and without one anybody.
    @param certificate: a PEM file with the certificate to show if asked for one.
    @param key: a PEM file with its key, if that is not in the same file.
    @raise Refused: a file cannot be read, or does not have what it should.
    """
    roots = trustRootFromCertificates(_trusted(name, trust)) if trust else None
    pair, rest = _private(name, certificate, key) if certificate else (None, [])
    own: dict[str, Any] = {}
    if pair is not None:
        own = {"privateKey": pair.privateKey.original, "certificate": pair.original}
        own["extraCertChain"] = [each.original for each in rest]
        _settle(name, CertificateOptions(**own), certificate)
    if host is None:
        return CertificateOptions(trustRoot=roots, **own)
    try:
        server = serverName(host)
    except ValueError as error:
        raise Refused(f"{host!r} is no host's name: {error}", name) from None
    try:
        return optionsForClientTLS(server, roots, extraCertificateOptions=own)
    except ValueError:
        whom = platformTrust() if roots is None else roots
        return OddlyNamedServer(server, CertificateOptions(trustRoot=whom, **own))


def serverName(host: str) -> str:
    """
    A host as certificates name it: without the dot of the root (RFC 6066 section 3), and an
    IPv6 address without its interface.

    @raise ValueError: there is no such name.
    """
    if isIPv6Address(host):
        return host.partition("%")[0]
    return asciiName(host).removesuffix(".")


def _private(name: str, certificate: str, key: str) -> tuple[PrivateCertificate, list[Certificate]]:
    """
    A certificate with its key, and what else is in its file.
    """
    first, *rest = _certificates(name, certificate)
    path = key or certificate
    data = _read(name, path)
    _refuseEncrypted(name, path, data)
    try:
        pair = KeyPair.load(data, crypto.FILETYPE_PEM)
    except (crypto.Error, ValueError, TypeError):
        raise Refused(f"{path} has no private key in PEM form", name) from None
    try:
        return PrivateCertificate.fromCertificateAndKeyPair(first, pair), rest
    except VerifyError:
        raise Refused(f"the key in {path} is not that of {certificate}", name) from None


def _refuseEncrypted(name: str, path: str, data: bytes) -> None:
    """
    OpenSSL would ask for the passphrase, here and now.
    """
    if b"ENCRYPTED" in data:
        raise Refused(f"the key in {path} is encrypted: one without a passphrase is wanted", name)


def _settle(name: str, options: CertificateOptions, certificate: str) -> None:
    """
    Find out now what would else be found out by the first client.
    """
    try:
        options.getContext()
    except Error as error:
        raise Refused(f"{certificate} cannot be used: {reasonOf(error)}", name) from None


def _blocks(data: bytes, beginning: re.Pattern[bytes]) -> Iterator[bytes]:
    """
    The parts of a PEM file that begin so.
    """
    place = 0
    for _ in range(CERTIFICATES):
        begun = beginning.search(data, place)
        end = b"" if begun is None else b"-----END " + begun[1] + b"-----"
        place = -1 if begun is None else data.find(end, begun.end())
        if begun is None or place < 0:
            return
        place += len(end)
        yield data[begun.start() : place] + b"\n"


def _certificates(name: str, path: str) -> list[Certificate]:
    """
    All certificates in a file.
    """
    found = []
    for text in _blocks(_read(name, path), _CERTIFICATE):
        try:
            found.append(Certificate.loadPEM(text))
        except (crypto.Error, ValueError) as error:
            raise Refused(f"a certificate in {path} is broken: {error}", name) from None
    if not found:
        raise Refused(f"{path} has no certificate in PEM form", name)
    return found


def _trusted(name: str, path: str) -> list[Certificate]:
    """
    The certificates in a file, or in the files of a folder that are called C{.pem}.
    """
    if not os.path.isdir(path):
        return _certificates(name, path)
    files = pemFiles(path, name)
    if not files:
        raise Refused(f"{path} has no files called .pem with certificates to trust", name)
    return [each for file in files for each in _certificates(name, file)]


def _read(name: str, path: str) -> bytes:
    """
    What is in a PEM file, which may be text of an editor that marks it.
    """
    data = readSmall(path, name)
    try:
        return withoutMark(data)
    except ValueError as error:
        raise Refused(f"cannot read {path}: {error}", name) from None


def reasonOf(error: BaseException | None) -> str:
    """
    What went wrong with TLS, in OpenSSL's few words where they are its.
    """
    if isinstance(error, Error):
        queue = error.args[0] if error.args else ()
        words = [entry[2] for entry in queue] if isinstance(queue, list) else [str(error)]
        return (words and words[-1]) or "the connection was ended"
    if type(error).__name__ == "VerificationError":
        return "its certificate is for another host"
    return str(error)
