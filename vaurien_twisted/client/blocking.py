# -*- test-case-name: tests.client.test_blocking -*-
"""
Clients of the control service, for programs and test suites::

    client = Client()
    with client.with_behavior("delay", sleep=2):
        ...

L{Client} blocks, and uses only the standard library.  L{AsyncClient} has the same methods as
coroutines, for programs on Twisted.  Both raise L{ClientError}.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from vaurien_twisted.client.aio import AsyncClient, AsyncProxy
from vaurien_twisted.client.calls import ServiceCalls
from vaurien_twisted.client.common import (
    ClientError,
    RequestRefused,
    Unreachable,
    cause,
    serviceURL,
    understand,
    withToken,
)
from vaurien_twisted.client.driving import blocking, driven, run
from vaurien_twisted.client.plan_calls import FaultRecord, PlanCalls
from vaurien_twisted.client.proxy_calls import ProxyCalls
from vaurien_twisted.model.json_types import Answer

__all__ = [
    "AsyncClient",
    "AsyncProxy",
    "Client",
    "ClientError",
    "Proxy",
    "RequestRefused",
    "Unreachable",
]

#: The maximum of bytes read of an answer.
ANSWER_LIMIT = 16 * 2**20

#: The longest pause in a streamed answer, in seconds.
QUIET = 40.0

S = TypeVar("S", bound="_Blocking")


class _Blocking:
    """
    The methods for one proxy, or for the service's first one, as blocking calls.

    @ivar calls: the same methods as coroutines.
    """

    calls: PlanCalls

    set_behavior = blocking(PlanCalls.set_behavior)
    get_behavior = blocking(PlanCalls.get_behavior)
    get_options = blocking(PlanCalls.get_options)
    get_backend = blocking(PlanCalls.get_backend)
    set_backend = blocking(PlanCalls.set_backend)
    get_rules = blocking(PlanCalls.get_rules)
    set_rules = blocking(PlanCalls.set_rules)
    add_rule = blocking(PlanCalls.add_rule)
    remove_rule = blocking(PlanCalls.remove_rule)
    counts = blocking(PlanCalls.counts)
    refresh = blocking(PlanCalls.refresh)

    @contextmanager
    def with_behavior(self: S, name: str, **options: object) -> Iterator[S]:
        """
        Put a behavior in force during a C{with} block.  At its end, also after an exception, the
        earlier rules are in force again; their counts and times restart.

        @raise ClientError: the service refused, or the earlier rules could not be restored.  If the
            block itself raised an exception, that exception gets a note instead.
        """
        with driven(self.calls.with_behavior(name, **options)):
            yield self


class Client(_Blocking):
    """
    Sends requests to the service, and waits for the answers.  It keeps no state between calls, so
    that threads may share it.  HTTP proxies named in the environment are not used.

    @param host: the service's name or IP address, by default C{localhost}.
    @param port: the port of the control service, by default 8080.
    @param scheme: C{http}, the default, or C{https}.
    @param url: replaces C{host}, C{port} and C{scheme}.  If none of the four is given,
        C{VAURIEN_URL} is used.
    @param timeout: the time limit for connecting, and for each part of the answer, in seconds.
    @param token: the token of the service; by default C{VAURIEN_TOKEN}.
    @ivar url: the URL of the service.
    @raise ClientError: the URL or the token is not valid.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        scheme: str | None = None,
        url: str | None = None,
        timeout: float = 5.0,
        token: str | None = None,
    ) -> None:
        self.url = serviceURL(host, port, scheme, url)
        self.timeout = timeout
        self._headers = withToken(token)
        self.calls: ServiceCalls = _ServiceRequests(self)

    def request(self, method: str, path: str, body: object = None) -> Answer:
        """
        Send a request to any path, such as C{/behaviors?verbose=1}.

        @param body: sent as JSON, unless it is C{None}.
        @return: the answer's JSON object.
        @raise Unreachable: the service did not answer in time.
        @raise RequestRefused: the service refused the request.
        @raise ClientError: the server is not a Vaurien.
        """
        parts = urlsplit(self.url)
        data = None if body is None else json.dumps(body)
        try:
            connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
            try:
                connection.request(method, parts.path + path, data, self._headers)
                response = connection.getresponse()
                answer = response.read(ANSWER_LIMIT)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise Unreachable(self.url, cause(error)) from error
        return understand(self.url, response.status, answer)

    def stream(self, path: str, last: int | None = None) -> Iterator[str]:
        """
        Read a streamed answer, such as that of C{/events}.

        @param last: the id of the event to resume after.
        @return: the lines as they arrive, without line ends, until the service ends the answer.
        @raise Unreachable: the service did not answer in time, or the answer has paused for too
            long.
        @raise RequestRefused: the service refused the request.
        """
        parts = urlsplit(self.url)
        headers = {**self._headers, "Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            # The service sends a comment every 15 seconds.
            connection.timeout = max(self.timeout, QUIET)
            connection.request("GET", parts.path + path, headers=headers)
            response = connection.getresponse()
            if response.status != 200:
                understand(self.url, response.status, response.read(ANSWER_LIMIT))
            for line in response:
                yield line.decode("utf-8", "replace").rstrip("\r\n")
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise Unreachable(self.url, cause(error)) from error
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self.timeout)
        return http.client.HTTPConnection(host, port, timeout=self.timeout)

    list_behaviors = blocking(ServiceCalls.list_behaviors)
    list_protocols = blocking(ServiceCalls.list_protocols)
    journal = blocking(ServiceCalls.journal)
    state = blocking(ServiceCalls.state)
    reset = blocking(ServiceCalls.reset)
    take_lease = blocking(ServiceCalls.take_lease)
    renew_lease = blocking(ServiceCalls.renew_lease)
    end_lease = blocking(ServiceCalls.end_lease)
    normal = blocking(ServiceCalls.normal)

    @contextmanager
    def fault(self, /, behavior: str, **words: object) -> Iterator[FaultRecord]:
        """
        Put one rule in force during a C{with} block, in addition to all others: C{fault("error",
        code=1213, when={"sql": "^UPDATE"}, times=1)}.  After the block, or after C{refresh(fault)},
        its C{struck} is the number of exchanges that it affected.

        @param words: the fields of a rule (C{when}, C{percent}, C{after}, C{times}, C{scope},
            C{name}, C{lease}, and C{lasting} for C{for}), and the behavior's options.
        @raise ClientError: the service refused; nothing has changed.
        """
        with driven(self.calls.fault(behavior, **words)) as fault:
            yield fault

    def proxy(self, name: str) -> Proxy:
        """
        A proxy by its name.  This sends no request.
        """
        return Proxy(self, name)

    def create_proxy(
        self,
        name: str,
        upstream: str,
        listen: str = "127.0.0.1:0",
        protocol: str | None = None,
        **fields: object,
    ) -> Proxy:
        """
        Create a proxy, which listens when this returns.

        @param upstream: the backend, C{HOST:PORT} or an endpoint string.
        @param listen: the address to listen on; by default a free port of this machine.
        @param protocol: its wire protocol, by default that of the service's first proxy.
        @param fields: other fields of a proxy: C{rules}, C{toxics}, C{enabled}, and C{lease}, the
            lease at whose end the proxy is deleted.
        @raise ClientError: the service refused; nothing has changed.
        """
        run(self.calls.declare(name, upstream, listen, protocol, **fields))
        return Proxy(self, name)

    def find_proxy(self, name: str) -> Proxy:
        """
        An existing proxy.

        @raise RequestRefused: there is no proxy of that name.
        """
        found = Proxy(self, name)
        found.info()
        return found

    def list_proxies(self) -> list[Proxy]:
        """
        All proxies, in the order of the service.

        @raise ClientError: the service did not answer.
        """
        return [Proxy(self, name) for name in run(self.calls.names())]

    def delete_proxy(self, name: str) -> None:
        """
        Delete a proxy, and close its port.

        @raise ClientError: the service refused.
        """
        Proxy(self, name).delete()


