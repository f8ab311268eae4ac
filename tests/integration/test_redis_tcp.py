"""
Redis behind C{tcp}, which knows nothing of it.
"""

from __future__ import annotations

import os
import time
from unittest import skipIf

from tests.integration.redis_case import RedisWireCase, redis
from tests.integration.servers import missing
from tests.integration.support import PATIENCE, inThread, run


class RedisCase(RedisWireCase):
    """
    A proxy that does not know Redis.
    """

    protocol = "tcp"


class RedisThroughTests(RedisCase):
    """
    With nothing asked, everything passes as it is.
    """

    @inThread
    def test_values(self) -> None:
        """
        Values of every size come back the same.
        """
        client = self.client()
        for size in (0, 1, 1000, 10**6, 10**7):
            value = os.urandom(size)
            client.set("value", value)
            self.assertEqual(client.get("value"), value)
        client.delete("value")

    @inThread
    def test_pipeline(self) -> None:
        """
        Ten thousand commands at once have ten thousand answers, in order.
        """
        client = self.client()
        client.delete("counted")
        pipeline = client.pipeline(transaction=False)
        for _ in range(10_000):
            pipeline.incr("counted")
        self.assertEqual(pipeline.execute(), list(range(1, 10_001)))

    @inThread
    def test_published(self) -> None:
        """
        A server that speaks unasked is heard.
        """
        listening = self.client().pubsub()
        self.addCleanup(listening.close)
        listening.subscribe("news")
        self.assertEqual(listening.get_message(timeout=PATIENCE)["type"], "subscribe")
        publishing = self.client()
        for number in range(100):
            publishing.publish("news", number)
        heard = [listening.get_message(timeout=PATIENCE)["data"] for _ in range(100)]
        self.assertEqual(heard, [str(number).encode() for number in range(100)])

    @skipIf(missing("redis-benchmark"), "redis-benchmark is not installed")
    @inThread
    def test_benchmark(self) -> None:
        """
        C{redis-benchmark} ends without an error, alone and with pipelines.
        """
        for depth in ("1", "16"):
            ended = run(
                "redis-benchmark",
                *("-p", str(self.proxy.port), "-n", "6000", "-c", "50", "-P", depth),
                *("-t", "set,get,lpush,lrange_100", "--csv"),
            )
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertNotRegex(ended.stdout + ended.stderr, "(?i)error")
            for test in ("SET", "GET", "LPUSH", "LRANGE_100"):
                self.assertRegex(ended.stdout, f'(?m)^"{test}')


class RedisFaultTests(RedisCase):
    """
    Each behavior, as a client sees it.
    """

    @inThread
    def test_hang(self) -> None:
        """
        A command times out; when that is over, a new one is answered.
        """
        client = self.client()
        client.ping()
        self.behave("hang")
        client.connection._sock.settimeout(0.5)
        with self.assertRaises(redis.exceptions.TimeoutError):
            client.ping()
        self.behave("dummy")
        self.assertTrue(self.client().ping())

    @inThread
    def test_delay(self) -> None:
        """
        A pipeline waits once, for all of its commands are one turn.
        """
        pipeline = self.client().pipeline(transaction=False)
        # The pipeline has a connection of its own, which begins with questions.
        self.assertEqual(pipeline.ping().execute(), [True])
        self.behave("delay", sleep=0.5)
        began = time.monotonic()
        for _ in range(100):
            pipeline.ping()
        self.assertEqual(pipeline.execute(), [True] * 100)
        taken = time.monotonic() - began
        self.assertGreaterEqual(taken, 0.5)
        self.assertEqual(self.effects(), ["wait 0.5 s"])

    @inThread
    def test_blackout(self) -> None:
        """
        An open connection is closed when it is used, a new one at once.
        """
        client = self.client()
        client.ping()
        self.behave("blackout")
        for asking in (client.ping, lambda: self.client().ping()):
            with self.assertRaises(redis.exceptions.ConnectionError):
                asking()
        self.behave("dummy")
        self.assertTrue(self.client().ping())

    @inThread
    def test_abort(self) -> None:
        """
        The answer is lost in a reset; the command was executed.
        """
        client = self.client()
        client.set("aborted", "before")
        self.behave("abort")
        with self.assertRaises(redis.exceptions.ConnectionError) as caught:
            client.set("aborted", "after")
        self.assertIn("reset by peer", str(caught.exception))
        self.assertEqual(self.client(self.server.port).get("aborted"), b"after")

    @inThread
    def test_error(self) -> None:
        """
        Garbage stands in for the answer, and the client says so.
        """
        client = self.client()
        client.ping()
        self.behave("error")
        # It may look like the beginning of something longer.
        client.connection._sock.settimeout(1)
        with self.assertRaises(redis.exceptions.RedisError):
            client.get("anything")
