"""
Redis behind a proxy that answers in its place.
"""

from __future__ import annotations

from typing import Any

from tests.integration.redis_case import VERSIONS, RedisWireCase, redis
from tests.integration.ruling import decided, fault, rule
from tests.integration.support import PATIENCE, inThread
from vaurien_twisted.model.options import Refused
from vaurien_twisted.wire.redis.errors import CATALOG

ERRORS = CATALOG.presets

#: What redis-py raises for each preset: the name of the class.
RAISED = {
    "LOADING": "BusyLoadingError",
    "READONLY": "ReadOnlyError",
    "MASTERDOWN": "MasterDownError",
    "CLUSTERDOWN": "ClusterDownError",
    "TRYAGAIN": "TryAgainError",
    "NOREPLICAS": "ResponseError",
    "MAXCLIENTS": "ConnectionError",
    "OOM": "OutOfMemoryError",
    "BUSY": "ResponseError",
    "NOAUTH": "AuthenticationError",
    "WRONGPASS": "AuthenticationError",
    "NOPERM": "NoPermissionError",
    "NOSCRIPT": "NoScriptError",
    "WRONGTYPE": "ResponseError",
    "MOVED": "MovedError",
    "ASK": "AskError",
    "CROSSSLOT": "ClusterCrossSlotError",
    "EXECABORT": "ExecAbortError",
    "MISCONF": "ResponseError",
    "ERR": "ResponseError",
}

GETS = {"command": "GET"}


class RedisPresetTests(RedisWireCase):
    """
    What a client makes of each error.
    """

    @inThread
    def test_presets(self) -> None:
        """
        redis-py raises its own exception for each, with the server's words, in both
        versions; the same connection then works, where it was not closed.
        """
        self.assertEqual({*RAISED, "nil"}, set(ERRORS))
        self.client(self.server.port).set("k", "v")
        for version in VERSIONS:
            client = self.client(protocol=version)
            client.ping()
            for code, name in RAISED.items():
                rule(self, fault(GETS, code=code))
                with self.assertRaises(redis.exceptions.RedisError) as caught:
                    client.get("k")
                self.assertEqual(type(caught.exception).__name__, name, code)
                told = str(caught.exception)
                self.assertTrue(ERRORS[code].message.endswith(told.split("] ")[-1]), (code, told))
                rule(self)
                if code == "MAXCLIENTS":
                    # It was closed; the client connects again.
                    client.close()
                    client = self.client(protocol=version)
                self.assertEqual(client.get("k"), b"v", code)

    @inThread
    def test_goesOn(self) -> None:
        """
        An error leaves the connection as it is; only the server's own refusal closes it.
        """
        for code in RAISED:
            connection = redis.Connection(host="127.0.0.1", port=self.proxy.port)
            self.addCleanup(connection.disconnect)
            connection.connect()
            rule(self, fault(GETS, code=code))
            connection.send_command("GET", "k")
            with self.assertRaises(redis.exceptions.RedisError):
                connection.read_response()
            if code == "MAXCLIENTS":
                continue
            connection.send_command("PING")
            self.assertEqual(connection.read_response(), b"PONG", code)

    @inThread
    def test_nil(self) -> None:
        """
        A null is "not there" to the client, in both versions and for every kind of reply.
        """
        self.client(self.server.port).set("k", "v")
        for version in VERSIONS:
            client = self.client(protocol=version)
            rule(self, fault({"key": "k"}, code="nil"))
            self.assertIsNone(client.get("k"))
            self.assertIsNone(client.blpop("k", timeout=1))
            rule(self)
            self.assertEqual(client.get("k"), b"v")

    @inThread
    def test_free(self) -> None:
        """
        An error of one's own, and a message of one's own.
        """
        client = self.client()
        rule(self, fault(GETS, code="MOVED 42 127.0.0.1:7777"))
        with self.assertRaises(redis.exceptions.MovedError) as moved:
            client.get("k")
        self.assertEqual((moved.exception.slot_id, moved.exception.port), (42, 7777))
        rule(self, fault(GETS, code="OOM", message="no room at all"))
        with self.assertRaises(redis.exceptions.OutOfMemoryError) as caught:
            client.get("k")
        self.assertEqual(str(caught.exception), "no room at all")

    @inThread
    def test_unknown(self) -> None:
        """
        What Redis does not say is refused with the nearest preset.
        """
        for options, near in (
            ({"code": "LOADNIG"}, "LOADING"),
            ({"code": "LOADING", "at": "greeting"}, "request"),
        ):
            with self.assertRaises(Refused) as refused:
                rule(self, fault(GETS, **options))
            self.assertIn(near, refused.exception.description)


