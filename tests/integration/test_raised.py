"""
What clients of HTTP and gRPC meet under each fault, as docs/clients.rst has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from twisted.internet.defer import Deferred

from tests.integration.grpc_case import GRPCCase
from tests.integration.raised import CALLS, GIVEN_UP, REQUESTS, STREAMS, Row, possible
from tests.integration.raising import CALLERS, CLIENTS, SHORT
from tests.integration.ruling import rule
from tests.integration.servers import missing
from tests.integration.support import PATIENCE, ProxyCase, inThread
from tests.integration.websocket_http2 import Echo, Scope, Send, serving

BODY = b"x" * 1000
EVENTS = [b'data: {"n": %d}\n\n' % number for number in range(5)] + [b"data: [DONE]\n\n"]


class Server(Echo):
    """
    One for HTTP/1.1 and HTTP/2.
    """

    async def reply(self, scope: Scope, send: Send) -> None:
        """
        A stream of events, or a plain body.
        """
        streams = scope["path"] == "/events"
        kind = b"text/event-stream" if streams else b"text/plain"
        headers = [(b"content-type", kind)]
        if not streams:
            headers.append((b"content-length", b"%d" % len(BODY)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for part in EVENTS if streams else (BODY,):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})


def wrongIn(row: Row, clients: dict[str, Callable[[str, float], str]], where: str) -> list[str]:
    """
    What clients meet that is not in a row.  They ask all at the same time.
    """
    with ThreadPoolExecutor(len(clients)) as pool:
        asked = [
            pool.submit(ask, where, PATIENCE if GIVEN_UP.isdisjoint(possible(said)) else SHORT)
            for ask, said in zip(clients.values(), row.met, strict=True)
        ]
        met = zip(clients, [each.result() for each in asked], row.met, strict=True)
    return [
        f"{row.fault}: {name} meets {found}, not {said}"
        for name, found, said in met
        if found not in possible(said)
    ]


class RaisedTests(ProxyCase):
    """
    The clients of HTTP, before one server.
    """

    skip = missing("curl", "nghttp") or (None if serving else "not installed: hypercorn")

    async def prepare(self) -> None:
        """
        Start the server.
        """
        server = Server()
        self.addCleanup(lambda: Deferred.fromCoroutine(server.stop()))
        await self.open(f"127.0.0.1:{server.port}", "http", seed=7)

    def tried(self, rows: Iterable[Row], path: str) -> None:
        """
        Each client meets what the table says.
        """
        wrong = []
        for row in rows:
            rule(self, row.rule)
            wrong += wrongIn(row, CLIENTS, f"http://{self.proxy.address}/{path}")
        self.assertEqual(wrong, [])

    @inThread
    def test_requests(self) -> None:
        """
        Faults of requests and replies.
        """
        self.tried(REQUESTS, "one")

    @inThread
    def test_streams(self) -> None:
        """
        Faults of replies that stream.
        """
        self.tried(STREAMS, "events")


class CalledTests(GRPCCase):
    """
    The clients of gRPC.
    """

    @inThread
    def test_calls(self) -> None:
        """
        Faults of calls.
        """
        wrong = []
        for row in CALLS:
            rule(self, row.rule)
            wrong += wrongIn(row, CALLERS, self.proxy.address)
        self.assertEqual(wrong, [])
