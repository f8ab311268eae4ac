# -*- test-case-name: tests.relays.test_substitutes -*-
"""
Substitutes: requests of the proxy's own, by which the backend's transaction comes to the
state in which an injected error leaves it.
"""

from __future__ import annotations

from collections.abc import Sequence

from vaurien_twisted.interfaces import IFramer, ITransactional
from vaurien_twisted.model.commands import ConnectionFate, Drop, Reply, Transaction
from vaurien_twisted.model.decision import Step
from vaurien_twisted.model.exchange import Exchange, FramingError, Substitute


class Substitutes:
    """
    The substitutes of one link.

    @ivar outstanding: how many of them have not been answered.
    @ivar holding: no further request is read, before the reply is over that is replaced: what
        is sent behind it comes before that request.
    """

    __slots__ = ("_framer", "_half", "holding", "outstanding")

    def __init__(self, framer: IFramer) -> None:
        self._framer: ITransactional | None = ITransactional(framer, None)
        self.outstanding = 0
        self.holding = False
        #: The exchange of which the request has gone, or the reply has come, but not both.
        self._half: Exchange | None = None

    def instead(self, exchange: Exchange, steps: Sequence[Step]) -> bytes:
        """
        What goes to the backend in the place of a request that C{steps} end.
        """
        transaction = _left(steps)
        if self._framer is None or transaction is None:
            return b""
        substitutes = self._framer.instead(exchange, transaction)
        answered = [substitute for substitute in substitutes if substitute.replies]
        if answered:
            exchange.substitute = answered[-1]
            answered[-1].original = exchange
        return self._send(substitutes)

    def behind(self, exchange: Exchange, steps: Sequence[Step]) -> bytes:
        """
        A request has gone, or its reply has come, to the end: what goes to the backend behind
        it, once both have.

        @param steps: what the reply meets.
        """
        transaction = _left(steps)
        if self._framer is None or transaction is None or transaction is Transaction.NONE:
            return b""
        if self._half is not exchange:
            self._half = exchange
            self.holding = exchange.complete
            return b""
        self._half, self.holding = None, False
        return self._send(self._framer.behind(exchange, transaction))

    def stop(self) -> None:
        """
        The framer has been given up: send nothing more.
        """
        self._framer = self._half = None
        self.holding = False

    def _send(self, substitutes: Sequence[Substitute]) -> bytes:
        self.outstanding += sum(substitute.replies for substitute in substitutes)
        return b"".join(substitute.data for substitute in substitutes)

    def swallow(self, exchange: Exchange, data: bytes, ends: bool) -> Exchange | None:
        """
        A piece of a reply came that is not for the client.

        @return: the exchange whose answer may be given now.
        @raise FramingError: it is longer than the reply to a substitute can be.
        """
        if not isinstance(exchange, Substitute):
            return None
        exchange.room -= len(data)
        if exchange.room < 0:
            raise FramingError("a reply that is swallowed is too long", b"")
        if not ends:
            return None
        self.outstanding -= 1
        original = exchange.original
        if original is not None:
            original.substitute = None
        return original


def _left(steps: Sequence[Step]) -> Transaction | None:
    """
    What the answer that C{steps} give leaves of the transaction; C{None} where they give
    none, or close the connection, by which the server rolls back.
    """
    for step in steps:
        command = step.command
        if isinstance(command, Reply):
            return command.transaction if command.then is ConnectionFate.KEEP else None
        if isinstance(command, Drop):
            return Transaction.NONE
    return None
