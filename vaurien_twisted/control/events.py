# -*- test-case-name: tests.control.test_events -*-
"""
The journal as it grows: C{/events}, as server-sent events (WHATWG HTML, section 9.2).
"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IPushProducer
from twisted.web.iweb import IRequest
from zope.interface import implementer

from vaurien_twisted.control.event_stream import Reader, Readers
from vaurien_twisted.control.json_body import readQuery
from vaurien_twisted.control.responses import Problem
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.model.options import Refused, option


@attrs.frozen
class EventsQuery:
    """
    Which events are wanted.
    """

    proxy: str = option(str, "", "The name of a proxy; without it, those of all.")
    since: int | None = option(
        int, None, "The id of the last entry that is known; without it, what comes.", minimum=0
    )


@implementer(IPushProducer)
class EventStream:
    """
    One answer that goes on until the client leaves, or is dropped.
    """

    def __init__(self, request: Any, readers: Readers) -> None:
        self._request = request
        self._readers = readers
        self._reader: Reader | None = None
        self._paused = False

    def begin(self, since: int, proxy: str) -> Deferred[bytes]:
        """
        Send what is after C{since}, and what comes.

        @return: never fires; cancelled when the client has left.
        """
        request = self._request
        for name, value in (
            ("content-type", "text/event-stream"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            # For a proxy between the browser and us that would collect the answer.
            ("x-accel-buffering", "no"),
        ):
            request.setHeader(name.encode(), value.encode())
        if request.method == b"HEAD":
            return succeed(b"")
        request.registerProducer(self, True)
        # The head goes out now, also if nothing happens for long.
        request.write(b":\n\n")
        reader = self._readers.add(self, since, proxy)
        reader.paused = self._paused
        self._reader = reader
        return Deferred(lambda _: self._readers.remove(reader))

    def write(self, data: bytes) -> None:
        """
        Send C{data}.
        """
        self._request.write(data)

    def drop(self) -> None:
        """
        Close the connection at once.
        """
        self._request.unregisterProducer()
        self._request.transport.abortConnection()

    def pauseProducing(self) -> None:
        """
        The client takes bytes too slowly.
        """
        self._paused = True
        if self._reader is not None:
            self._reader.paused = True

    def resumeProducing(self) -> None:
        """
        It has taken all.
        """
        self._paused = False
        if self._reader is not None:
            self._readers.resume(self._reader)

    def stopProducing(self) -> None:
        """
        The client is gone.
        """
        if self._reader is not None:
            self._readers.remove(self._reader)


class EventsAPI:
    """
    Streams the journal.
    """

    routes = Routes()

    def __init__(self, observed: Observed, readers: Readers) -> None:
        self._observed = observed
        self._readers = readers

    @routes.route("/events", "GET")
    def getEvents(self, request: IRequest) -> Any:
        """
        The entries of the journal as events, of all proxies or of C{?proxy=NAME}: its C{id}
        is the entry's, C{event} its kind, C{data} the entry.  They begin after C{?since=ID}
        or the header C{Last-Event-ID}, else with what comes.  Where the journal has forgotten
        some of that, an event C{missed} says how many.  Comments keep the connection alive.
        A client that does not keep up is disconnected, and may resume.
        """
        query = readQuery(request, EventsQuery)
        if query.proxy:
            try:
                self._observed.named(query.proxy)
            except Refused as refused:
                raise Problem(404, refused.description, "proxy", "querystring") from None
        since = _last(request) if query.since is None else query.since
        if since is None:
            since = self._observed.journal.last
        return EventStream(request, self._readers).begin(since, query.proxy)


def _last(request: IRequest) -> int | None:
    """
    What C{Last-Event-ID} says, C{None} if it says no number.
    """
    # Bytes: what browsers remember may be in any encoding.
    [word] = request.requestHeaders.getRawHeaders(b"last-event-id", [b""])[-1:]
    return int(word) if word.isdigit() and len(word) < 20 else None
