"""
A proxy before Redis, and clients to it.
"""

from __future__ import annotations

from typing import Any

from tests.integration.servers import Server, missing
from tests.integration.servers import redis as redisServer
from tests.integration.support import PATIENCE, ProxyCase, optional

redis: Any = optional("redis")

#: The versions of the protocol that the clients speak.
VERSIONS = (2, 3)


class RedisWireCase(ProxyCase):
    """
    A proxy before the server.

    @cvar protocol: the wire protocol of the proxy.
    """

    protocol = "redis"

    skip = missing("redis-server")
    if redis is None:
        skip = "not installed: redis"
    server: Server

    async def prepare(self) -> None:
        """
        Start what is not running.
        """
        self.server = redisServer()
        await self.open(self.server.backend, self.protocol)

    def client(self, port: int = 0, **more: Any) -> Any:
        """
        A client on one connection, that never tries again by itself.
        """
        more = {"socket_timeout": PATIENCE, "single_connection_client": True, **more}
        retry = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
        client = redis.Redis(host="127.0.0.1", port=port or self.proxy.port, retry=retry, **more)
        self.addCleanup(client.close)
        return client
