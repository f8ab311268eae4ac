# -*- test-case-name: tests.test_client -*-
"""
Clients of the control service, for programs and test suites::

    client = Client()
    with client.with_behavior("delay", sleep=2):
        ...

L{Client} blocks, and needs the standard library alone; L{AsyncClient} is the same
on treq, for programs on Twisted.  Both raise L{ClientError}.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit

from vaurien_twisted.asking import (
    HEADERS,
    ClientError,
    RequestRefused,
    Unreachable,
    again,
    cause,
    leftover,
    member,
    serviceURL,
    understand,
)

__all__ = ["AsyncClient", "Client", "ClientError", "RequestRefused", "Unreachable"]

#: The longest answer that is read, in bytes.
ANSWER_LIMIT = 16 * 2**20


class Client:
    """
    Asks the service, and waits for its answer.  Keeps nothing between calls, so that
    threads may share it.  Proxies named in the environment are not used.

    @param host: its name or IP address, by default C{localhost}.
    @param port: by default 8080.
    @param scheme: C{http}, the default, or C{https}.
    @param url: in place of the three; where none of the four is given, C{VAURIEN_URL}.
    @param timeout: how long to wait for the connection, and for each part of the
        answer, in seconds.
    @ivar url: where the service is.
    @raise ClientError: the URL is not one that can be asked.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        scheme: str | None = None,
        url: str | None = None,
        timeout: float = 5.0,
    ) -> None:
        self.url = serviceURL(host, port, scheme, url)
        self.timeout = timeout

    def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """
        Ask for any path, such as C{/behaviors?verbose=1}.

        @param body: sent as JSON, unless it is C{None}.
        @return: the answer's JSON object.
        @raise Unreachable: there was no answer in time.
        @raise RequestRefused: the service did not do it.
        @raise ClientError: what answers there is not Vaurien.
        """
        parts = urlsplit(self.url)
        data = None if body is None else json.dumps(body)
        try:
            connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
            try:
                connection.request(method, parts.path + path, data, HEADERS)
                response = connection.getresponse()
                answer = response.read(ANSWER_LIMIT)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise Unreachable(self.url, cause(error)) from error
        return understand(self.url, response.status, answer)

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self.timeout)
        return http.client.HTTPConnection(host, port, timeout=self.timeout)

    def _get(self, path: str, name: str, kind: type) -> Any:
        return member(self.url, self.request("GET", path), name, kind)

    def set_behavior(self, name: str, **options: object) -> None:
        """
        Put a behavior in force, for open connections too: C{set_behavior("delay",
        sleep=2)}.  C{name} may be percentages such as C{20:error,10:delay}; the options
        are then given by behavior: C{delay={"sleep": 2}}.  Those not given are as
        configured, whatever was set before.

        @raise ClientError: it was not done.
        """
        self.request("PUT", "/behavior", {"name": name, **options})

    def get_behavior(self) -> str:
        """
        The name of the behavior in force, or percentages: C{20:error,10:delay}.

        @raise ClientError: there is no answer.
        """
        return str(self._get("/behavior", "behavior", str))

    def get_options(self) -> dict[str, Any]:
        """
        The options in force, by name; of percentages, by behavior first.

        @raise ClientError: there is no answer.
        """
        return dict(self._get("/behavior", "options", dict))

    def list_behaviors(self) -> list[str]:
        """
        The names that L{set_behavior} takes, sorted.

        @raise ClientError: there is no answer.
        """
        return list(self._get("/behaviors", "behaviors", list))

    def get_backend(self) -> str:
        """
        The backend as it was written, C{HOST:PORT} or an endpoint string.

        @raise ClientError: there is no answer.
        """
        return str(self._get("/backend", "backend", str))

    def set_backend(self, backend: str) -> None:
        """
        Send new connections to another backend.

        @raise ClientError: it was not done.
        """
        self.request("PUT", "/backend", {"backend": backend})

    @contextmanager
    def with_behavior(self, name: str, **options: object) -> Iterator[Client]:
        """
        Put a behavior in force for the length of a block; then what was in force
        before it, with its options and percentages, is again, also after an exception.

        @raise ClientError: it was not done, or could not be undone.  An exception out
            of the block is not replaced by that: it gets a note.
        """
        before = self.request("GET", "/behavior")
        self.set_behavior(name, **options)
        try:
            yield self
        except BaseException as raised:
            try:
                self.request("PUT", "/behavior", again(before))
            except ClientError as error:
                raised.add_note(leftover(name, error))
            raise
        self.request("PUT", "/behavior", again(before))


class AsyncClient:
    """
    L{Client} for programs on Twisted: the same methods, as coroutines.

    @param host: see L{Client}, also for the four after it.
    @param timeout: how long an answer may take, in seconds.
    @param http: in place of a real client, something with treq's C{request}, such as
        C{treq.testing.StubTreq}.
    @param reactor: by default the one that is installed.
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
    ) -> None:
        self.url = serviceURL(host, port, scheme, url)
        self.timeout = timeout
        self._http = http
        self._reactor = reactor

    async def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """
        Ask for any path; see L{Client.request}.
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
                method, url, headers=HEADERS, data=data, allow_redirects=False
            )
            return response.code, await response.content()
        except (OSError, ConnectError, ResponseFailed, Unsent) as error:
            raise Unreachable(self.url, cause(error)) from error

    async def _get(self, path: str, name: str, kind: type) -> Any:
        return member(self.url, await self.request("GET", path), name, kind)

    async def set_behavior(self, name: str, **options: object) -> None:
        """
        See L{Client.set_behavior}.
        """
        await self.request("PUT", "/behavior", {"name": name, **options})

    async def get_behavior(self) -> str:
        """
        See L{Client.get_behavior}.
        """
        return str(await self._get("/behavior", "behavior", str))

    async def get_options(self) -> dict[str, Any]:
        """
        See L{Client.get_options}.
        """
        return dict(await self._get("/behavior", "options", dict))

    async def list_behaviors(self) -> list[str]:
        """
        See L{Client.list_behaviors}.
        """
        return list(await self._get("/behaviors", "behaviors", list))

    async def get_backend(self) -> str:
        """
        See L{Client.get_backend}.
        """
        return str(await self._get("/backend", "backend", str))

    async def set_backend(self, backend: str) -> None:
        """
        See L{Client.set_backend}.
        """
        await self.request("PUT", "/backend", {"backend": backend})

    @asynccontextmanager
    async def with_behavior(self, name: str, **options: object) -> AsyncIterator[AsyncClient]:
        """
        See L{Client.with_behavior}; for C{async with}.
        """
        before = await self.request("GET", "/behavior")
        await self.set_behavior(name, **options)
        try:
            yield self
        except BaseException as raised:
            try:
                await self.request("PUT", "/behavior", again(before))
            except ClientError as error:
                raised.add_note(leftover(name, error))
            raise
        await self.request("PUT", "/behavior", again(before))
