"""
Tests for L{vaurien_twisted.transports.virtual_hosts}; clients of every kind ask for hosts in
L{tests.integration.test_tls}.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from OpenSSL.SSL import TLS_METHOD, Context
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.integration.authority import Authority, papers
from vaurien_twisted.transports.certificates import clientOptions
from vaurien_twisted.transports.tls_engine import TLSEngine, newConnection
from vaurien_twisted.transports.tls_factory import TLSFactory
from vaurien_twisted.transports.tls_transport import TLSTransport
from vaurien_twisted.transports.virtual_hosts import VirtualHosts, folderOptions


class LookupTests(SynchronousTestCase):
    """
    Which context a host has.
    """

    def test_lookup(self) -> None:
        """
        The host's own, that of its domain, or the first; case does not matter.
        """
        first, own, domain = (Context(TLS_METHOD) for _ in range(3))
        hosts = VirtualHosts({"first": first, "a.example.com": own, "*.example.com": domain})
        self.assertTrue(verifyObject(IOpenSSLServerConnectionCreator, hosts))
        for name, expected in (
            (b"a.example.com", own),
            (b"A.Example.COM", own),
            (b"b.example.com", domain),
            (b"a.b.example.com", first),
            (b"example.com", first),
            (b"\xff\xfe", first),
            (b"", first),
            (None, first),
        ):
            self.assertIs(hosts.context(name), expected, name)


class FolderTests(SynchronousTestCase):
    """
    Certificates and keys in a folder.
    """

    def setUp(self) -> None:
        self.place = Path(self.mktemp())
        self.folder = self.place / "served"
        self.folder.mkdir(parents=True)
        self.authority = Authority(self.place, "hosts")

    def shown(self, host: str, names: bool = True) -> str:
        """
        The name on the certificate that a client is shown which asks for C{host}.

        @param names: whether it names the host.
        """
        options = clientOptions("it", host if names else None, self.authority.certificate)
        server = folderOptions("it", str(self.folder))
        ends = []
        for each, isClient in ((options, True), (server, False)):
            factory = TLSFactory(each, isClient, Factory(), Clock())
            transport = TLSTransport(factory, lambda made: None, lambda reason: None)
            ends.append(newConnection(each, isClient, transport))
        client, serving = map(TLSEngine, ends)
        for _ in range(5):
            for one, other in ((client, serving), (serving, client)):
                if not one.established:
                    one.handshake()
                data = one.output()
                if data:
                    other.receive(data)
        self.assertTrue(client.established and serving.established)
        certificate = ends[0].get_peer_certificate()
        assert certificate is not None
        return str(certificate.get_subject().CN)

    def test_hosts(self) -> None:
        """
        Each client is shown the certificate for the host that it names; a client that names
        none is shown the first.
        """
        for name, host in (("one", "one.example"), ("two", "*.two.example")):
            shutil.copy(self.authority.sign(name, host).both, self.folder / f"{name}.pem")
        self.assertEqual(self.shown("one.example"), "one")
        self.assertEqual(self.shown("any.two.example"), "two")
        self.assertEqual(self.shown("", names=False), "one")

    def test_chain(self) -> None:
        """
        A root that is beside them is not sent, and does no harm; a key of none is logged.
        """
        shutil.copy(self.authority.sign("one", "one.example").both, self.folder / "one.pem")
        shutil.copy(self.authority.certificate, self.folder / "root.pem")
        shutil.copy(papers().server.key, self.folder / "key.pem")
        self.assertEqual(self.shown("one.example"), "one")
