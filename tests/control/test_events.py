"""
Tests for the API that streams the journal.
"""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.server import Site

from tests.control.watched import watched
from vaurien_twisted.control.event_stream import Readers
from vaurien_twisted.control.events import EventsAPI
from vaurien_twisted.control.site import ControlRoot
from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.record.journal import Journal


class RefusalTests(SynchronousTestCase):
    """
    Requests that get no stream.
    """

    def test_refused(self) -> None:
        """
        A proxy that is not there, words that are not known, another method.
        """
        _, asker = watched()
        for method, query, status, name in (
            ("GET", "?proxy=x", 404, "proxy"),
            ("GET", "?since=x", 400, "since"),
            ("GET", "?snice=1", 400, "snice"),
            ("POST", "", 405, "POST"),
        ):
            answer = asker.ask(method, f"/events{query}")
            self.assertEqual((answer.status, answer.error["name"]), (status, name))

    def test_head(self) -> None:
        """
        The head alone, and an end.
        """
        _, asker = watched()
        answer = asker.ask("HEAD", "/events")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(answer.header("content-type"), "text/event-stream")


class Browser(Protocol):
    """
    Sends a request, and keeps the answer.

    @ivar ids: those of the events so far.
    @ivar missed: how many others it has lost.
    """

    def __init__(self, path: str, headers: str) -> None:
        self.head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"
        self.heard = self._line = b""
        self.ids: list[int] = []
        self.missed = 0
        self.lost: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        """
        Ask.
        """
        self.transport.write(self.head.encode())

    def dataReceived(self, data: bytes) -> None:
        """
        Keep the beginning, and the ids of all events.
        """
        self.heard += data[: max(0, 10_000 - len(self.heard))]
        *lines, self._line = (self._line + data).split(b"\n")
        self.ids += [int(line[4:]) for line in lines if line.startswith(b"id: ")]
        counts = [line for line in lines if line.startswith(b'data: {"count":')]
        self.missed += sum(json.loads(line[6:])["count"] for line in counts)

    def connectionLost(self, reason: Any = None) -> None:
        """
        It is over.
        """
        self.lost.callback(None)


class StreamTests(TestCase):
    """
    C{/events} on loopback.
    """

    timeout = 120

    def setUp(self) -> Any:
        """
        A site with only this API.
        """
        from twisted.internet import reactor

        self.reactor: Any = reactor
        self.journal = Journal(self.reactor.seconds, limit=1000)
        self.readers = Readers(self.reactor, self.journal)
        api = EventsAPI(Observed(list, self.journal), self.readers)
        self.port = self.reactor.listenTCP(
            0, Site(ControlRoot([api], []), reactor=self.reactor), interface="127.0.0.1"
        )
        self.browsers: list[Browser] = []

    async def tearDown(self) -> None:
        """
        The client has gone.
        """
        for browser in self.browsers:
            if browser.transport.connected:
                browser.transport.abortConnection()
            await browser.lost
        await self.port.stopListening()
        await self.until(lambda: not len(self.readers))

    async def until(self, true: Any) -> None:
        """
        Wait for something, for a hundred seconds at most.
        """
        end = self.reactor.seconds() + 100
        while not true():
            heard = [(len(browser.ids), browser.ids[-1:]) for browser in self.browsers]
            self.assertLess(self.reactor.seconds(), end, heard)
            await deferLater(self.reactor, 0.01, lambda: None)

    async def open(self, path: str = "/events", headers: str = "") -> Browser:
        """
        One who reads.
        """
        from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

        browser = Browser(path, headers)
        place = TCP4ClientEndpoint(self.reactor, "127.0.0.1", self.port.getHost().port)
        await connectProtocol(place, browser)
        self.browsers.append(browser)
        await self.until(lambda: b"\r\n\r\n" in browser.heard)
        return browser

    def note(self, count: int = 1, size: int = 0) -> None:
        """
        Something happened, so often.
        """
        for _ in range(count):
            self.journal.record("decision", "proxy", 1, description="x" * size)

    async def test_live(self) -> None:
        """
        The head is sent at once, events as they happen, and no earlier ones.
        """
        self.note()
        browser = await self.open()
        self.assertIn(b"text/event-stream", browser.heard)
        self.assertIn(b"no-store", browser.heard)
        self.note(2)
        await self.until(lambda: len(browser.ids) == 2)
        self.assertEqual(browser.ids, [2, 3])

    async def test_resumed(self) -> None:
        """
        After the id that the client knows, by header or by query; the query counts.
        """
        self.note(5)
        byHeader = await self.open(headers="Last-Event-ID: 3\r\n")
        byQuery = await self.open("/events?since=4", "Last-Event-ID: 1\r\n")
        strange = await self.open(headers="Last-Event-ID: three\r\n")
        self.note()
        for browser, ids in ((byHeader, [4, 5, 6]), (byQuery, [5, 6]), (strange, [6])):
            await self.until(lambda browser=browser: 6 in browser.ids)
            self.assertEqual(browser.ids, ids)

    async def test_left(self) -> None:
        """
        Who leaves is forgotten.
        """
        browser = await self.open()
        self.assertEqual(len(self.readers), 1)
        browser.transport.abortConnection()
        await self.until(lambda: not len(self.readers))
        self.note()

    async def test_pitfall7_slow(self) -> None:
        """
        A client that stops reading gets the number of lost entries when it reads again; the bytes
        that wait for it are bounded, and other clients lose nothing.
        """
        slow, fast = await self.open(), await self.open()
        slow.transport.pauseProducing()
        sent = 0
        while self.journal.first < 2000:
            self.note(200, size=10_000)
            sent += 200
            await self.until(lambda sent=sent: fast.ids[-1:] == [sent])
        self.assertEqual(fast.ids, list(range(1, sent + 1)))
        slow.transport.resumeProducing()
        await self.until(lambda: slow.ids[-1:] == [sent])
        self.assertEqual(len(slow.ids) + slow.missed, sent)
        self.assertGreater(slow.missed, 0)
        self.assertEqual(slow.ids, sorted(set(slow.ids)))
