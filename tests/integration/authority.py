"""
A certificate authority of the tests' own, and what it has signed.
"""

from __future__ import annotations

import atexit
import datetime
import shutil
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from tests.integration.servers import newFolder


@attrs.frozen
class Signed:
    """
    The files of a certificate.

    @ivar both: the key and the certificate in one file.
    """

    key: str
    certificate: str
    both: str


class Authority:
    """
    Signs certificates.

    @ivar certificate: the file of its own, which others trust.
    @ivar folder: has that file, and nothing else that is called C{.pem}.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._files = folder / f"{name}-files"
        self._files.mkdir()
        self.folder = folder / name
        self.folder.mkdir()
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        path = self.folder / "authority.pem"
        path.write_bytes(self._sign(self._name, self._key, [], True).public_bytes(Encoding.PEM))
        self.certificate = str(path)

    def sign(self, name: str, *hosts: str) -> Signed:
        """
        A certificate called C{name}, for hosts and IP addresses.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        pem = self._sign(whose, key, hosts, False).public_bytes(Encoding.PEM)
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        paths = [self._files / f"{name}.{kind}" for kind in ("key", "crt", "both")]
        for path, data in zip(paths, (own, pem, own + pem), strict=True):
            path.write_bytes(data)
            path.chmod(0o644 if path.suffix == ".crt" else 0o600)
        return Signed(*map(str, paths))

    def locked(self, name: str) -> str:
        """
        A key with a passphrase.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        lock = BestAvailableEncryption(b"secret")
        path = self._files / f"{name}.locked"
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
        return str(path)

    def _sign(self, name: x509.Name, key: Any, hosts: Any, authority: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(authority, None), True)
        )
        if hosts:
            names = [_nameOf(host) for host in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        return builder.sign(self._key, SHA256())


def _nameOf(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@attrs.frozen
class Papers:
    """
    All that tests of TLS need.

    @ivar server: for this machine.
    @ivar elsewhere: for another.
    @ivar client: for nobody in particular.
    @ivar stranger: signed by somebody else.
    """

    folder: Path
    authority: Authority
    server: Signed
    elsewhere: Signed
    client: Signed
    stranger: Signed


@cache
def papers() -> Papers:
    """
    Those of this run.
    """
    folder = newFolder("papers")
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, True)
    authority, other = Authority(folder, "authority"), Authority(folder, "other")
    return Papers(
        folder,
        authority,
        authority.sign("server", "localhost", "127.0.0.1", "::1"),
        authority.sign("elsewhere", "elsewhere.example"),
        authority.sign("client"),
        other.sign("stranger"),
    )
