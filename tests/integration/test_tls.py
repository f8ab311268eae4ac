"""
TLS on either side of a proxy, by endpoint strings, with real clients and servers.
"""

from __future__ import annotations

import contextlib
import http.client
import shutil
import socket
import ssl
from pathlib import Path
from typing import Any

from twisted.logger import capturedLogs, formatEvent

from tests.integration.authority import papers
from tests.integration.redis_case import redis
from tests.integration.secured import SIZE, nginx, redisOverTLS, serving, trusting
from tests.integration.servers import missing
from tests.integration.servers import redis as plainRedis
from tests.integration.support import ProxyCase, inThread, run


def toServer(name: str = "port", **more: str) -> str:
    """
    The backend C{name} of nginx, as a proxy wants it that checks its certificate.
    """
    words = {"trustRoots": papers().authority.folder, **more}
    told = ":".join(f"{name}={word}" for name, word in words.items())
    return f"tls:localhost:{nginx().ports[name]}:{told}"


class HTTPSTests(ProxyCase):
    """
    HTTP over TLS.
    """

    skip = missing("nginx", "curl")

    async def prepare(self) -> None:
        """
        Start what is not running.
        """
        nginx()

    def get(self, path: str = "/", own: Any = None) -> tuple[int, bytes]:
        """
        Ask the proxy by TLS.
        """
        client = http.client.HTTPSConnection(
            "localhost", self.proxy.port, timeout=15, context=trusting(own)
        )
        try:
            client.request("GET", path)
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    def plainly(self, path: str = "/") -> tuple[int, bytes]:
        """
        Ask the proxy without TLS.
        """
        client = http.client.HTTPConnection("127.0.0.1", self.proxy.port, timeout=15)
        try:
            client.request("GET", path)
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    @inThread
    def test_terminate(self) -> None:
        """
        The client speaks TLS, the backend does not; exchanges are seen, and C{error} speaks
        HTTP.
        """
        self.reopen(f"127.0.0.1:{nginx().ports['plain']}", "http", listen=serving())
        self.assertEqual(self.get(), (200, b"plain\n"))
        self.behave("error", code="503")
        self.assertEqual(self.get("/seen")[0], 503)
        [told] = [e for e in self.proxy.journal.since() if e["kind"] == "decision"]
        self.assertEqual(told["description"], "GET /seen")
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_curl(self) -> None:
        """
        curl takes our certificate for that of the server.
        """
        self.reopen(f"127.0.0.1:{nginx().ports['plain']}", "http", listen=serving())
        authority = ["--cacert", papers().authority.certificate]
        done = run("curl", "-sS", *authority, f"https://localhost:{self.proxy.port}/")
        self.assertEqual((done.stdout, done.stderr), ("plain\n", ""))

    @inThread
    def test_folder(self) -> None:
        """
        For each host there is a certificate in a folder; curl asks for one by name.
        """
        folder = Path(self.mktemp())
        folder.mkdir()
        for signed in (papers().server, papers().elsewhere):
            shutil.copy(signed.both, folder / f"{Path(signed.both).stem}.pem")
        listen = f"tls:{folder}:0:interface=127.0.0.1"
        self.reopen(f"127.0.0.1:{nginx().ports['plain']}", "http", listen=listen)
        trust = ["--cacert", papers().authority.certificate]
        for host in ("localhost", "elsewhere.example"):
            where = ["--resolve", f"{host}:{self.proxy.port}:127.0.0.1"]
            done = run("curl", "-sS", *trust, *where, f"https://{host}:{self.proxy.port}/")
            self.assertEqual((done.stdout, done.stderr), ("plain\n", ""))
        # No name is sent for an IP address: any certificate will have to do.
        done = run("curl", "-sS", "--insecure", f"https://127.0.0.1:{self.proxy.port}/")
        self.assertEqual((done.stdout, done.stderr), ("plain\n", ""))

    @inThread
    def test_originate(self) -> None:
        """
        The backend speaks TLS, the client does not.
        """
        self.reopen(toServer(), "http")
        self.assertEqual(self.plainly(), (200, b"TLSv1.3 localhost\n"))
        self.behave("error", code="503")
        self.assertEqual(self.plainly()[0], 503)

    @inThread
    def test_both(self) -> None:
        """
        Both do; a long body passes unchanged.
        """
        self.reopen(toServer(), "http", listen=serving())
        self.assertEqual(self.get(), (200, b"TLSv1.3 localhost\n"))
        status, body = self.get("/file")
        self.assertEqual((status, body), (200, bytes(range(256)) * (SIZE // 256)))

    @inThread
    def test_overOthers(self) -> None:
        """
        TLS goes over any endpoint, here Twisted's TCP.
        """
        where = f"endpoint=tcp\\:127.0.0.1\\:{nginx().ports['port']}"
        self.reopen(f"{toServer()}:{where}", "http", listen=serving())
        self.assertEqual(self.get("/file"), (200, bytes(range(256)) * (SIZE // 256)))

    @inThread
    def test_unread(self) -> None:
        """
        So it does where nothing is read of it.
        """
        self.reopen(toServer(), "tcp", listen=serving())
        self.assertEqual(self.get("/file"), (200, bytes(range(256)) * (SIZE // 256)))

    @inThread
    def test_clientMustShowOne(self) -> None:
        """
        Clients that bring no certificate, or a stranger's, are turned away before the
        backend hears of them.
        """
        listen = serving(clientCA=papers().authority.certificate)
        self.reopen(f"127.0.0.1:{nginx().ports['plain']}", "http", listen=listen)
        self.assertEqual(self.get(own=papers().client), (200, b"plain\n"))
        for own in (None, papers().stranger):
            self.assertRaises((ssl.SSLError, OSError), self.get, own=own)
        self.assertEqual(self.proxy.proxy.relays.accepted, 1)

    @inThread
    def test_weShowOne(self) -> None:
        """
        The proxy shows a certificate to a server that asks for it.
        """
        own = papers().client
        self.reopen(toServer("asking", certificate=own.certificate, privateKey=own.key), "http")
        self.assertEqual(self.plainly(), (200, b"CN=client\n"))
        where = f"ssl:127.0.0.1:{nginx().ports['asking']}:certKey={own.both}"
        self.reopen(where, "http")
        self.assertEqual(self.plainly(), (200, b"CN=client\n"))
        self.reopen(toServer("asking"), "http")
        self.assertEqual(self.plainly()[0], 400)

    @inThread
    def test_notTrusted(self) -> None:
        """
        A backend whose certificate is for another host, or of nobody we trust, is not
        connected to; the journal has the reason.
        """
        port = nginx().ports["port"]
        trust = papers().authority.folder
        for backend, reason in (
            (
                f"ssl:127.0.0.1:{port}:hostname=elsewhere.example:caCertsDir={trust}",
                "its certificate is for another host",
            ),
            (f"tls:localhost:{port}", "certificate verify failed"),
            (f"tls:localhost:{nginx().ports['plain']}:trustRoots={trust}", "wrong version number"),
        ):
            self.reopen(backend, "http")
            with self.assertRaises((http.client.RemoteDisconnected, ConnectionResetError)):
                self.plainly()
            [told] = [e["reason"] for e in self.proxy.journal.since() if e["kind"] != "decision"]
            self.assertEqual(told, f"TLS: {reason}")

    @inThread
    def test_noTLS(self) -> None:
        """
        A client that speaks no TLS, or ends amid the handshake, does not reach the backend.
        """
        self.reopen(f"127.0.0.1:{nginx().ports['plain']}", "http", listen=serving())
        with socket.create_connection(("127.0.0.1", self.proxy.port), 15) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                self.assertNotIn(b"plain", client.recv(1000))
        with socket.create_connection(("127.0.0.1", self.proxy.port), 15) as client:
            client.sendall(b"\x16\x03\x01")
        self.assertEqual(self.get(), (200, b"plain\n"))
        self.assertEqual(self.proxy.proxy.relays.accepted, 1)


class RedisTests(ProxyCase):
    """
    Redis over TLS.
    """

    skip = missing("redis-server", "redis-cli")
    if redis is None:
        skip = "not installed: redis"

    async def prepare(self) -> None:
        """
        Start what is not running.
        """
        redisOverTLS()

    def backend(self) -> str:
        """
        Where the server is, which wants a certificate.
        """
        own = papers().client
        words = f"certificate={own.certificate}:privateKey={own.key}"
        trust = f"trustRoots={papers().authority.folder}"
        return f"tls:localhost:{redisOverTLS().port}:{words}:{trust}"

    def client(self, **more: Any) -> Any:
        """
        A client that speaks TLS, on one connection, and never tries again by itself.
        """
        retry = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
        client = redis.Redis(
            host="localhost",
            port=self.proxy.port,
            retry=retry,
            socket_timeout=15,
            single_connection_client=True,
            **more,
        )
        self.addCleanup(client.close)
        return client

    def secure(self) -> Any:
        """
        The same, with TLS.
        """
        return self.client(ssl=True, ssl_ca_certs=papers().authority.certificate)

    @inThread
    def test_both(self) -> None:
        """
        TLS on both sides: pipelines pass, and C{error} answers one of their commands.
        """
        self.reopen(self.backend(), "redis", listen=serving())
        client = self.secure()
        with client.pipeline(transaction=False) as pipeline:
            for number in range(500):
                pipeline.set(f"key-{number}", "x" * 1000)
                pipeline.get(f"key-{number}")
            self.assertEqual(pipeline.execute(), [True, b"x" * 1000] * 500)
        self.behave("error", code="LOADING")
        self.assertRaises(redis.exceptions.BusyLoadingError, client.get, "key-1")
        self.behave("dummy")
        self.assertEqual(client.get("key-1"), b"x" * 1000)

    @inThread
    def test_commandLine(self) -> None:
        """
        redis-cli speaks TLS to the proxy, and the proxy plainly to a server.
        """
        self.reopen(plainRedis().backend, "redis", listen=serving())
        words = ["--tls", "--cacert", papers().authority.certificate]
        place = ["-h", "localhost", "-p", str(self.proxy.port)]
        done = run("redis-cli", *place, *words, "PING")
        self.assertEqual((done.stdout, done.stderr), ("PONG\n", ""))

    @inThread
    def test_noneShown(self) -> None:
        """
        A server that finds out after the handshake that we have no certificate breaks TLS
        off: so it is for the client, and the log has the server's reason.
        """
        self.reopen(f"ssl:127.0.0.1:{redisOverTLS().port}", "redis")
        with capturedLogs() as captured, self.assertRaises(redis.exceptions.ConnectionError):
            self.client().ping()
        lines = [str(formatEvent(event)) for event in captured]
        self.assertIn("TLS with 127.0.0.1 failed: tlsv13 alert certificate required", lines)

    @inThread
    def test_blackout(self) -> None:
        """
        C{blackout} ends the connection in order.
        """
        self.reopen(self.backend(), "redis", listen=serving())
        client = self.secure()
        self.assertTrue(client.ping())
        self.behave("blackout")
        self.assertRaises(redis.exceptions.ConnectionError, client.ping)
        self.behave("dummy")
        self.assertTrue(self.secure().ping())

    @inThread
    def test_delay(self) -> None:
        """
        C{delay} keeps a command back, and C{hang} for good.
        """
        self.reopen(self.backend(), "redis", listen=serving())
        client = self.secure()
        client.ping()
        self.behave("delay", sleep=0.2)
        self.assertTrue(client.ping())
        client.connection_pool.connection_kwargs["socket_timeout"] = 0.3
        client.connection._sock.settimeout(0.3)
        self.behave("hang")
        self.assertRaises(redis.exceptions.TimeoutError, client.execute_command, "PING")
