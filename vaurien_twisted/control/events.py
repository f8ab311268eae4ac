# -*- test-case-name: tests.control.test_events -*-
"""
The journal as it grows: C{/events}, as server-sent events (WHATWG HTML, section 9.2).
"""

from __future__ import annotations

import socket
from typing import cast

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IPushProducer, ISystemHandle
from twisted.web.http import Request
from twisted.web.iweb import IRequest
from zope.interface import implementer

from vaurien_twisted.control.event_stream import Reader, Readers
from vaurien_twisted.control.json_body import readQuery
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import queried
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.interfaces.network import IStreamTransport
from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.model.options import option

#: The request header with the id to resume after.
LAST = (("Last-Event-ID", "The id of the last entry that is known, if since is not given."),)
#: The send buffer of the kernel for one client, in bytes; the kernel doubles the value (socket(7),
#: C{SO_SNDBUF}).  The default would be megabytes.
UNREAD = 131072


@attrs.frozen
class EventsQuery:
    """
    The query of C{GET /events}.
    """

    proxy: str = option(str, "", "The name of a proxy; without it, those of all.")
    since: int | None = option(
        int, None, "The id of the last entry that is known; without it, what comes.", minimum=0
    )


STREAM = Operation(
    "Text", query=EventsQuery, headers=LAST, refusals=(404,), media="text/event-stream"
)


@implementer(IPushProducer)
class EventStream:
    """
    An answer that continues until the client disconnects.
    """

    def __init__(self, request: Request, readers: Readers) -> None:
        self._request = request
        self._readers = readers
        self._reader: Reader | None = None
        self._paused = False

    def begin(self, since: int, proxy: str) -> Deferred[bytes]:
        """
        Send the entries after C{since}, and new ones as they are recorded.

        @return: never fires; cancelled when the client disconnects.
        """
        request = self._request
        for name, value in (
            ("content-type", "text/event-stream"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            # Tells nginx not to buffer the answer.
            ("x-accel-buffering", "no"),
        ):
            request.setHeader(name.encode(), value.encode())
        if request.method == b"HEAD":
            return succeed(b"")
        handle = ISystemHandle(request.transport, None)
        if handle is not None:
            connected = cast(socket.socket, handle.getHandle())
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD)
        request.registerProducer(self, True)
        # Sends the headers now, even if there is no event for a long time.
        request.write(b":\n\n")
        reader = self._readers.add(self, since, proxy)
        reader.paused = self._paused
        self._reader = reader
        return Deferred(lambda _: self._readers.remove(reader))

    def write(self, data: bytes) -> None:
        self._request.write(data)

    def drop(self) -> None:
        self._request.unregisterProducer()
        cast(IStreamTransport, self._request.transport).abortConnection()

    def pauseProducing(self) -> None:
        self._paused = True
        if self._reader is not None:
            self._reader.paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        if self._reader is not None:
            self._readers.resume(self._reader)

    def stopProducing(self) -> None:
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
    @routes.describe(STREAM)
    def getEvents(self, request: IRequest) -> bytes | Deferred[bytes]:
        """
        The entries of the journal as events, of all proxies or of C{?proxy=NAME}.  C{id} is the
        entry's id, C{event} its kind and C{data} the entry.  The stream starts after C{?since=ID}
        or the header C{Last-Event-ID}, otherwise with the next entry.  If the journal has discarded
        entries before the client could read them, an event C{missed} says how many.  Comments keep
        the connection open.  A client that reads nothing for 15 to 30 seconds is disconnected, and
        can resume.
        """
        query = readQuery(request, EventsQuery)
        if query.proxy:
            queried(self._observed, query.proxy)
        since = _last(request) if query.since is None else query.since
        if since is None:
            since = self._observed.journal.last
        return EventStream(cast(Request, request), self._readers).begin(since, query.proxy)


def _last(request: IRequest) -> int | None:
    """
    The id in the header C{Last-Event-ID}, C{None} if it has none.
    """
    # As bytes: a browser can send back an id in any encoding.
    [word] = request.requestHeaders.getRawHeaders(b"last-event-id", [b""])[-1:]
    return int(word) if word.isdigit() and len(word) < 20 else None
