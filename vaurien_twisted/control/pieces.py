# -*- test-case-name: tests.control.test_turns -*-
"""
Long answers, written in pieces as the client reads them.

A list of thousands of entries, encoded at once, would block the reactor, and stay in memory
while its client does not read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.web.http import Request
from twisted.web.iweb import IRequest
from zope.interface import implementer

from vaurien_twisted.control.responses import answer, setHeaders

#: The longest list that is sent in one piece, with a Content-Length.
WHOLE = 1000

#: The number of entries of a longer list that are encoded at a time.
PIECE = 100


T = TypeVar("T")


@implementer(IPushProducer)
class Pieces:
    """
    Writes the pieces of an answer while the client reads them.

    @ivar done: fires when all pieces were written.
    """

    def __init__(self, request: Request, parts: Iterator[bytes]) -> None:
        self._request = request
        self._parts = parts
        self._paused = False
        self.done: Deferred[bytes] = Deferred(lambda _: self.stopProducing())

    def begin(self) -> Deferred[bytes]:
        """
        Write the first pieces.
        """
        self._request.registerProducer(self, True)
        self._write()
        return self.done

    def _write(self) -> None:
        for part in self._parts:
            self._request.write(part)
            if self._paused:
                return
        if not self.done.called:
            self._request.unregisterProducer()
            self.done.callback(b"")

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        if self._paused:
            self._paused = False
            self._write()

    def stopProducing(self) -> None:
        self._paused = True
        self._parts = iter(())


def answerList(
    request: IRequest,
    name: str,
    items: Sequence[T],
    others: Mapping[str, object],
    describe: Callable[[T], object],
) -> bytes | Deferred[bytes]:
    """
    Answer with an object that contains a list and, after it, other members.

    @param describe: makes JSON of an item when it is sent.
    @return: what a route returns.
    """
    if len(items) <= WHOLE:
        return answer(request, {name: [describe(item) for item in items], **others})
    setHeaders(request)
    if request.method == b"HEAD":
        return b""
    return answerParts(request, _encoded(name, items, others, describe))


def answerParts(request: IRequest, parts: Iterator[bytes]) -> Deferred[bytes]:
    """
    Answer with C{parts}; each is made when the client has read those before it.

    @return: what a route returns.
    """
    return Pieces(cast(Request, request), parts).begin()


def _encoded(
    name: str, items: Iterable[T], others: Mapping[str, object], describe: Callable[[T], object]
) -> Iterator[bytes]:
    rest = iter(items)
    before = f'{{"{name}": ['
    while portion := list(islice(rest, PIECE)):
        encoded = json.dumps([describe(item) for item in portion], allow_nan=False)
        yield (before + encoded[1:-1]).encode("ascii")
        before = ", "
    ends = json.dumps(others, allow_nan=False)
    yield f"], {ends[1:]}\n".encode("ascii")
