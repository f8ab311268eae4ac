"""
Redis's own server and clients, where commands change how a connection is to be read.
"""

from __future__ import annotations

import os
from typing import Any

from twisted.logger import capturedLogs, formatEvent

from tests.integration.authority import papers
from tests.integration.children import Parallel
from tests.integration.redis_case import VERSIONS, RedisWireCase, redis
from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import poll, startRedis
from tests.integration.support import PATIENCE, inThread
from tests.ports import freePort

#: A rule that no exchange of these tests matches.
NEVER = fault({"command": "GET", "key": "nobody:*"}, code="LOADING")


class RedisSessionCase(RedisWireCase):
    """
    Connections of which every word is the test's own.
    """

    def speaker(self, version: int = 2, port: int = 0) -> Any:
        """
        A connection that sends what it is told to, and reads one reply when it is asked to.
        """
        connection = redis.Connection(
            host="127.0.0.1",
            port=port or self.proxy.port,
            protocol=version,
            lib_name=None,
            lib_version=None,
            socket_timeout=PATIENCE,
        )
        self.addCleanup(connection.disconnect)
        connection.connect()
        return connection

    def told(self, speaker: Any, count: int, **how: Any) -> list[Any]:
        """
        The next so many replies; of errors their text.
        """
        replies: list[Any] = []
        for _ in range(count):
            try:
                replies.append(speaker.read_response(**how))
            except redis.exceptions.ResponseError as error:
                replies.append(str(error))
        return replies


class TransactionTests(RedisSessionCase):
    """
    C{MULTI} and C{EXEC}.
    """

    @inThread
    def test_inside(self) -> None:
        """
        A command that is refused inside of a transaction spoils it: nothing is carried out,
        and the connection goes on.
        """
        direct = self.client(self.server.port)
        for version in VERSIONS:
            direct.delete("a", "b", "c")
            client = self.client(protocol=version)
            rule(self, fault({"command": "SET", "key": "b"}, code="OOM"))
            pipeline = client.pipeline(transaction=True)
            for key in "abc":
                pipeline.set(key, version)
            with self.assertRaises(redis.exceptions.OutOfMemoryError) as caught:
                pipeline.execute()
            self.assertIn("Command # 2 (SET b", str(caught.exception))
            self.assertEqual(direct.mget("a", "b", "c"), [None, None, None])
            self.assertIsNone(client.get("a"))
        self.assertEqual(decided(self), ["SET b"] * 2)

    @inThread
    def test_whole(self) -> None:
        """
        The whole is refused at C{EXEC}: as by a server that discards it, or after it was
        carried out.
        """
        direct = self.client(self.server.port)
        client = self.client()
        for at, stored in (("request", b"old"), ("reply", b"new")):
            direct.set("a", "old")
            rule(self, fault({"command": "EXEC"}, code="EXECABORT", at=at))
            with self.assertRaises(redis.exceptions.ExecAbortError):
                client.pipeline(transaction=True).set("a", "new").execute()
            self.assertEqual(direct.get("a"), stored)
        rule(self, fault({"command": "EXEC"}, at="partial", count=1, unit="units"))
        with self.assertRaises(redis.exceptions.ConnectionError):
            client.pipeline(transaction=True).set("a", "x").set("b", "x").execute()

    @inThread
    def test_watched(self) -> None:
        """
        A transaction that the server itself gives up is told as it is.
        """
        rule(self, NEVER)
        client, other = self.client(), self.client(self.server.port)
        pipeline = client.pipeline()
        pipeline.watch("a")
        other.set("a", "meanwhile")
        pipeline.multi()
        pipeline.set("a", "late")
        self.assertRaises(redis.exceptions.WatchError, pipeline.execute)
        self.assertEqual(client.get("a"), b"meanwhile")
        self.assertEqual(self.opaque(), [])


