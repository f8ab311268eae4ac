"""
Tests for L{vaurien_twisted.transports.endpoint_strings}: Vaurien's own endpoint strings.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from tests.integration.authority import papers
from vaurien_twisted.model.options import Refused
from vaurien_twisted.transports.addresses import clientEndpoint, serverEndpoint
from vaurien_twisted.transports.endpoint_strings import divided
from vaurien_twisted.transports.proxy_protocol_client import ProxyProtocolClientEndpoint
from vaurien_twisted.transports.proxy_protocol_server import ProxyProtocolServerEndpoint
from vaurien_twisted.transports.tls import TLSClientEndpoint, TLSServerEndpoint


class DividedTests(SynchronousTestCase):
    """
    The parts of an endpoint string.
    """

    def test_parts(self) -> None:
        """
        Words in order, words with names; a backslash makes any sign an ordinary one.
        """
        for text, parts in (
            ("ssl", ("ssl", [], {})),
            ("ssl:443", ("ssl", ["443"], {})),
            ("ssl:443:a=b:c=d", ("ssl", ["443"], {"a": "b", "c": "d"})),
            ("ssl:host=\\:\\:1:port=1", ("ssl", [], {"host": "::1", "port": "1"})),
            ("ssl:a=b=c:d\\=e:\\\\", ("ssl", ["d=e", "\\"], {"a": "b=c"})),
            ("ssl::", ("ssl", ["", ""], {})),
        ):
            self.assertEqual(divided(text), parts, text)


class KindsTests(SynchronousTestCase):
    """
    The endpoints of strings.
    """

    def test_servers(self) -> None:
        """
        Where to listen.
        """
        own = papers().server
        ssl = f"ssl:443:privateKey={own.key}:certKey={own.certificate}"
        for text, kind in (
            (ssl, TLSServerEndpoint),
            (f"ssl:port=0:privateKey={own.both}:extraCertChain={own.certificate}", None),
            (f"{ssl}:clientCA={papers().authority.folder}:backlog=5", TLSServerEndpoint),
            (f"haproxy:{ssl}", TLSServerEndpoint),
            ("haproxy:tcp:80", ProxyProtocolServerEndpoint),
            ("haproxy:localhost:80", ProxyProtocolServerEndpoint),
            ("haproxy:unix:/tmp/socket", ProxyProtocolServerEndpoint),
        ):
            endpoint = serverEndpoint(MemoryReactorClock(), text, "proxy")
            self.assertIsInstance(endpoint, kind or TLSServerEndpoint, text)

    def test_clients(self) -> None:
        """
        Strings to connect to.
        """
        own = papers().client
        for text, kind in (
            ("ssl:db.example:443", TLSClientEndpoint),
            (f"ssl:db.example:443:certKey={own.both}:timeout=5", TLSClientEndpoint),
            ("tls:127.0.0.1:443", TLSClientEndpoint),
            ("tls:db.example:443:bindAddress=127.0.0.1", TLSClientEndpoint),
            ("tls:db.example:443:endpoint=unix\\:/tmp/socket", TLSClientEndpoint),
            ("proxied:v1:tls:db.example:443", TLSClientEndpoint),
            ("proxied:v2:db.example:80", ProxyProtocolClientEndpoint),
            ("proxied:v2:unix:/tmp/socket", ProxyProtocolClientEndpoint),
        ):
            self.assertIsInstance(clientEndpoint(MemoryReactorClock(), text, "backend"), kind, text)

    def test_places(self) -> None:
        """
        Below TLS they listen on and connect to the given addresses.
        """
        own = papers().server
        reactor: Any = MemoryReactorClock()
        text = f"ssl:443:privateKey={own.both}:interface=127.0.0.1"
        serverEndpoint(reactor, text, "proxy").listen(None)
        port, _, backlog, interface = reactor.tcpServers[0]
        self.assertEqual((port, backlog, interface), (443, 1024, "127.0.0.1"))
        clientEndpoint(reactor, "tls:127.0.0.1:443:timeout=7", "backend").connect(None)
        host, port, _, timeout, _ = reactor.tcpClients[0]
        self.assertEqual((host, port, timeout), ("127.0.0.1", 443, 7))


class RefusedTests(SynchronousTestCase):
    """
    Invalid strings are refused in one line, with the option that they were given for.
    """

    def refused(self, make: Any, text: str) -> str:
        """
        Why.
        """
        refused = self.assertRaises(Refused, make, MemoryReactorClock(), text, "option")
        self.assertEqual(refused.name, "option")
        self.assertNotIn("\n", refused.description)
        return refused.description

    def test_servers(self) -> None:
        """
        Where to listen.
        """
        own, client = papers().server, papers().client
        locked = papers().authority.locked("server")
        for text, reason in (
            ("ssl:443", "cannot read server.pem: No such file or directory"),
            ("ssl:443:privateKey=/no/key", "cannot read /no/key: No such file or directory"),
            (f"ssl:443:privateKey={own.key}", f"{own.key} has no certificate in PEM form"),
            (
                f"ssl:443:privateKey={client.key}:certKey={own.certificate}",
                f"the key in {client.key} does not belong to {own.certificate}",
            ),
            (
                f"ssl:443:privateKey={own.certificate}",
                f"{own.certificate} has no private key in PEM form",
            ),
            (
                f"ssl:443:privateKey={locked}:certKey={own.certificate}",
                f"the key in {locked} is encrypted: give one without a passphrase",
            ),
            (
                f"ssl:443:privateKey={own.both}:clientCA=/no/authority",
                "cannot read /no/authority: No such file or directory",
            ),
            (
                f"ssl:443:privateKey={own.both}:clientca={own.both}",
                "ssl: has no 'clientca': did you mean 'clientCA'?",
            ),
            (f"ssl:443:port=444:privateKey={own.both}", "has its port twice"),
            (f"ssl:privateKey={own.both}", "has no port"),
            (f"ssl:https:privateKey={own.both}", "'https' is not a valid port"),
            (f"ssl:65536:privateKey={own.both}", "'65536' is not a valid port"),
            (f"ssl:443:privateKey={own.both}:sslmethod=TLSv1_METHOD", "has no sslmethod"),
            ("ssl:1:2:3:4:5:6:7:8:9:10", "has too many arguments: ssl: takes 9"),
            ("tls:/no/folder:443", "cannot read /no/folder/"),
            ("tls:", "has no path"),
            (f"tls:{papers().authority.folder}:443", "no certificate for a host together with"),
            (f"tls:{papers().authority.folder}:https", "'https' is not a valid port"),
            ("haproxy:", "'' is not an address"),
            ("haproxy:ssl:443", "cannot read server.pem"),
            ("systemd:domain=INET:index=0", "systemd has passed no such socket"),
            ("systemd:domain=INET:name=web", "systemd has passed no such socket"),
            ("systemd:domain=INET", "exactly one of descriptor index or name"),
        ):
            self.assertIn(reason, self.refused(serverEndpoint, text), text)

    def test_clients(self) -> None:
        """
        Strings to connect to.
        """
        empty = os.path.abspath(self.mktemp())
        os.mkdir(empty)
        for text, reason in (
            ("tls:db.example", "has no port"),
            ("tls:", "has no host"),
            ("tls:db.example:0x10", "'0x10' is not a valid port"),
            ("tls:db.example:443:timeout=soon", "'soon' is not a valid timeout"),
            ("tls:db.example:443:trustRoots=/no/roots", "cannot read /no/roots"),
            (f"tls:db.example:443:trustRoots={empty}", f"{empty} has no .pem files"),
            ("ssl:db.example:443:certKey=/no/one", "cannot read /no/one"),
            ("ssl:db.example:443:trustRoots=x", "ssl: has no 'trustRoots'"),
            ("tls:db.example:443:endpoint=nowhere", "'nowhere' is not an address"),
            ("proxied:v3:db.example:80", "'v3' is not a version: write proxied:v1: or proxied:v2:"),
            ("proxied:v1:nowhere", "'nowhere' is not an address"),
        ):
            self.assertIn(reason, self.refused(clientEndpoint, text), text)

    def test_command(self) -> None:
        """
        The command prints one line with the option's name, and ends with status 2.
        """
        for words, said in (
            (
                ["--proxy", "ssl:0:privateKey=/no/key"],
                "vaurien: --proxy: cannot read /no/key: No such file or directory\n",
            ),
            (
                ["--backend", "tls:db.example:443:trustRoots=/no/roots"],
                "vaurien: --backend: cannot read /no/roots: No such file or directory\n",
            ),
        ):
            done = subprocess.run(
                [sys.executable, "-m", "vaurien_twisted", *words],
                capture_output=True,
                text=True,
                timeout=60,
            )
            self.assertEqual((done.returncode, done.stderr), (2, said))