class RedisPlaceTests(RedisWireCase):
    """
    Where errors strike.
    """

    @inThread
    def test_seventh(self) -> None:
        """
        Of a hundred GETs in a pipeline exactly those that the rule names fail, each in
        its place.
        """
        keys = [f"k{number}" for number in range(1, 101)]
        for version in VERSIONS:
            client = self.client(protocol=version)
            client.mset({key: key.upper() for key in keys})
            failing = [f"k{number}" for number in range(7, 101, 7)]
            rule(self, fault({"command": "GET", "key": failing}, code="TRYAGAIN"))
            pipeline = client.pipeline(transaction=False)
            for key in keys:
                pipeline.get(key)
            replies = pipeline.execute(raise_on_error=False)
            rule(self)
            for key, reply in zip(keys, replies, strict=True):
                if key in failing:
                    self.assertIsInstance(reply, redis.exceptions.TryAgainError)
                else:
                    self.assertEqual(reply, key.upper().encode())
            self.assertEqual(decided(self)[-14:], [f"GET {key}" for key in failing])
        self.assertEqual(len(decided(self)), 28)

    @inThread
    def test_key(self) -> None:
        """
        A command is met by any of its keys.
        """
        client = self.client()
        rule(self, fault({"key": "user:*"}, code="CLUSTERDOWN"))
        self.assertEqual(client.mget("a", "b"), [None, None])
        with self.assertRaises(redis.exceptions.ClusterDownError):
            client.mget("a", "b", "user:7")

    @inThread
    def test_request(self) -> None:
        """
        At the request: Redis does not carry it out.
        """
        client, direct = self.client(), self.client(self.server.port)
        direct.set("n", 1)
        rule(self, {**fault({"command": "INCRBY"}, code="BUSY"), "times": 1})
        with self.assertRaises(redis.exceptions.ResponseError):
            client.incr("n")
        self.assertEqual(direct.get("n"), b"1")
        self.assertEqual(client.incr("n"), 2)

    @inThread
    def test_reply(self) -> None:
        """
        At the reply: Redis carries it out, and the client is told otherwise.
        """
        client, direct = self.client(), self.client(self.server.port)
        direct.set("n", 1)
        rule(self, fault({"command": "INCRBY"}, code="BUSY", at="reply"))
        with self.assertRaises(redis.exceptions.ResponseError):
            client.incr("n")
        self.assertEqual(direct.get("n"), b"2")
        direct.set("big", "x" * 10**6)
        rule(self, fault(GETS, code="nil", at="reply"))
        self.assertIsNone(client.get("big"))
        self.assertTrue(client.ping())

    @inThread
    def test_partial(self) -> None:
        """
        In the middle of a reply: so many bytes or values pass, then the connection is
        closed or reset.
        """
        direct = self.client(self.server.port)
        direct.delete("list")
        direct.rpush("list", *[f"value {number}" for number in range(1000)])
        for options, passed in (
            ({"count": 0}, b""),
            ({"count": 12}, b"*1000\r\n$7\r\nv"),
            ({"count": 0, "unit": "units"}, b"*1000\r\n"),
            ({"count": 2, "unit": "units"}, b"*1000\r\n$7\r\nvalue 0\r\n$7\r\nvalue 1\r\n"),
        ):
            rule(self, fault({"command": "LRANGE"}, at="partial", **options))
            with self.assertRaises(redis.exceptions.ConnectionError):
                self.client().lrange("list", 0, -1)
            told = self.raw(b"LRANGE list 0 -1\r\n")
            self.assertEqual(told, passed)
        rule(self, fault({"command": "LRANGE"}, at="partial", count=10, then="reset"))
        with self.assertRaises(redis.exceptions.ConnectionError) as caught:
            self.client().lrange("list", 0, -1)
        self.assertIn("reset by peer", str(caught.exception))
        rule(self, fault({"command": "LRANGE"}, at="partial", count=1001, unit="units"))
        self.assertEqual(len(self.client().lrange("list", 0, -1)), 1000)

    def raw(self, asked: bytes) -> Any:
        """
        What the server says up to the end of the connection.
        """
        connection = redis.Connection(host="127.0.0.1", port=self.proxy.port, lib_name=None)
        connection.connect()
        self.addCleanup(connection.disconnect)
        sock = connection._sock
        sock.settimeout(PATIENCE)
        sock.sendall(asked)
        with sock.makefile("rb") as stream:
            return stream.read()

    @inThread
    def test_subscribing(self) -> None:
        """
        A subscription that is refused leaves the others alone.
        """
        listening = self.client(single_connection_client=False).pubsub()
        self.addCleanup(listening.close)
        listening.subscribe("news")
        self.assertEqual(listening.get_message(timeout=PATIENCE)["type"], "subscribe")
        rule(self, {**fault({"command": "SUBSCRIBE"}, code="NOPERM"), "times": 1})
        listening.subscribe("secret")
        with self.assertRaises(redis.exceptions.NoPermissionError):
            listening.get_message(timeout=PATIENCE)
        self.client().publish("news", "x")
        self.assertEqual(listening.get_message(timeout=PATIENCE)["data"], b"x")
