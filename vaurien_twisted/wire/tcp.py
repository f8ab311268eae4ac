# -*- test-case-name: tests.wire.test_tcp -*-
"""
C{tcp}: nothing is known of messages, so an exchange is a turn: the client's bytes
up to the backend's answer, and the backend's bytes until the client speaks again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.commands import Reply
from vaurien_twisted.exchange import Exchange, Piece
from vaurien_twisted.interfaces import IFramer, IWireProtocol
from vaurien_twisted.options import NoOptions
from vaurien_twisted.wire.errors import WireError


@implementer(IFramer)
class TurnFramer:
    """
    Takes turns.  Also stands in where a link of another protocol turned opaque.

    @param number: of the first turn that the client begins.
    """

    opaque = ""

    def __init__(self, number: int = 1) -> None:
        self._next = number
        self._turn: Exchange | None = None
        self._answered = False

    def fromClient(self, data: bytes) -> Iterator[Piece]:
        """
        One piece, of a new turn if the backend has answered the last.
        """
        if self._turn is None or self._answered:
            self._begin(self._next)
            self._next += 1
        yield self._turn, data, False

    def fromBackend(self, data: bytes) -> Iterator[Piece]:
        """
        One piece.  A backend that speaks unasked begins a turn of its own.
        """
        if self._turn is None:
            number = self._next - 1
            self._begin(number)
        self._answered = True
        yield self._turn, data, False

    def _begin(self, number: int) -> None:
        self._turn = Exchange(number)
        self._answered = False

    def expect(self, exchange: Exchange) -> None:
        """
        Nothing is to be remembered of a request.
        """

    def clientEnded(self) -> Iterator[Piece]:
        """
        Nothing was kept back.
        """
        return iter(())

    def backendEnded(self) -> Iterator[Piece]:
        """
        Nothing was kept back.
        """
        return iter(())

    def renew(self) -> None:
        """
        End the turn: the next bytes of either side begin another.
        """
        if self._turn is not None:
            self._turn = None
            if self._answered:
                # The backend may go on speaking: that is a turn with a number of its own.
                self._next += 1


@implementer(IPlugin, IWireProtocol)
class TCP:
    """
    Any protocol over TCP.  Nothing is known of its messages, so an exchange is a
    turn: what the client sends until the backend answers, and the answer until the
    client speaks again.  C{error} sends random bytes in place of the answer.
    """

    name = "tcp"
    aliases: tuple[str, ...] = ()
    options = NoOptions
    greets = False
    errors: Mapping[str, WireError] = {}

    def framer(self, options: NoOptions, backend: str) -> TurnFramer:
        """
        A framer that takes turns.
        """
        return TurnFramer()

    def fitting(self, exchange: Exchange) -> tuple[WireError, ...]:
        """
        There are none.
        """
        return ()

    def refusal(self, exchange: Exchange, error: WireError) -> Reply | None:
        """
        There is no way to say it.
        """
        return None
