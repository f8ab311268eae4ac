# -*- test-case-name: tests.wire.test_tcp -*-
"""
C{tcp}: nothing is known of messages, so an exchange is a turn: the client's bytes
up to the backend's answer, and the backend's bytes until the client speaks again.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import IFramer, IWireProtocol
from vaurien_twisted.model.exchange import Exchange, Piece
from vaurien_twisted.model.options import option
from vaurien_twisted.wire.errors import ErrorCatalog
from vaurien_twisted.wire.protocol import WireProtocol


@implementer(IFramer)
class TurnFramer:
    """
    Guesses exchanges by turns.  It also replaces the framer of a link that has become opaque.

    @param number: of the first turn that the client begins.
    @ivar latest: the latest turn, C{None} before there was one.
    """

    turns = True
    opaque = ""

    __slots__ = ("_next", "_over", "latest")

    def __init__(self, number: int = 1) -> None:
        self._next = number
        self.latest: Exchange | None = None
        self._over = True

    @property
    def current(self) -> Exchange | None:
        """
        The turn of the client's next bytes, C{None} if these begin another.
        """
        return None if self._over else self.latest

    def ask(self) -> Exchange:
        """
        Begin a turn.  It counts as over until L{expect} is called, since a request that is answered
        in the backend's place has no reply.
        """
        turn = self.latest = Exchange(self._next)
        self._next += 1
        return turn

    def answer(self) -> None:
        """
        The backend has answered the latest turn.
        """
        self._over = True

    def fromClient(self, data: bytes) -> Iterator[Piece]:
        """
        One piece, of a new turn if the last is over.
        """
        yield self.current or self.ask(), data, True

    def expect(self, exchange: Exchange) -> None:
        """
        The backend gets this turn: it lasts until the answer.
        """
        self._over = False

    def fromBackend(self, data: bytes) -> Iterator[Piece]:
        """
        One piece.  A backend that sends unasked begins a turn, which has the number 0 if it is the
        first.
        """
        if self.latest is None:
            self._next = max(self._next, 1)
            self.latest = Exchange(self._next - 1, unasked=True)
        self.answer()
        yield self.latest, data, False

    def clientEnded(self) -> Iterator[Piece]:
        return iter(())

    def backendEnded(self) -> Iterator[Piece]:
        return iter(())

    def renew(self) -> None:
        if self.latest is not None:
            # A turn that the backend begins has its own number.
            self.latest, self._over = None, True
            self._next += 1


@attrs.frozen
class TCPOptions:
    """
    What is known of the bytes.
    """

    turns: bool = option(
        bool,
        False,
        "Count and time turns without rules, too. A turn takes from the client's "
        "first byte to the backend's first byte after it.",
    )


@implementer(IWireProtocol)
class TCP(WireProtocol):
    """
    Any protocol over TCP.  Vaurien does not look for messages, so an exchange is a turn: what
    the client sends until the backend answers, and the answer until the client sends again.
    C{error} replaces the answer by random bytes.
    """

    name = "tcp"
    options = TCPOptions
    catalog = ErrorCatalog("tcp", (), form="it knows no messages")

    def framer(self, options: TCPOptions, backend: str) -> TurnFramer:
        return TurnFramer()
