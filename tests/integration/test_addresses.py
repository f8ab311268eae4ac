"""
UNIX sockets and IPv6 on either side of a proxy, with real clients and servers.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from pathlib import Path

from tests.integration.authority import papers
from tests.integration.ruling import fault, rule
from tests.integration.secured import nginx, serving, trusting
from tests.integration.servers import Server, missing, newFolder, poll
from tests.integration.servers import redis as redisServer
from tests.integration.support import ProxyCase, inThread, run


class AddressesTests(ProxyCase):
    """
    nginx and Redis by other ways than IPv4.
    """

    skip = missing("nginx", "curl", "redis-server", "redis-cli")

    async def prepare(self) -> None:
        """
        Start what is not running.
        """
        self.redis: Server = redisServer()
        nginx()

    def path(self) -> str:
        """
        Where a UNIX socket may be until the end of the test.
        """
        folder = newFolder("socket")
        self.addCleanup(folder.rmdir)
        self.addCleanup(lambda: [each.unlink() for each in folder.iterdir()])
        return str(folder / "proxy")

    def get(self, *words: str) -> str:
        """
        What curl prints.
        """
        done = run("curl", "-sS", "--max-time", "15", *words)
        self.assertEqual(done.stderr, "")
        return done.stdout

    @inThread
    def test_unixBefore(self) -> None:
        """
        redis-cli speaks to the proxy's UNIX socket; a rule strikes; the socket's file goes
        with the proxy.
        """
        path = self.path()
        self.reopen(self.redis.backend, "redis", listen=f"unix:{path}")
        self.assertEqual(self.proxy.address, path)
        self.assertEqual(run("redis-cli", "-s", path, "PING").stdout, "PONG\n")
        self.behave("error", code="LOADING")
        self.assertIn("LOADING", run("redis-cli", "-s", path, "PING").stdout)
        self.behave("refuse")
        self.assertIn("Could not connect", run("redis-cli", "-s", path, "PING").stderr)
        self.behave("dummy")
        self.assertEqual(run("redis-cli", "-s", path, "PING").stdout, "PONG\n")

    @inThread
    def test_leftBehind(self) -> None:
        """
        A file that a dead process has left is no hindrance.
        """
        path = self.path()
        words = ["--proxy", f"unix:{path}", "--backend", self.redis.backend]
        with subprocess.Popen(
            [sys.executable, "-m", "vaurien_twisted", *words], stdout=subprocess.DEVNULL
        ) as dead:
            poll(lambda: os.path.exists(path), 30, "vaurien")
            dead.kill()
        self.assertTrue(os.path.exists(path))
        self.reopen(self.redis.backend, "redis", listen=f"unix:{path}")
        self.assertEqual(run("redis-cli", "-s", path, "PING").stdout, "PONG\n")

    @inThread
    def test_unixBehind(self) -> None:
        """
        nginx is reached by its UNIX socket, and by TLS before the proxy.
        """
        self.reopen(f"unix:{nginx().path}", "http", listen=serving())
        trust = ["--cacert", papers().authority.certificate]
        self.assertEqual(self.get(*trust, f"https://localhost:{self.proxy.port}/"), "plain\n")
        self.behave("error", code="503")
        self.assertIn("503", self.get(*trust, "-i", f"https://localhost:{self.proxy.port}/"))

    @inThread
    def test_unixBoth(self) -> None:
        """
        UNIX sockets on both sides; a long body passes.
        """
        path = self.path()
        self.reopen(f"unix:{nginx().path}", "http", listen=f"unix:{path}")
        out = f"{path}-file"
        self.get("--unix-socket", path, "-o", out, "http://localhost/file")
        self.assertEqual(Path(out).read_bytes(), (nginx().server.folder / "file").read_bytes())

    @inThread
    def test_six(self) -> None:
        """
        IPv6 on both sides, in brackets; the client's address is told.
        """
        port = nginx().ports["port"]
        trust = papers().authority.folder
        six = f"ssl:host=\\:\\:1:port={port}:hostname=localhost:caCertsDir={trust}"
        self.reopen(six, "http", listen="[::1]:0")
        self.assertRegex(self.proxy.address, r"\A\[::1\]:[0-9]+\Z")
        self.assertEqual(self.get(f"http://[::1]:{self.proxy.port}/"), "TLSv1.3 localhost\n")
        rule(self, fault({"client": "::1"}, code="503"))
        self.assertIn("503", self.get("-i", f"http://[::1]:{self.proxy.port}/"))

    @inThread
    def test_four(self) -> None:
        """
        A client that comes by IPv4 to a socket of IPv6 is known by its IPv4 address.
        """
        self.reopen(f"127.0.0.1:{nginx().ports['plain']}", "http", listen="[::]:0")
        rule(self, fault({"client": "127.0.0.1"}, code="503"))
        self.assertIn("503", self.get("-i", f"http://127.0.0.1:{self.proxy.port}/"))

    @inThread
    def test_sixByName(self) -> None:
        """
        C{tcp6:} and C{ssl:} listen on IPv6 too; C{localhost} is tried by both.
        """
        six = serving(interface="\\:\\:1").replace("interface=127.0.0.1:", "")
        self.reopen(f"127.0.0.1:{nginx().ports['plain']}", "http", listen=six)
        client = http.client.HTTPSConnection("::1", self.proxy.port, context=trusting())
        self.addCleanup(client.close)
        client.request("GET", "/")
        self.assertEqual(client.getresponse().read(), b"plain\n")
        backend = f"tls:localhost:{nginx().ports['port']}:trustRoots={papers().authority.folder}"
        self.reopen(backend, "http", listen="tcp6:0:interface=\\:\\:1")
        self.assertEqual(self.get(f"http://[::1]:{self.proxy.port}/"), "TLSv1.3 localhost\n")
