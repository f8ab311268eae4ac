# -*- test-case-name: tests.client.test_aio -*-
"""
The client that uses treq, for programs on Twisted.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from vaurien_twisted.client.calls import ServiceCalls
from vaurien_twisted.client.common import (
    Unreachable,
    cause,
    serviceURL,
    understand,
    withToken,
)
from vaurien_twisted.client.proxy_calls import ProxyCalls
from vaurien_twisted.model.json_types import Answer

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime


class AsyncClient(ServiceCalls):
    """
    L{vaurien_twisted.client.blocking.Client} for programs on Twisted: the same
    methods, as coroutines.

    @param host: see L{vaurien_twisted.client.blocking.Client}, also for the next four parameters.
    @param timeout: the time limit of an answer, in seconds.
    @param http: replaces the HTTP client by an object with treq's C{request}, such as
        C{treq.testing.StubTreq}.
    @param reactor: by default the installed one.
    @param token: see L{vaurien_twisted.client.blocking.Client}.
    @ivar url: the URL of the service.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        scheme: str | None = None,
        url: str | None = None,
        timeout: float = 5.0,
        http: Any = None,
        reactor: IReactorTime | None = None,
        token: str | None = None,
    ) -> None:
        self.url = serviceURL(host, port, scheme, url)
        self.timeout = timeout
        self._headers = withToken(token)
        self._http = http
        self._reactor = reactor

    async def request(self, method: str, path: str, body: object = None) -> Answer:
        """
        Send a request; see L{vaurien_twisted.client.blocking.Client.request}.
        """
        # Imported here: loading Twisted and treq takes longer than a blocking client runs.
        from twisted.internet.defer import Deferred
        from twisted.python.failure import Failure

        if self._reactor is None:
            from twisted.internet import reactor

            self._reactor = reactor
        asking = Deferred.fromCoroutine(self._ask(method, path, body))
        late = Failure(Unreachable(self.url, f"nothing within {self.timeout:g} s"))
        asking.addTimeout(self.timeout, self._reactor, lambda result, timeout: late)
        cancelled = False

        def cancel(waiting: Deferred[tuple[int, bytes]]) -> None:
            nonlocal cancelled
            cancelled = True
            asking.cancel()

        waiting = Deferred[tuple[int, bytes]](cancel)
        # A cancelled request fails in many ways, for example with an unknown host name.  The caller
        # that has cancelled it gets CancelledError.
        asking.addBoth(lambda result: None if cancelled else waiting.callback(result))
        return understand(self.url, *(await waiting))

    async def _ask(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        from twisted.internet.error import ConnectError
        from twisted.web.client import Agent, HTTPConnectionPool, ResponseFailed
        from twisted.web.client import RequestTransmissionFailed as Unsent

        if self._http is None:
            from treq.client import HTTPClient

            # Connections are not reused, so that none is open when a test ends.
            pool = HTTPConnectionPool(self._reactor, persistent=False)
            self._http = HTTPClient(Agent(self._reactor, pool=pool))
        data = None if body is None else json.dumps(body).encode("ascii")
        url = self.url + path
        try:
            response = await self._http.request(
                method, url, headers=self._headers, data=data, allow_redirects=False
            )
            return response.code, await response.content()
        except (OSError, ConnectError, ResponseFailed, Unsent) as error:
            raise Unreachable(self.url, cause(error)) from error

    async def answered(self, method: str, path: str, body: object = None) -> Answer:
        return await self.request(method, path, body)

    def proxy(self, name: str) -> AsyncProxy:
        """
        A proxy by its name.  This sends no request.
        """
        return AsyncProxy(self, name)

    async def create_proxy(
        self,
        name: str,
        upstream: str,
        listen: str = "127.0.0.1:0",
        protocol: str | None = None,
        **fields: object,
    ) -> AsyncProxy:
        """
        See L{vaurien_twisted.client.blocking.Client.create_proxy}.
        """
        await self.declare(name, upstream, listen, protocol, **fields)
        return AsyncProxy(self, name)

    async def find_proxy(self, name: str) -> AsyncProxy:
        """
        See L{vaurien_twisted.client.blocking.Client.find_proxy}.
        """
        found = AsyncProxy(self, name)
        await found.info()
        return found

    async def list_proxies(self) -> list[AsyncProxy]:
        """
        See L{vaurien_twisted.client.blocking.Client.list_proxies}.
        """
        return [AsyncProxy(self, name) for name in await self.names()]

    async def delete_proxy(self, name: str) -> None:
        """
        See L{vaurien_twisted.client.blocking.Client.delete_proxy}.
        """
        await AsyncProxy(self, name).delete()


class AsyncProxy(ProxyCalls):
    """
    A proxy of a service, for programs on Twisted.
    """

    client: AsyncClient
