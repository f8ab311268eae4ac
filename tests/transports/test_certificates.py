"""
Tests for L{vaurien_twisted.transports.certificates}, what L{tests.transports.test_endpoint_strings}
does not show.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from OpenSSL.SSL import (
    NO_OVERLAPPING_PROTOCOLS,
    TLS_METHOD,
    Connection,
    Context,
    Error,
    SysCallError,
)
from twisted.trial.unittest import SynchronousTestCase

from tests.integration.authority import papers
from vaurien_twisted.model.options import Refused
from vaurien_twisted.transports.application_protocols import chooseProtocol
from vaurien_twisted.transports.certificates import (
    clientOptions,
    reasonOf,
    serverOptions,
)
from vaurien_twisted.transports.virtual_hosts import folderOptions


class FilesTests(SynchronousTestCase):
    """
    Files that are not as they should be.
    """

    def refused(self, make: Any, *arguments: str, **more: str) -> str:
        """
        Why.
        """
        refused = self.assertRaises(Refused, make, "option", *arguments, **more)
        self.assertEqual(refused.name, "option")
        return refused.description

    def file(self, data: bytes) -> str:
        """
        A file with that in it.
        """
        path = Path(self.mktemp())
        path.write_bytes(data)
        return str(path)

    def test_weak(self) -> None:
        """
        What OpenSSL does not take is refused at the start, in its words.
        """
        key = rsa.generate_private_key(65537, 1024)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "weak")])
        now = datetime.datetime.now(datetime.UTC)
        signed = x509.CertificateBuilder(
            name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1)
        ).sign(key, SHA256())
        data = signed.public_bytes(Encoding.PEM)
        data += key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = self.file(data)
        self.assertEqual(
            self.refused(serverOptions, path), f"{path} cannot be used: ee key too small"
        )
        self.assertIn("too small", self.refused(clientOptions, None, "", path))

    def test_broken(self) -> None:
        """
        A certificate with something missing.
        """
        data = Path(papers().server.certificate).read_bytes()
        path = self.file(data[:100] + data[160:])
        self.assertIn(f"a certificate in {path} is not valid", self.refused(serverOptions, path))

    def test_folder(self) -> None:
        """
        A folder in which a key is locked, or broken.
        """
        certificate = Path(papers().server.certificate).read_bytes()
        locked = Path(papers().authority.locked("folder")).read_bytes()
        broken = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
        for key, reason in ((locked, "is encrypted"), (broken, "cannot be used")):
            folder = Path(self.mktemp())
            folder.mkdir()
            (folder / "both.pem").write_bytes(certificate + key)
            self.assertIn(reason, self.refused(folderOptions, str(folder)))

    def test_hosts(self) -> None:
        """
        A name that cannot be one.
        """
        self.assertIn("is not a host name", self.refused(clientOptions, "a" * 70 + ".example"))

    def test_parameters(self) -> None:
        """
        A file of parameters that is not there.
        """
        own = papers().server
        self.assertIn(
            "cannot read /no/file",
            self.refused(serverOptions, own.certificate, own.key, parameters="/no/file"),
        )


class WordsTests(SynchronousTestCase):
    """
    Reasons of TLS errors.
    """

    def test_reasons(self) -> None:
        """
        The last error of OpenSSL, if there is one.
        """
        for error, reason in (
            (Error([("SSL routines", "", "one"), ("SSL routines", "", "two")]), "two"),
            (Error([]), "the connection was ended"),
            (Error(), "the connection was ended"),
            (SysCallError(104, "ECONNRESET"), "(104, 'ECONNRESET')"),
            (ValueError("some words"), "some words"),
        ):
            self.assertEqual(reasonOf(error), reason)

    def test_protocols(self) -> None:
        """
        Of the protocols that a client offers one is taken that we speak, or none.
        """
        connection = Connection(Context(TLS_METHOD), None)
        for offered, spoken in (
            ([b"h2", b"http/1.1"], b"http/1.1"),
            ([b"postgresql"], b"postgresql"),
            ([b"h2"], NO_OVERLAPPING_PROTOCOLS),
        ):
            self.assertEqual(chooseProtocol(connection, offered), spoken)
