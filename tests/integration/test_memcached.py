"""
memcached and its clients, with a proxy between them.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any

from twisted.logger import capturedLogs, formatEvent

from tests.integration.memcached import memcached
from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import Server, missing
from tests.integration.support import PATIENCE, ProxyCase, inThread, optional
from vaurien_twisted.model.options import Refused
from vaurien_twisted.wire.memcache.errors import CATALOG

ERRORS = CATALOG.presets

pymemcache: Any = optional("pymemcache")

#: A rule that no exchange of these tests matches.
NEVER = fault({"command": "get", "key": "nobody:*"}, code="SERVER_ERROR temporary failure")


class MemcachedCase(ProxyCase):
    """
    A proxy before the server.
    """

    skip = missing("memcached")
    if pymemcache is None:
        skip = "not installed: pymemcache"
    server: Server

    async def prepare(self) -> None:
        """
        Start what is not running.
        """
        self.server = memcached()
        await self.open(self.server.backend, "memcache")

    def client(self, port: int = 0) -> Any:
        """
        A client on one connection, that waits for every answer.
        """
        client = pymemcache.Client(
            ("127.0.0.1", port or self.proxy.port),
            default_noreply=False,
            timeout=PATIENCE,
            connect_timeout=PATIENCE,
        )
        self.addCleanup(client.close)
        return client


class MemcachedThroughTests(MemcachedCase):
    """
    With nothing asked, or nothing that matches, everything passes as it is.
    """

    def tearDown(self) -> None:
        """
        Every byte was understood, and none met a fault.
        """
        self.assertEqual((self.opaque(), decided(self)), ([], []))

    @inThread
    def test_values(self) -> None:
        """
        Values of every size come back the same, one by one and together.
        """
        client = self.client()
        for rules in ([], [NEVER]):
            rule(self, *rules)
            for size in (0, 1, 1000, 70_000, 10**6, 7 * 10**6):
                value = os.urandom(size)
                client.set("value", value)
                back = client.get("value")
                self.assertEqual(hashlib.sha256(back).digest(), hashlib.sha256(value).digest())
            many = {f"key{number}": os.urandom(number) for number in range(2000)}
            self.assertEqual(client.set_many(many), [])
            self.assertEqual(client.get_many(many), many)

    @inThread
    def test_commands(self) -> None:
        """
        Commands of every kind, answered or not.
        """
        client = self.client()
        for rules in ([], [NEVER]):
            rule(self, *rules)
            client.delete("n")
            self.assertTrue(client.add("n", b"1"))
            self.assertFalse(client.add("n", b"1"))
            self.assertEqual(client.incr("n", 41), 42)
            self.assertEqual(client.gets("n")[0], b"42")
            self.assertTrue(client.touch("n", 60))
            self.assertIsNone(client.get("absent"))
            client.set("quiet", b"x", noreply=True)
            self.assertEqual(client.get("quiet"), b"x")
            self.assertIn(b"pid", client.stats())
            self.assertTrue(client.version().startswith(b"1."))
            self.assertEqual(client.raw_command("mn"), b"MN")
            self.assertEqual(client.raw_command("mg quiet k Oa"), b"HD kquiet Oa")


class MemcachedFaultTests(MemcachedCase):
    """
    Errors, and where they strike.
    """

    @inThread
    def test_presets(self) -> None:
        """
        pymemcache raises its own exception for each; the same connection then works,
        where it was not closed.
        """
        exceptions = pymemcache.exceptions
        raised = {
            "SERVER_ERROR": exceptions.MemcacheServerError,
            "CLIENT_ERROR": exceptions.MemcacheClientError,
            "ERROR": exceptions.MemcacheUnknownCommandError,
        }
        client = self.client()
        client.set("k", b"v")
        for code in ERRORS:
            if code == "miss":
                continue
            kind = code.split()[0]
            rule(self, fault({"key": "k"}, code=code))
            for asking in (lambda: client.get("k"), lambda: client.set("k", b"w")):
                with self.assertRaises(raised[kind]) as caught:
                    asking()
                if kind != "ERROR":
                    self.assertEqual(str(caught.exception), repr(code.partition(" ")[2].encode()))
            rule(self)
            self.assertEqual(client.get("k"), b"v", code)

    @inThread
    def test_goesOn(self) -> None:
        """
        An error leaves the connection as it is; only the server's own refusal closes it.
        """
        for code in ERRORS:
            rule(self, fault({"command": "get"}, code=code))
            client = self.client()
            client._connect()
            client.sock.sendall(b"get k\r\nversion\r\nget k\r\n")
            with client.sock.makefile("rb") as stream:
                first, second = stream.readline(), stream.readline()
            said = b"END" if code == "miss" else code.encode()
            self.assertEqual(first, said + b"\r\n")
            if code == "ERROR Too many open connections":
                self.assertEqual(second, b"")
            else:
                self.assertTrue(second.startswith(b"VERSION "), code)

    @inThread
    def test_miss(self) -> None:
        """
        What is there is not found, and nothing is changed.
        """
        client, direct = self.client(), self.client(self.server.port)
        direct.set_many({"k": b"1", "l": b"2"})
        rule(self, fault({"key": "k"}, code="miss"))
        self.assertIsNone(client.get("k"))
        self.assertEqual(client.get("l"), b"2")
        # Any key of several is met; the whole command then misses.
        self.assertEqual(client.get_many(["l", "k"]), {})
        self.assertFalse(client.delete("k"))
        self.assertIsNone(client.incr("k", 1))
        self.assertFalse(client.replace("k", b"x"))
        self.assertEqual(direct.get("k"), b"1")

    @inThread
    def test_reply(self) -> None:
        """
        At the reply: memcached carries it out, and the client is told otherwise.
        """
        client, direct = self.client(), self.client(self.server.port)
        code = "SERVER_ERROR out of memory storing object"
        for at, kept in (("request", b"old"), ("reply", b"new")):
            direct.set("k", b"old")
            rule(self, {**fault({"command": "set"}, code=code, at=at), "times": 1})
            with self.assertRaises(pymemcache.exceptions.MemcacheServerError):
                client.set("k", b"new")
            self.assertEqual(direct.get("k"), kept)
            # The retry succeeds on the same connection.
            self.assertTrue(client.set("k", b"again"))
        direct.set("big", os.urandom(10**6))
        rule(self, fault({"command": "get"}, code="miss", at="reply"))
        self.assertIsNone(client.get("big"))
        self.assertTrue(client.version())

    @inThread
    def test_partial(self) -> None:
        """
        In the middle of an answer: within a value, or after so many of them.
        """
        client, direct = self.client(), self.client(self.server.port)
        values = {f"p{number}": b"x" * 100 for number in range(5)}
        direct.set_many(values)
        item = b"VALUE p0 0 100\r\n" + b"x" * 100 + b"\r\n"
        for options, passed in (
            ({"count": 0}, b""),
            ({"count": 50}, item[:50]),
            ({"count": 0, "unit": "units"}, b""),
            ({"count": 1, "unit": "units"}, item),
            (
                {"count": 3, "unit": "units"},
                item + item.replace(b"0 0", b"1 0") + item.replace(b"0 0", b"2 0"),
            ),
        ):
            rule(self, fault({"command": "get"}, at="partial", **options))
            with self.assertRaises(pymemcache.exceptions.MemcacheUnexpectedCloseError):
                client.get_many(sorted(values))
            client._connect()
            client.sock.sendall(b"get p0 p1 p2 p3 p4\r\n")
            with client.sock.makefile("rb") as stream:
                self.assertEqual(stream.read(), passed, options)
            client.close()
        rule(self, fault({"command": "get"}, at="partial", count=6, unit="units"))
        self.assertEqual(client.get_many(sorted(values)), values)
        self.assertIsNone(client.get("absent"))

    @inThread
    def test_noreply(self) -> None:
        """
        Who wants no reply gets none: what cannot be refused is carried out, and the next
        answer is the next command's own.
        """
        client, direct = self.client(), self.client(self.server.port)
        direct.set("k", b"old")
        rule(self, fault({"key": "k"}, code="SERVER_ERROR busy"))
        for number in range(50):
            client.set("k", b"%d" % number, noreply=True)
            client.delete("gone", noreply=True)
            with self.assertRaises(pymemcache.exceptions.MemcacheServerError):
                client.get("k")
            self.assertTrue(client.version())
        self.assertEqual(direct.get("k"), b"49")

    @inThread
    def test_big(self) -> None:
        """
        Values of megabytes are refused whole, wherever that strikes, and the connection
        goes on.
        """
        client, direct = self.client(), self.client(self.server.port)
        value = os.urandom(7 * 10**6)
        for at, kept in (("request", b"old"), ("reply", value)):
            direct.set("k", b"old")
            rule(self, fault({"key": "k"}, code="SERVER_ERROR out of memory", at=at))
            with self.assertRaises(pymemcache.exceptions.MemcacheServerError):
                client.set("k", value)
            rule(self)
            self.assertTrue(client.get("k") == kept)
        rule(self, fault({"key": "k"}, code="SERVER_ERROR busy", at="reply"))
        with self.assertRaises(pymemcache.exceptions.MemcacheServerError):
            client.get("k")
        self.assertTrue(client.version())
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_unread(self) -> None:
        """
        The server's own log, and the binary protocol, pass unread, with a word in our log.
        """
        client = self.client()
        client._connect()
        with capturedLogs() as captured:
            client.sock.sendall(b"watch fetchers\r\n")
            with client.sock.makefile("rb") as stream:
                self.assertEqual(stream.readline(), b"OK\r\n")
                other = self.client()
                rule(self, fault({"command": "get"}, code="SERVER_ERROR busy"))
                self.client(self.server.port).get("looked-for")
                # No rule strikes among the lines of the log.
                while b"key=looked-for" not in (line := stream.readline()):
                    self.assertTrue(line.startswith(b"ts="), line)
            # "No operation" (0x0a), as the binary protocol has it; so is the answer.
            other._connect()
            other.sock.sendall(b"\x80\x0a".ljust(24, b"\0"))
            with other.sock.makefile("rb") as stream:
                self.assertEqual(stream.read(24), b"\x81\x0a".ljust(24, b"\0"))
        self.assertEqual(self.opaque(), ["watch", "the binary protocol"])
        lines = [str(formatEvent(event)) for event in captured]
        self.assertIn("connection 2 is opaque from here on: the binary protocol", lines)

    @inThread
    def test_unknown(self) -> None:
        """
        What memcached does not say is refused with the nearest preset.
        """
        for options, near in (
            ({"code": "out of memory storing object"}, "SERVER_ERROR out of memory storing object"),
            ({"code": "miss", "at": "greeting"}, "request"),
        ):
            with self.assertRaises(Refused) as refused:
                rule(self, fault({}, **options))
            self.assertIn(near, refused.exception.description)
