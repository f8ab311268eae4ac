"""
Redis's own server and clients, with a proxy between them that does nothing.
"""

from __future__ import annotations

import hashlib
import os
from unittest import skipIf

from tests.integration.redis_case import VERSIONS, RedisWireCase
from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import missing
from tests.integration.support import PATIENCE, inThread, run

#: A rule that no exchange of these tests matches.
NEVER = fault({"command": "GET", "key": "nobody:*"}, code="LOADING")


class RedisThroughTests(RedisWireCase):
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
        Values of every size come back the same, in both versions of the protocol.
        """
        for version in VERSIONS:
            client = self.client(protocol=version)
            for rules in ([], [NEVER]):
                rule(self, *rules)
                for size in (0, 1, 1000, 70_000, 10**6, 5 * 10**6):
                    value = os.urandom(size)
                    client.set("value", value)
                    back = client.get("value")
                    self.assertEqual(hashlib.sha256(back).digest(), hashlib.sha256(value).digest())
            client.delete("value")

    @inThread
    def test_types(self) -> None:
        """
        Replies of every type read as they do without the proxy.
        """
        for version in VERSIONS:
            answers = []
            for port in (self.server.port, self.proxy.port):
                client = self.client(port, protocol=version)
                client.delete("h", "l", "s", "z", "x")
                client.hset("h", mapping={"a": 1, "b": "2"})
                client.rpush("l", *range(100))
                client.sadd("s", "m", "n")
                client.zadd("z", {"a": 1.5, "b": 2})
                client.xadd("x", {"a": "b"}, id="1-1")
                answers.append(
                    [
                        client.hgetall("h"),
                        client.lrange("l", 0, -1),
                        client.smembers("s"),
                        client.zrange("z", 0, -1, withscores=True),
                        client.xrange("x"),
                        client.mget("h1", "h2"),
                        client.eval("return {1,{2,'x'},false}", 0),
                        client.command_count() > 100,
                        client.config_get("maxmemory*"),
                    ]
                )
            self.assertEqual(answers[0], answers[1])

    @inThread
    def test_pipelines(self) -> None:
        """
        Many commands at once, in a transaction and not, have their answers in order.
        """
        for version in VERSIONS:
            client = self.client(protocol=version)
            for rules in ([], [NEVER]):
                rule(self, *rules)
                for transaction in (False, True):
                    client.delete("counted")
                    pipeline = client.pipeline(transaction=transaction)
                    for _ in range(3000):
                        pipeline.incr("counted")
                    self.assertEqual(pipeline.execute(), list(range(1, 3001)))

    @inThread
    def test_published(self) -> None:
        """
        Messages are heard by subscribers, in both versions.
        """
        rule(self, NEVER)
        for version in VERSIONS:
            listening = self.client(protocol=version, single_connection_client=False).pubsub()
            self.addCleanup(listening.close)
            listening.subscribe(f"news{version}", "other")
            listening.psubscribe(f"*s{version}")
            kinds = [listening.get_message(timeout=PATIENCE)["type"] for _ in range(3)]
            self.assertEqual(kinds, ["subscribe", "subscribe", "psubscribe"])
            publishing = self.client(protocol=version)
            for number in range(50):
                self.assertEqual(publishing.publish(f"news{version}", number), 2)
            heard = [listening.get_message(timeout=PATIENCE)["data"] for _ in range(100)]
            self.assertEqual(heard, [str(number // 2).encode() for number in range(100)])
            listening.unsubscribe()
            self.assertEqual(listening.get_message(timeout=PATIENCE)["type"], "unsubscribe")

    @inThread
    def test_blocking(self) -> None:
        """
        A command that waits is answered when there is something.
        """
        rule(self, NEVER)
        for version in VERSIONS:
            client, other = self.client(protocol=version), self.client(protocol=version)
            client.delete("queue")
            self.assertIsNone(client.blpop("queue", timeout=0.1))
            other.rpush("queue", "job")
            self.assertEqual(tuple(client.blpop("queue", timeout=PATIENCE / 2)), (b"queue", b"job"))

    @skipIf(missing("redis-benchmark"), "redis-benchmark is not installed")
    @inThread
    def test_benchmark(self) -> None:
        """
        C{redis-benchmark} ends without an error, alone and with pipelines, without rules
        and with one that never matches.
        """
        for rules in ([], [NEVER]):
            rule(self, *rules)
            for depth in ("1", "16"):
                ended = run(
                    "redis-benchmark",
                    *("-p", str(self.proxy.port), "-n", "2000", "-c", "20", "-P", depth),
                    *("-t", "set,get,lpush,lrange_100,mset", "--csv"),
                )
                self.assertEqual(ended.returncode, 0, ended.stderr)
                self.assertNotRegex(ended.stdout + ended.stderr, "(?i)error")
                for test in ("SET", "GET", "LPUSH", "LRANGE_100", "MSET"):
                    self.assertRegex(ended.stdout, f'(?m)^"{test}')
