# -*- test-case-name: tests.relays.test_substitutes -*-
"""
Substitutes: requests that the proxy sends so that the backend's transaction reaches the state
in which the injected error would leave it.
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

    @ivar outstanding: the number of substitutes that have not been answered.
    @ivar holding: no further request is read until the replaced reply has ended, because the
        substitutes must be sent before that request.
    """

    __slots__ = ("_framer", "_half", "holding", "outstanding")

    def __init__(self, framer: IFramer) -> None:
        self._framer: ITransactional | None = ITransactional(framer, None)
        self.outstanding = 0
        self.holding = False
        #: The exchange whose request was sent, or whose reply has arrived, but not both.
        self._half: Exchange | None = None

    def replacement(self, exchange: Exchange, steps: Sequence[Step]) -> bytes:
        """
        The bytes to send to the backend in place of a request that C{steps} end.
        """
        transaction = _left(steps)
        if self._framer is None or transaction is None:
            return b""
        substitutes = self._framer.replacement(exchange, transaction)
        if not substitutes:
            return b""
        answered = [substitute for substitute in substitutes if substitute.replies]
        if answered:
            exchange.substitute = answered[-1]
            answered[-1].original = exchange
        return self._send(substitutes)

    def followUp(self, exchange: Exchange, steps: Sequence[Step]) -> bytes:
        """
        The bytes to send to the backend after an exchange.  Called at the end of its request and
        of its reply; the later call returns the bytes.

        @param steps: the steps that were decided for the reply.
        """
        transaction = _left(steps)
        if self._framer is None or transaction is None or transaction is Transaction.NONE:
            return b""
        if self._half is not exchange:
            self._half = exchange
            self.holding = exchange.complete
            return b""
        self._half, self.holding = None, False
        return self._send(self._framer.followUp(exchange, transaction))

    def stop(self) -> None:
        """
        The framer was replaced: send no more substitutes.
        """
        self._framer = self._half = None
        self.holding = False

    def _send(self, substitutes: Sequence[Substitute]) -> bytes:
        self.outstanding += sum(substitute.replies for substitute in substitutes)
        return b"".join(substitute.data for substitute in substitutes)

    def discard(self, exchange: Exchange, data: bytes, ends: bool) -> Exchange | None:
        """
        Discard a piece of the reply to a substitute.

        @return: the exchange whose answer may be sent now.
        @raise FramingError: the reply is longer than that to a substitute can be.
        """
        if not isinstance(exchange, Substitute):
            return None
        exchange.room -= len(data)
        if exchange.room < 0:
            raise FramingError("a reply to discard is too long", b"")
        if not ends:
            return None
        self.outstanding -= 1
        original = exchange.original
        if original is not None:
            original.substitute = None
        return original


def _left(steps: Sequence[Step]) -> Transaction | None:
    """
    The effect on the transaction of the answer that C{steps} inject; C{None} if they inject
    none, or close the connection, which makes the server roll back.
    """
    for step in steps:
        command = step.command
        if isinstance(command, Reply):
            return command.transaction if command.then is ConnectionFate.KEEP else None
        if isinstance(command, Drop):
            return Transaction.NONE
    return None
