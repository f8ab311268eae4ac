# -*- test-case-name: tests.experiments.test_keep_alive -*-
"""
Requests over persistent connections, since a fleet gets several requests a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

if TYPE_CHECKING:
    from twisted.internet.interfaces import IConsumer, IReactorTime

#: The time that an unused connection is kept, in seconds.  The service keeps it for a minute.
KEPT = 30


@attrs.frozen
class Response:
    """
    An answer.

    @ivar code: its status.
    @ivar body: all of its body.
    """

    code: int
    body: bytes

    async def content(self) -> bytes:
        """
        Its body.
        """
        return self.body


@implementer(IBodyProducer)
class Body:
    """
    The body of a request, written at once.

    @ivar length: in bytes.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.length = len(data)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        """
        Write it.
        """
        consumer.write(self._data)
        return succeed(None)

    def pauseProducing(self) -> None:
        """
        It has been written.
        """

    def resumeProducing(self) -> None:
        """
        It has been written.
        """

    def stopProducing(self) -> None:
        """
        It has been written.
        """


class KeepAliveRequests:
    """
    Sends requests to many services over persistent connections, in place of the HTTP client of
    L{AsyncClient<vaurien_twisted.client.aio.AsyncClient>}.
    """

    def __init__(self, reactor: IReactorTime) -> None:
        from twisted.web.client import Agent, HTTPConnectionPool

        self._pool = HTTPConnectionPool(reactor, persistent=True)
        self._pool.cachedConnectionTimeout = KEPT
        self._agent = Agent(reactor, pool=self._pool)

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: bytes | None,
        allow_redirects: bool = False,
    ) -> Response:
        """
        Send a request.

        @raise Exception: as L{Agent<twisted.web.client.Agent>} does.
        """
        from treq import collect
        from twisted.web.http_headers import Headers

        sent = Headers({name: [value] for name, value in headers.items()})
        body = None if data is None else Body(data)
        response = await self._agent.request(method.encode(), url.encode(), sent, body)
        parts: list[bytes] = []
        await collect(response, parts.append)
        return Response(int(response.code), b"".join(parts))

    def close(self) -> Deferred[None]:
        """
        Close all connections.  The result fires when they are closed.
        """
        closed: Deferred[None] = self._pool.closeCachedConnections()
        return closed
