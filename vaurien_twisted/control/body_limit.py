# -*- test-case-name: tests.control.test_body_limit -*-
"""
Bounds on what clients can make us hold and do.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.server import Request, Site
from zope.interface import implementer

from vaurien_twisted.control.deadlines import IRequestWatch
from vaurien_twisted.control.responses import JSON, Problem, encode
from vaurien_twisted.control.turns import Turns

#: The longest body that is taken, in bytes: 1 MiB.
LIMIT = 2**20

#: How much of an answer is written in one turn of the reactor, in bytes, and what is written
#: at once besides.
PORTION = 2**16

#: The longest number that a Content-Length may be, in digits.
DIGITS = 18

#: A target in absolute form.
ABSOLUTE = re.compile(rb"(?i:https?)://([^/?#]*)(/.*)?")

#: How much more of a refused body is read and forgotten, in bytes, so that a client
#: which sends before it listens still hears the answer (RFC 9112 section 9.6).
PATIENCE = 16 * LIMIT


def tooLarge() -> Problem:
    """
    The refusal of a body over L{LIMIT}.
    """
    return Problem(413, f"the body is over {LIMIT} bytes, which is the most that is read")


class BoundedSite(Site):
    """
    A site whose requests are bounded.

    @ivar turns: when they are answered.
    """

    noisy = False

    def __init__(self, resource: Any, reactor: Any) -> None:
        super().__init__(resource, BoundedRequest, reactor=reactor, parsePOSTFormSubmission=False)
        self.turns = Turns(reactor)

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """
        A connection.
        """
        channel: Any = BoundedChannel(self.turns)
        channel.factory = channel.site = self
        channel.requestFactory = self.requestFactory
        channel.callLater = self.reactor.callLater
        channel.timeOut = self.timeOut
        return channel


class BoundedChannel(HTTPChannel):
    """
    A connection of HTTP/1 whose lengths are numbers that can be read.

    @ivar turns: when its requests are answered.
    """

    factory: Any
    site: Any

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self.turns = turns

    def headerReceived(self, line: bytes) -> bool:
        """
        A field of the head; whether it may go on.
        """
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and len(value.strip()) > DIGITS:
            self.write(_answerOf(tooLarge()))
            self.loseConnection()
            return False
        return bool(super().headerReceived(line))


@implementer(IPushProducer)
class BoundedRequest(Request):
    """
    A request that is answered with 413 as soon as its body is known to be over
    L{LIMIT}: by its Content-Length before a byte of it was read, else by counting.

    The next request of a connection is not begun before the answer to this one was taken
    off: it is finished only while its transport is not full.
    """

    channel: Any
    _taken = 0
    _refused = False
    _full = False
    _resting = False
    _written = 0
    producer: Any
    _finishing = False
    _gone = False

    def process(self) -> None:
        """
        Answer, when it is its turn.
        """
        self.channel.registerProducer(self, True)
        self.channel.turns.take(self._begin)

    def _begin(self) -> None:
        if not self._gone:
            self._readTarget()
            super().process()

    def _readTarget(self) -> None:
        """
        Take the path out of a target that is none: of one in absolute form, whose host stands
        for that of the header (RFC 9112, section 3.2.2).  Any other is no path of ours.
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
        Write a part of the answer.  What writes more than L{PORTION} rests until a later turn.
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
        All of the answer was written.
        """
        self._finishing = self._full
        if not self._full:
            watch = IRequestWatch(self.channel.transport, None)
            self.channel.unregisterProducer()
            super().finish()
            if watch is not None:
                watch.requestEnded()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """
        C{producer} writes the answer, as fast as it is taken.

        @param streaming: C{True}: L{IPushProducer}s only.
        """
        self.producer = producer
        if self._full:
            producer.pauseProducing()

    def unregisterProducer(self) -> None:
        """
        It has written all.
        """
        self.producer = None

    def pauseProducing(self) -> None:
        """
        The client takes bytes too slowly.
        """
        self._full = True
        if self.producer is not None and not self._resting:
            self.producer.pauseProducing()

    def resumeProducing(self) -> None:
        """
        It has taken all.
        """
        self._full = False
        if self._finishing:
            self.finish()
        elif self.producer is not None and not self._resting:
            self.producer.resumeProducing()

    def stopProducing(self) -> None:
        """
        The client is gone.
        """
        if self.producer is not None:
            self.producer.stopProducing()

    def connectionLost(self, reason: Failure) -> None:
        """
        The client is gone.
        """
        self._gone = True
        super().connectionLost(reason)

    def gotLength(self, length: int | None) -> None:
        """
        The head is there; C{length} is what Content-Length says, C{None} if unknown.
        """
        super().gotLength(0 if length is not None and length > LIMIT else length)
        if length is not None and length > LIMIT:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:
        """
        A part of the body.
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
        """
        The request is complete.
        """
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
        # Or else "100 Continue" would follow, and ask for the body all the same.
        self.requestHeaders.removeHeader(b"expect")
        # The request's own way of answering needs its method and path, which it is
        # told only once the whole body has been read.
        self.channel.write(_answerOf(tooLarge()))


def _answerOf(problem: Problem) -> bytes:
    """
    A whole answer, for where there is no request yet that could write it.
    """
    body = encode(problem.asJSON())
    head = (
        f"HTTP/1.1 413 Content Too Large\r\nContent-Type: {JSON}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