class Proxy(_Blocking):
    """
    A proxy of a service, by its name.

    @param client: the client of the service.
    @ivar name: its name.
    """

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        self.calls: ProxyCalls = ProxyCalls(client.calls, name)

    info = blocking(ProxyCalls.info)
    address = blocking(ProxyCalls.address)
    update = blocking(ProxyCalls.update)
    enable = blocking(ProxyCalls.enable)
    disable = blocking(ProxyCalls.disable)
    toggle = blocking(ProxyCalls.toggle)
    delete = blocking(ProxyCalls.delete)
    toxics = blocking(ProxyCalls.toxics)
    add_toxic = blocking(ProxyCalls.add_toxic)
    update_toxic = blocking(ProxyCalls.update_toxic)
    remove_toxic = blocking(ProxyCalls.remove_toxic)
    normal = blocking(ProxyCalls.normal)
    connections = blocking(ProxyCalls.connections)
    close_connection = blocking(ProxyCalls.close_connection)
    explain = blocking(ProxyCalls.explain)
    journal = blocking(ProxyCalls.journal)

    def fault(self, /, behavior: str, **words: object) -> AbstractContextManager[Any]:
        """
        See L{Client.fault}.
        """
        return driven(self.calls.fault(behavior, **words))


class _ServiceRequests(ServiceCalls):
    """
    Sends requests through a blocking client.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.url = client.url

    async def answered(self, method: str, path: str, body: object = None) -> Answer:
        return self._client.request(method, path, body)
