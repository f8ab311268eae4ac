# -*- test-case-name: tests.relays.test_substitutes -*-
"""
Substitutes: requests of the proxy's own, by which the backend's transaction comes to the
state in which an injected error leaves it.
"""

from __future__ import annotations

from collections.abc import Sequence

from vaurien_twisted.commands import Drop, Reply, Then, Transaction
from vaurien_twisted.exchange import Exchange, FramingError, Substitute
from vaurien_twisted.interfaces import IFramer, ITransactional
from vaurien_twisted.plan import Step


class Substitutes:
    """
    The substitutes of one link.

    @ivar outstanding: how many of them have not been answered.
    """

    __slots__ = ("_framer", "outstanding")

    def __init__(self, framer: IFramer) -> None:
        self._framer: ITransactional | None = ITransactional(framer, None)
        self.outstanding = 0

    def instead(self, exchange: Exchange, steps: Sequence[Step]) -> bytes:
        """
        What goes to the backend in the place of a request that C{steps} end.
        """
        transaction = None if self._framer is None else _left(steps)
        if self._framer is None or transaction is None:
            return b""
        return self._send(exchange, self._framer.instead(exchange, transaction))

    def behind(self, exchange: Exchange, steps: Sequence[Step]) -> bytes:
        """
        What goes to the backend behind a request whose reply meets C{steps}.
        """
        transaction = None if self._framer is None else _left(steps)
        if self._framer is None or transaction is None or transaction is Transaction.NONE:
            return b""
        return self._send(exchange, self._framer.behind(exchange, transaction))

    def _send(self, exchange: Exchange, substitutes: Sequence[Substitute]) -> bytes:
        answered = [substitute for substitute in substitutes if substitute.replies]
        self.outstanding += len(answered)
        if answered and not exchange.replying:
            exchange.substitute = answered[-1]
            answered[-1].original = exchange
        return b"".join(substitute.data for substitute in substitutes)

    def swallow(self, exchange: Exchange, data: bytes, ends: bool) -> Exchange | None:
        """
        A piece of a reply came that is not for the client.

        @param exchange: a substitute, or one that waits for its substitute.
        @return: the exchange that may go on now.
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
            return command.transaction if command.then is Then.KEEP else None
        if isinstance(command, Drop):
            return Transaction.NONE
    return None
