"""
HTTP requests of an experiment to other servers than Vaurien, by treq.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

#: The most bytes that are read of a response's body.
BODY_LIMIT = 2**20


class TreqRequests:
    """
    Sends HTTP requests.
    """

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> tuple[int, bytes]:
        """
        Send a request.

        @return: the response's status, and its body.
        """
        from treq import collect
        from treq.client import HTTPClient
        from twisted.internet.defer import Deferred
        from twisted.web.client import Agent, HTTPConnectionPool
        from twisted.web.http_headers import Headers

        pool = HTTPConnectionPool(self._reactor, persistent=False)
        client = HTTPClient(Agent(self._reactor, connectTimeout=timeout, pool=pool))
        received = bytearray()
        sent = Headers({name: [value] for name, value in headers.items()})

        def keep(data: bytes) -> None:
            received.extend(data[: BODY_LIMIT - len(received)])

        async def exchange() -> int:
            response = await client.request(
                method, url, headers=sent, data=body or None, allow_redirects=False
            )
            await collect(response, keep)
            return int(response.code)

        answered = Deferred.fromCoroutine(exchange())
        return await answered.addTimeout(timeout, self._reactor), bytes(received)