class QuietTests(RedisSessionCase):
    """
    C{CLIENT REPLY}.
    """

    @inThread
    def test_modes(self) -> None:
        """
        Replies belong to their commands whichever are left out, also where a rule would
        refuse a command that has no reply: there is no way to say so, and it is carried out.
        """
        direct = self.client(self.server.port)
        for rules in ([], [fault({"command": "SET", "key": "quiet"}, code="OOM")]):
            direct.mset({"quiet": "0", "loud": "0"})
            rule(self, *rules)
            speaker = self.speaker()
            for words in (
                ("CLIENT", "REPLY", "SKIP"),
                ("SET", "quiet", "1"),
                ("SET", "loud", "1"),
                ("CLIENT", "REPLY", "OFF"),
                ("SET", "quiet", "2"),
                ("GET", "loud"),
                ("SET", "quiet", "3"),
                ("CLIENT", "REPLY", "ON"),
                ("GET", "loud"),
                ("CLIENT", "REPLY", "SKIP"),
                ("GET", "quiet"),
                ("PING",),
            ):
                speaker.send_command(*words)
            self.assertEqual(self.told(speaker, 4), [b"OK", b"OK", b"1", b"PONG"])
            self.assertEqual(direct.get("quiet"), b"3")
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_loud(self) -> None:
        """
        Of those that are answered again one can be refused.
        """
        rule(self, fault({"command": "GET"}, code="TRYAGAIN"))
        speaker = self.speaker()
        for words in (("CLIENT", "REPLY", "OFF"), ("GET", "a"), ("CLIENT", "REPLY", "ON")):
            speaker.send_command(*words)
        speaker.send_command("GET", "a")
        speaker.send_command("ECHO", "end")
        replies = self.told(speaker, 3)
        self.assertEqual((replies[0], replies[2]), (b"OK", b"end"))
        self.assertIn("ultiple keys request", replies[1])


class MonitorTests(RedisSessionCase):
    """
    C{MONITOR}.
    """

    @inThread
    def test_monitor(self) -> None:
        """
        What others ask is reported, what is refused to them is not; the connection is read
        on, in both versions.
        """
        for version in VERSIONS:
            rule(self, fault({"command": "GET", "key": "refused"}, code="LOADING"))
            watching = self.client(protocol=version, single_connection_client=False)
            other = self.client()
            other.ping()
            with watching.monitor() as monitor:
                self.assertRaises(redis.exceptions.BusyLoadingError, other.get, "refused")
                for number in range(50):
                    other.set("seen", number)
                heard: list[str] = []
                while "SET seen 49" not in heard:
                    heard.append(monitor.next_command()["command"])
                wanted = [f"SET seen {number}" for number in range(50)]
                self.assertEqual([words for words in heard if "seen" in words], wanted)
                self.assertFalse([words for words in heard if "refused" in words])
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_refused(self) -> None:
        """
        It can be refused; and amid reports a command of the same connection can be.
        """
        rule(self, {**fault({"command": "MONITOR"}, code="NOPERM"), "times": 1})
        speaker = self.speaker()
        speaker.send_command("MONITOR")
        self.assertIn("permissions", self.told(speaker, 1)[0])
        speaker.send_command("MONITOR")
        self.assertEqual(self.told(speaker, 1), [b"OK"])
        other = self.client()
        other.echo("first")
        rule(self, fault({"command": "PING"}, code="NOREPLICAS"))
        while b'"first"' not in speaker.read_response():
            pass
        speaker.send_command("PING")
        self.assertIn("replicas", self.told(speaker, 1)[0])
        other.echo("second")
        while b'"second"' not in speaker.read_response():
            pass


class PushTests(RedisSessionCase):
    """
    What RESP3 servers send unasked.
    """

    @inThread
    def test_invalidation(self) -> None:
        """
        Where a client tracks what it has read, news of changes come between its replies, and
        those that are refused keep their places.
        """
        other = self.client(self.server.port)
        other.mset({"a": 0, "b": 0})
        down = fault({"command": "GET", "key": "b"}, code="CLUSTERDOWN")
        for each, refused in ((None, False), (NEVER, False), (down, True)):
            rule(self, *filter(None, [each]))
            speaker = self.speaker(3)
            speaker.send_command("CLIENT", "TRACKING", "ON")
            self.assertEqual(self.told(speaker, 1), [b"OK"])
            pushes: list[Any] = []
            speaker._parser.set_invalidation_push_handler(pushes.append)
            for round_ in range(20):
                speaker.send_command("GET", "a")
                speaker.send_command("GET", "b")
                speaker.send_command("ECHO", "end")
                first, second, third = self.told(speaker, 3)
                self.assertEqual((int(first), third), (int(other.get("a")), b"end"))
                self.assertEqual("is down" in str(second), refused)
                other.set("a", round_ + 1)
                # What follows comes behind the news of it.
                speaker.send_command("PING")
                self.assertEqual(self.told(speaker, 1), [b"PONG"])
                self.assertEqual(len(pushes), round_ + 1)
                self.assertEqual(pushes[-1], [b"invalidate", [b"a"]])
        self.assertEqual(self.opaque(), [])


