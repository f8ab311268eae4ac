"""
A proxy that never listens, its control site in memory, and on loopback.
"""

from __future__ import annotations

import json
from typing import Any

import attrs
from treq.testing import StubTreq
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import TestCase

from vaurien_twisted.control.access import Access
from vaurien_twisted.control.service import ControlService
from vaurien_twisted.control.site import controlRoot
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.declaration import ProxyDefaults
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.registry import loadRegistry

REGISTRY = loadRegistry()


def makeProxy() -> Proxy:
    """
    A proxy on a reactor of its own, not started.
    """
    clock = MemoryReactorClock()
    return Proxy(
        clock,
        name="proxy",
        listen="localhost:0",
        backend="localhost:8888",
        wire=REGISTRY.wire("tcp"),
        ruleBuilder=RuleBuilder(REGISTRY),
        journal=Journal(clock.seconds),
        seed=7,
    )


def around(*proxies: Proxy) -> ProxyCollection:
    """
    A collection of them.
    """
    first = proxies[0]
    collection = ProxyCollection(first.reactor, ProxyDefaults(REGISTRY), first.journal, 7)
    for proxy in proxies:
        collection.add(proxy)
    return collection


@attrs.frozen
class Answer:
    """
    The answer.
    """

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        """
        The body, which must be JSON.
        """
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, str]:
        """
        The only error of a refusal.
        """
        assert self.json["status"] == "error", self.json
        (error,) = self.json["errors"]
        return error

    def header(self, name: str) -> str | None:
        """
        One header.
        """
        found = self.headers.getRawHeaders(name)
        return None if found is None else ", ".join(found)


class Asker:
    """
    Sends requests to a resource, with no socket.
    """

    def __init__(self, resource: Any) -> None:
        self._treq = StubTreq(resource)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        data: bytes | None = None,
        headers: dict[str, Any] | None = None,
        url: str = "http://localhost",
        follow: bool = True,
    ) -> Answer:
        """
        Send one request; C{body} is sent as JSON, C{data} unchanged.  Redirects are followed, or
        returned.
        """
        if body is not None:
            data = json.dumps(body).encode()
        done: list[Answer] = []

        async def collect() -> None:
            response = await self._treq.request(
                method, url + path, data=data, headers=headers, allow_redirects=follow
            )
            content = await response.content()
            done.append(Answer(response.code, response.headers, content))

        deferred = Deferred.fromCoroutine(collect())
        self._treq.flush()
        failures: list[Any] = []
        deferred.addErrback(failures.append)
        for failure in failures:
            failure.raiseException()
        (answer,) = done
        return answer


def controlled() -> tuple[Proxy, Asker]:
    """
    A proxy and its whole site in memory.
    """
    proxy = makeProxy()
    return proxy, Asker(controlRoot(around(proxy)))


async def listening(
    case: TestCase, host: str = "localhost", access: Access | None = None
) -> tuple[Proxy, ControlService]:
    """
    A proxy whose control service listens on loopback until C{case} is over.
    """
    from twisted.internet import reactor

    proxy = makeProxy()
    service = ControlService(reactor, host, 0, around(proxy), access)
    service.startService()
    case.addCleanup(service.stopService)
    await service.listening
    return proxy, service
