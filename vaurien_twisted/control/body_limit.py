# -*- test-case-name: tests.control.test_body_limit -*-
"""
Limits for the bodies of requests, and for the part of an answer that is written at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource
from twisted.web.server import Request, Site
from zope.interface import implementer

from vaurien_twisted.control.deadlines import IRequestWatch
from vaurien_twisted.control.responses import JSON, Problem, refused
from vaurien_twisted.control.turns import Turns
from vaurien_twisted.interfaces.network import IServerReactor

#: The largest body that is read, in bytes: 1 MiB.
LIMIT = 2**20

#: How many bytes of an answer are written in one turn of the reactor, apart from the last write.
PORTION = 2**16

#: The most digits of a Content-Length.
DIGITS = 18

#: A request target in absolute form.
ABSOLUTE = re.compile(rb"(?i:https?)://([^/?#]*)(/.*)?")

#: How many more bytes of a refused body are read and discarded, so that a client that sends
#: everything before it reads still gets the answer (RFC 9112 section 9.6).
PATIENCE = 16 * LIMIT


def tooLarge() -> Problem:
    """
    The refusal of a body larger than L{LIMIT}.
    """
    return Problem(413, f"the body is over {LIMIT} bytes, the maximum")


#: Sets status and headers of the refusal that a failure is, and returns its body.
Refuse = Callable[[IRequest, Failure], bytes]


def ownForm(path: bytes) -> Refuse:
    """
    The form of refusals of Vaurien's own API, whatever the path is.
    """
    return refused


class BoundedSite(Site):
    """
    A site whose requests are limited.

    @param formAt: gives the form of refusals at a path.
    @ivar turns: decides when requests are answered.
    """

    noisy = False

    def __init__(
        self,
        resource: IResource,
        reactor: IServerReactor,
        formAt: Callable[[bytes], Refuse] = ownForm,
    ) -> None:
        super().__init__(resource, BoundedRequest, reactor=reactor, parsePOSTFormSubmission=False)
        self.turns = Turns(reactor)
        self.formAt = formAt

    def buildProtocol(self, addr: IAddress | None) -> Any:
        channel: Any = BoundedChannel(self.turns)
        channel.factory = channel.site = self
        channel.requestFactory = self.requestFactory
        channel.callLater = self.reactor.callLater
        channel.timeOut = self.timeOut
        return channel


class BoundedChannel(HTTPChannel):
    """
    An HTTP/1 connection that refuses lengths with too many digits.

    @ivar turns: decides when its requests are answered.
    @ivar requestLine: the method, the target and the version of the latest request.
    """

    factory: Any
    site: BoundedSite

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self.turns = turns
        self.requestLine = b""

    def lineReceived(self, line: bytes) -> None:
        """
        Handle a request line or a header line.
        """
        begun = len(self.requests)
        super().lineReceived(line)
        if len(self.requests) > begun:
            self.requestLine = line

    def headerReceived(self, line: bytes) -> bool:
        """
        Handle a header field.

        @return: whether to read on.
        """
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and len(value.strip()) > DIGITS:
            self.refuse(self.requests[-1])
            self.loseConnection()
            return False
        return bool(super().headerReceived(line))

    def refuse(self, request: Request) -> None:
        """
        Answer a request whose body is too large, before the request itself can.
        """
        # Requests get their method and path from Twisted only with the whole body.
        request.method, request.path, _ = self.requestLine.split()
        body = self.site.formAt(request.path)(request, Failure(tooLarge()))
        head = (
            f"HTTP/1.1 413 Content Too Large\r\nContent-Type: {JSON}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.write(head.encode() + body)


@implementer(IPushProducer)
class BoundedRequest(Request):
    """
    A request that is answered with 413 as soon as its body is known to be larger than L{LIMIT}:
    from its Content-Length before the body is read, otherwise by counting bytes.

    The next request on the connection begins when the client has read this one's answer: a
    request finishes only while its transport's buffer is not full.
    """

    channel: BoundedChannel
    _taken = 0
    _refused = False
    _full = False
    _resting = False
    _written = 0
    producer: IPushProducer | None
    _finishing = False
    _gone = False

    def process(self) -> None:
        """
        Queue the request to be answered.
        """
        self.channel.registerProducer(self, True)
        self.channel.turns.take(self._begin)

    def _begin(self) -> None:
        if not self._gone:
            self._readTarget()
            super().process()

    def _readTarget(self) -> None:
        """
        Extract the path from a target in absolute form; its host replaces the Host header (RFC
        9112 section 3.2.2).  Other targets that are not paths match no route.
        """
        if self.path.startswith(b"/"):
            return
        absolute = ABSOLUTE.fullmatch(self.path)
        if absolute is None:
            self.path = b"//" + self.path
            return
        self.path = absolute[2] or b"/"
        self.requestHeaders.setRawHeaders(b"host", [absolute[1]])

    def write(self, data: bytes) -> None:
        """
        Write a part of the answer.  After L{PORTION} bytes, the producer pauses until a later turn.
        """
        super().write(data)
        self._written += len(data)
        if self.producer is not None and self._written > PORTION and not self._resting:
            self._written = 0
            self._resting = True
            if not self._full:
                self.producer.pauseProducing()
            self.channel.turns.later(self._rested)

    def _rested(self) -> None:
        self._resting = False
        if self.producer is not None and not self._full and not self._gone:
            self.producer.resumeProducing()

    def finish(self) -> None:
        """
        End the answer.
        """
        self._finishing = self._full
        if not self._full:
            watch = IRequestWatch(self.channel.transport, None)
            self.channel.unregisterProducer()
            super().finish()
            if watch is not None:
                watch.requestEnded()

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """
        Let C{producer} write the answer as fast as the client reads it.

        @param streaming: C{True}; only L{IPushProducer}s are supported.
        """
        self.producer = producer
        if self._full:
            producer.pauseProducing()

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        self._full = True
        if self.producer is not None and not self._resting:
            self.producer.pauseProducing()

    def resumeProducing(self) -> None:
        self._full = False
        if self._finishing:
            self.finish()
        elif self.producer is not None and not self._resting:
            self.producer.resumeProducing()

    def stopProducing(self) -> None:
        if self.producer is not None:
            self.producer.stopProducing()

    def connectionLost(self, reason: Failure) -> None:
        self._gone = True
        super().connectionLost(reason)

    def gotLength(self, length: int | None) -> None:
        """
        The headers are complete.

        @param length: the Content-Length, C{None} if there is none.
        """
        super().gotLength(0 if length is not None and length > LIMIT else length)
        if length is not None and length > LIMIT:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:
        """
        Handle a part of the body.
        """
        self._taken += len(data)
        if not self._refused:
            if self._taken <= LIMIT:
                super().handleContentChunk(data)
                return
            self._refuse()
        if self._taken > LIMIT + PATIENCE:
            self.channel.loseConnection()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        watch = IRequestWatch(self.channel.transport, None)
        if watch is not None:
            watch.requestBegan()
        if self._refused:
            self.channel.loseConnection()
        else:
            super().requestReceived(command, path, version)

    def _refuse(self) -> None:
        self._refused = True
        if self.content is not None:
            self.content.close()
        self.content = BytesIO()
        # Otherwise Twisted would send "100 Continue", which asks for the body.
        self.requestHeaders.removeHeader(b"expect")
        self.channel.refuse(self)