class BlockingTests(RedisSessionCase):
    """
    Commands that wait.
    """

    @inThread
    def test_waits(self) -> None:
        """
        What is asked behind a command that waits waits with it; what others ask does not.
        """
        direct = self.client(self.server.port)
        for version in VERSIONS:
            direct.delete("queue")
            rule(self, fault({"command": "GET", "key": "refused"}, code="BUSY"))
            speaker, other = self.speaker(version), self.client()
            speaker.send_command("BLPOP", "queue", "0")
            speaker.send_command("GET", "refused")
            speaker.send_command("ECHO", "end")
            hearing = Parallel(lambda speaker=speaker: self.told(speaker, 3))
            poll(lambda: direct.info("clients")["blocked_clients"] == 1, PATIENCE, "BLPOP")
            self.assertTrue(other.ping())
            self.assertTrue(hearing.is_alive())
            other.rpush("queue", "job")
            first, second, third = hearing.result()
            self.assertEqual((first, third), ([b"queue", b"job"], b"end"))
            self.assertIn("busy", second.lower())
        self.assertEqual(self.opaque(), [])


class ReplicaTests(RedisSessionCase):
    """
    A real replica, whose master is behind the proxy.
    """

    @inThread
    def test_replica(self) -> None:
        """
        It is refused at first and tries again; then the connection carries the stream of
        replication, unread, which the log says, and the replica has what its master has.
        """
        direct = self.client(self.server.port)
        big = os.urandom(10**6)
        direct.set("before", big)
        # More replicas might come; the test's master does not wait for them.
        direct.config_set("repl-diskless-sync-delay", 0)
        rule(self, {**fault({"command": "PSYNC"}, code="LOADING"), "times": 1})
        with capturedLogs() as captured:
            replica = startRedis("--replicaof", "127.0.0.1", str(self.proxy.port))
            self.addCleanup(replica.stop)
            client = self.client(replica.port)
            poll(
                lambda: client.info("replication")["master_link_status"] == "up",
                PATIENCE,
                "the replica",
            )
        self.assertEqual(client.get("before"), big)
        self.assertEqual(decided(self), ["PSYNC ?"])
        self.assertEqual(self.opaque(), ["replication"])
        lines = [str(formatEvent(event)) for event in captured]
        self.assertEqual(sum("is opaque from here on: replication" in line for line in lines), 1)
        # What nobody reads no rule meets.
        rule(self, fault({"command": "SET"}, code="READONLY"))
        for number in range(1000):
            direct.set(f"after:{number}", number)
        self.assertEqual(direct.wait(1, int(PATIENCE * 1000)), 1)
        self.assertEqual(client.get("after:999"), b"999")
        self.assertEqual(len(decided(self)), 1)


class TLSTests(RedisSessionCase):
    """
    A server that speaks TLS.
    """

    @inThread
    def test_unread(self) -> None:
        """
        The client checks the server's certificate through the proxy, which cannot read on:
        the log says so, and no rule strikes.
        """
        port, own, authority = freePort(), papers().server, papers().authority.certificate
        server = startRedis(
            *("--tls-port", str(port), "--tls-auth-clients", "no"),
            *("--tls-cert-file", own.certificate, "--tls-key-file", own.key),
            *("--tls-ca-cert-file", authority),
        )
        self.addCleanup(server.stop)
        self.reopen(f"127.0.0.1:{port}", "redis")
        rule(self, fault({"command": ["SET", "GET"]}, code="LOADING"))
        with capturedLogs() as captured:
            client = self.client(ssl=True, ssl_ca_certs=authority)
            client.set("k", "v")
        self.assertEqual(client.get("k"), b"v")
        self.assertEqual((self.opaque(), decided(self)), (["TLS"], []))
        lines = [str(formatEvent(event)) for event in captured]
        self.assertIn("connection 1 is opaque from here on: TLS", lines)
