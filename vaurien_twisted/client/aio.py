# -*- test-case-name: tests.client.test_aio -*-
"""
The client on treq, for programs on Twisted.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from vaurien_twisted.client.common import (
    ClientError,
    Unreachable,
    again,
    cause,
    journalPath,
    leftover,
    member,
    serviceURL,
    understand,
    withToken,
)


class AsyncClient:
    """
    L{vaurien_twisted.client.blocking.Client} for programs on Twisted: the same
    methods, as coroutines.

    @param host: see L{vaurien_twisted.client.blocking.Client}, also for the four after it.
    @param timeout: how long an answer may take, in seconds.
    @param http: in place of a real client, something with treq's C{request}, such as
        C{treq.testing.StubTreq}.
    @param reactor: by default the one that is installed.
    @param token: see L{vaurien_twisted.client.blocking.Client}.
    @ivar url: where the service is.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        scheme: str | None = None,
        url: str | None = None,
        timeout: float = 5.0,
        http: Any = None,
        reactor: Any = None,
        token: str | None = None,
    ) -> None:
        self.url = serviceURL(host, port, scheme, url)
        self.timeout = timeout
        self._headers = withToken(token)
        self._http = http
        self._reactor = reactor

    async def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """
        Ask for any path; see L{vaurien_twisted.client.blocking.Client.request}.
        """
        # Not above: Twisted and treq take longer to load than a blocking client lives.
        from twisted.internet.defer import Deferred
        from twisted.python.failure import Failure

        if self._reactor is None:
            from twisted.internet import reactor

            self._reactor = reactor
        asking = Deferred.fromCoroutine(self._ask(method, path, body))
        late = Failure(Unreachable(self.url, f"nothing within {self.timeout:g} s"))
        asking.addTimeout(self.timeout, self._reactor, lambda result, timeout: late)
        return understand(self.url, *(await asking))

    async def _ask(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        from twisted.internet.error import ConnectError
        from twisted.web.client import Agent, HTTPConnectionPool, ResponseFailed
        from twisted.web.client import RequestTransmissionFailed as Unsent

        if self._http is None:
            from treq.client import HTTPClient

            # No connection is kept: none is left to clean up when a test ends.
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

    async def _get(self, path: str, name: str, kind: type) -> Any:
        return member(self.url, await self.request("GET", path), name, kind)

    async def set_behavior(self, name: str, **options: object) -> None:
        """
        See L{vaurien_twisted.client.blocking.Client.set_behavior}.
        """
        await self.request("PUT", "/behavior", {"name": name, **options})

    async def get_behavior(self) -> str:
        """
        See L{vaurien_twisted.client.blocking.Client.get_behavior}.
        """
        return str(await self._get("/behavior", "behavior", str))

    async def get_options(self) -> dict[str, Any]:
        """
        See L{vaurien_twisted.client.blocking.Client.get_options}.
        """
        return dict(await self._get("/behavior", "options", dict))

    async def list_behaviors(self) -> list[str]:
        """
        See L{vaurien_twisted.client.blocking.Client.list_behaviors}.
        """
        return list(await self._get("/behaviors", "behaviors", list))

    async def get_backend(self) -> str:
        """
        See L{vaurien_twisted.client.blocking.Client.get_backend}.
        """
        return str(await self._get("/backend", "backend", str))

    async def set_backend(self, backend: str) -> None:
        """
        See L{vaurien_twisted.client.blocking.Client.set_backend}.
        """
        await self.request("PUT", "/backend", {"backend": backend})

    async def get_rules(self) -> list[dict[str, Any]]:
        """
        See L{vaurien_twisted.client.blocking.Client.get_rules}.
        """
        return list(await self._get("/rules", "rules", list))

    async def set_rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """
        See L{vaurien_twisted.client.blocking.Client.set_rules}.
        """
        await self.request("PUT", "/rules", {"rules": list(rules)})

    async def list_protocols(self) -> list[str]:
        """
        See L{vaurien_twisted.client.blocking.Client.list_protocols}.
        """
        return sorted(await self._get("/protocols", "protocols", dict))

    async def journal(self, since: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """
        See L{vaurien_twisted.client.blocking.Client.journal}.
        """
        return list(await self._get(journalPath(since, limit), "journal", list))

    async def _before(self) -> dict[str, Any]:
        try:
            answer = await self.request("GET", "/rules")
        except Unreachable:
            raise
        except ClientError:
            answer = {}
        return answer if "rules" in answer else await self.request("GET", "/behavior")

    @asynccontextmanager
    async def with_behavior(self, name: str, **options: object) -> AsyncIterator[AsyncClient]:
        """
        See L{vaurien_twisted.client.blocking.Client.with_behavior}; for C{async with}.
        """
        before = await self._before()
        await self.set_behavior(name, **options)
        try:
            yield self
        except BaseException as raised:
            try:
                await self.request("PUT", *again(before))
            except ClientError as error:
                raised.add_note(leftover(name, error))
            raise
        await self.request("PUT", *again(before))
