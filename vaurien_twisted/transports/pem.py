# -*- test-case-name: tests.transports.test_certificates,tests.transports.test_files -*-
"""
Reading certificates and keys in PEM form (RFC 7468).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from OpenSSL import crypto
from twisted.internet.ssl import Certificate

from vaurien_twisted.model.options import Refused
from vaurien_twisted.model.text_file import withoutMark
from vaurien_twisted.transports.files import pemFiles, readSmall

#: The first lines of certificates and of keys.
CERTIFICATE = re.compile(rb"-----BEGIN (CERTIFICATE)-----")
KEY = re.compile(rb"-----BEGIN ((?:[A-Z]{1,10} )?PRIVATE KEY)-----")

#: The most certificates in a file.
CERTIFICATES = 1000


def refuseEncrypted(name: str, path: str, data: bytes) -> None:
    """
    Refuse a key with a passphrase, since OpenSSL would ask for it on the terminal.

    @param name: the option that names the file.
    @param path: the file, for the message.
    @raise Refused: the key has a passphrase.
    """
    if b"ENCRYPTED" in data:
        raise Refused(f"the key in {path} is encrypted: give one without a passphrase", name)


def pemBlocks(data: bytes, beginning: re.Pattern[bytes]) -> Iterator[bytes]:
    """
    The blocks of a PEM file whose first line matches C{beginning}, at most L{CERTIFICATES}.
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


def certificatesIn(name: str, path: str) -> list[Certificate]:
    """
    All certificates in a file.

    @param name: the option that names the file.
    @raise Refused: the file has no certificate, or one that cannot be parsed.
    """
    found = []
    for text in pemBlocks(readPEM(name, path), CERTIFICATE):
        try:
            found.append(Certificate.loadPEM(text))
        except (crypto.Error, ValueError) as error:
            raise Refused(f"a certificate in {path} is not valid: {error}", name) from None
    if not found:
        raise Refused(f"{path} has no certificate in PEM form", name)
    return found


def trustedIn(name: str, path: str) -> list[Certificate]:
    """
    The certificates in a file, or in all files of a folder whose names end with C{.pem}.

    @param name: the option that names the file or folder.
    @raise Refused: there is no certificate, or one that cannot be parsed.
    """
    if not os.path.isdir(path):
        return certificatesIn(name, path)
    files = pemFiles(path, name)
    if not files:
        raise Refused(f"{path} has no .pem files with certificates to trust", name)
    return [each for file in files for each in certificatesIn(name, file)]


def readPEM(name: str, path: str) -> bytes:
    """
    The content of a PEM file, without the byte order mark that some editors write.

    @param name: the option that names the file.
    @raise Refused: the file cannot be read.
    """
    data = readSmall(path, name)
    try:
        return withoutMark(data)
    except ValueError as error:
        raise Refused(f"cannot read {path}: {error}", name) from None
