"""
Random conversations with Redis, memcached and nginx: through a proxy the client reads,
byte for byte, what it reads without one, and injected errors where the replies would be.
Those with MariaDB, PostgreSQL and SMTP are in modules of their own.
"""

from __future__ import annotations

import os
import re
from random import Random

from tests.conversations import http, memcache, redis
from tests.conversations.speaking import Speech
from tests.integration.conversing import Real, play, undated
from tests.integration.memcached import memcached
from tests.integration.ruling import rule
from tests.integration.servers import missing, nginx
from tests.integration.servers import redis as redisServer
from tests.integration.support import ProxyCase, inThread

#: How many of each.
COUNT = int(os.environ.get("VAURIEN_CONVERSATIONS", "60"))

#: What has another answer each time, or may have.  Of a value of white space only, incr and
#: decr read on in what the server's memory holds.
UNSTEADY = re.compile(
    rb"(gets|incr|decr|stats|version|mn\b|gat |cas )|noreply| q\r| qv\r|q\r\nm", re.IGNORECASE
)

ECHO = redis.command(b"ECHO", b"=mark=")
FILES = (b"/one", b"/small", b"/nothing", b"/chunked/one", b"/empty")


def withFiles(request: bytes) -> bytes:
    """
    The request for a file that nginx has.
    """
    return re.sub(rb"/k(\d)", lambda match: FILES[int(match[1]) % len(FILES)], request, count=1)


def readable(request: bytes) -> bytes:
    """
    Whether nginx stays on the connection.
    """
    return not re.search(rb"identity|\n more|y{5000}", request)


REDIS = Real(redis.SPEECH, ECHO, b"$6\r\n=mark=\r\n", redis.command(b"FLUSHALL"))
MEMCACHE = Real(
    memcache.SPEECH,
    b"mn\r\n",
    b"MN\r\n",
    b"".join(b"delete %b%d\r\n" % (name, n) for name in (b"k", b"bad") for n in range(9))
    + b"".join(b"delete %b\r\n" % name for name in (b"k", b"n", b"a", b"b", b"big", b"noreply")),
    lambda request: not UNSTEADY.search(request),
    lambda request: request.replace(b" T9\r", b"\r").replace(b" T0\r", b"\r"),
)
HTTP = Real(
    http.SPEECH,
    b"GET /mark HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\r\n\r\n=mark=",
    b"",
    readable,
    withFiles,
    undated,
)


class ConversationCase(ProxyCase):
    """
    Many conversations.
    """

    backend: str

    def play(self, real: Real) -> None:
        """
        Play them all.
        """
        for seed in range(COUNT):
            try:
                play(
                    real,
                    Random(seed),
                    self.backend,
                    self.proxy.address,
                    lambda *rules: rule(self, *rules),
                )
            except AssertionError as error:
                self.fail(f"seed {seed}: {error}")
        self.assertEqual(self.opaque(), [])


class RedisTests(ConversationCase):
    """
    Redis.
    """

    skip = missing("redis-server")
    wire = "redis"

    async def prepare(self) -> None:
        """
        A server.
        """
        self.backend = redisServer().backend
        await self.open(self.backend, self.wire)

    @inThread
    def test_conversations(self) -> None:
        """
        Of any kind.
        """
        self.play(REDIS)


class TCPTests(RedisTests):
    """
    The same, without knowing what is said.
    """

    wire = "tcp"

    @inThread
    def test_conversations(self) -> None:
        """
        Of any kind.
        """
        speech = Speech("tcp", redis.begin, random=True)
        self.play(Real(speech, REDIS.mark, REDIS.marked, REDIS.clean))


class MemcachedTests(ConversationCase):
    """
    memcached.
    """

    skip = missing("memcached")

    async def prepare(self) -> None:
        """
        A server.
        """
        self.backend = memcached().backend
        await self.open(self.backend, "memcache")

    @inThread
    def test_conversations(self) -> None:
        """
        Of any kind.
        """
        self.play(MEMCACHE)


class HTTPTests(ConversationCase):
    """
    nginx.
    """

    skip = missing("nginx")

    async def prepare(self) -> None:
        """
        A server.
        """
        server = nginx()
        (server.folder / "files" / "mark").write_text("=mark=")
        self.backend = server.backend
        await self.open(self.backend, "http")

    @inThread
    def test_conversations(self) -> None:
        """
        Of any kind.
        """
        self.play(HTTP)
