# -*- test-case-name: tests.wire.memcache.test_protocol,tests.wire.memcache.test_quiet -*-
"""
The state that the two directions of a memcached connection share.
"""

from __future__ import annotations

from vaurien_twisted.model.exchange import Exchange, PassedBatch
from vaurien_twisted.wire.framer import Session
from vaurien_twisted.wire.memcache.commands import WATCH, Meta

#: The most quiet commands that may await a reply.  Beyond that, the oldest count as answered by
#: silence.
QUIET_LIMIT = 32768


class MemcacheSession(Session):
    """
    The state of one connection.

    @ivar guessed: whether a quiet command awaits its reply, or did: from then on the requests of
        replies are guessed.
    """

    __slots__ = ("awaiting", "guessed", "opaque")

    def __init__(self) -> None:
        super().__init__()
        self.guessed = False

    @property
    def uncertain(self) -> bool:
        """
        Whether the backend may still answer a quiet command, or keep silent.
        """
        return self.guessed and len(self.awaiting) > 0

    def expect(self, exchange: Exchange) -> None:
        if not exchange.replies:
            if exchange.context == WATCH:
                # Lines without end follow, and nothing before them.
                self.opaque = "watch"
            return
        awaiting = self.awaiting
        if not awaiting or exchange.command == "mn":
            # After the barrier the order of answers is known again.
            self.guessed = False
        if quiet(exchange):
            self.guessed = True
        if len(awaiting) >= QUIET_LIMIT and quiet(awaiting[0]):
            awaiting.popleft().silent = True
        awaiting.append(exchange)


def quiet(exchange: Exchange | PassedBatch) -> bool:
    """
    Whether an exchange may get no answer.
    """
    if isinstance(exchange, PassedBatch):
        return False
    return isinstance(exchange.context, Meta) and exchange.context.quiet
