# -*- test-case-name: tests.relays.test_faults -*-
"""
Performs the commands that were decided for an exchange.
"""

from __future__ import annotations

from collections.abc import Callable

from vaurien_twisted.model.commands import (
    Close,
    Command,
    ConnectionFate,
    Drop,
    Edit,
    Insert,
    Reply,
    Reset,
    Send,
    Truncate,
    spoken,
)
from vaurien_twisted.model.decision import Decision, Step
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.relays.queued_write import QueuedWrite
from vaurien_twisted.relays.reply_order import ReplyOrder
from vaurien_twisted.relays.write_queue import WriteQueue

#: Why a fault of a reply has not taken effect whose end has not come.
LINK_ENDED = "not struck: the connection ended before"
RESET_BY_CLIENT = "not struck: the client has reset the stream"


class CommandExecutor:
    """
    Performs commands when their turn has come in a write queue.

    @param close: closes the link in order.
    @param reset: resets the link.
    @ivar toClient: the write queue of replies, set by its owner.
    @ivar pipeline: the order of replies.
    @ivar given: the most bytes of injected answers that the client may not have read yet.
    @ivar turns: whether replies have no order, because exchanges are only guessed.
    """

    __slots__ = ("_close", "_reset", "given", "pipeline", "toClient", "turns")

    def __init__(self, close: Callable[[], None], reset: Callable[[], None]) -> None:
        self._close = close
        self._reset = reset
        self.toClient: WriteQueue | None = None
        self.given = 0
        self.pipeline = ReplyOrder(self.reply)
        self.turns = False

    def prepare(self, exchange: Exchange, decision: Decision) -> None:
        """
        Store in the exchange where its reply is cut, and its editor.
        """
        for step in (*decision.request, *decision.reply):
            command = step.command
            if isinstance(command, Truncate):
                exchange.then = command.then
                if command.units:
                    exchange.cut = command.count
                else:
                    exchange.left = command.count
            elif isinstance(command, Edit):
                exchange.editor = command.make()

    def answers(self, exchange: Exchange, decision: Decision) -> bool:
        """
        Answer a request whose only step is to be answered in its turn, when it is complete.

        @return: C{False} if it has other steps; nothing was done then.
        """
        request = decision.request
        command = request[0].command
        if len(request) > 1 or not isinstance(command, Reply):
            return False
        if self.turns or not exchange.replies or command.early:
            return False
        exchange.dropped = True
        exchange.answer = command
        return True

    def performRequest(self, entry: QueuedWrite, command: Command) -> None:
        """
        Perform a command for a request, before its bytes are sent to the backend.
        """
        exchange = entry.exchange
        assert exchange is not None
        if isinstance(command, (Reply, Drop)):
            # The remaining bytes of the entry are sent to the backend in place of the request.
            exchange.dropped = True
            exchange.answer = command if isinstance(command, Reply) else Reply(b"")
            if self.turns or not exchange.replies:
                self.reply(exchange.answer)
            else:
                self.pipeline.answer()
        else:
            self._perform(entry, command)

    def reply(self, answer: Reply) -> None:
        """
        Send an injected answer to the client, after all waiting bytes, with the next flush.
        """
        queue = self.toClient
        if queue is None:
            return
        after = self.following(answer.then)
        if answer.pause:
            steps = [Step(command, None) for command in spoken(answer)]
            queue.put(None, b"", steps, after)
        else:
            data = answer.data if answer.finish is None else answer.finish()
            self.given += len(data)
            queue.put(None, data, after=after)

    def truncated(
        self, exchange: Exchange, then: ConnectionFate, data: bytes
    ) -> tuple[bytes, Callable[[], None] | None]:
        """
        The part of C{data} that still passes, and, if it is the last, the function to call after
        it.
        """
        if exchange.left is not None:
            data = data[: exchange.left]
            exchange.left -= len(data)
        if exchange.left == 0 or exchange.cut == 0:
            exchange.muted = True
            self.uncut(exchange, 0)
            return data, self.following(then)
        return data, None

    def uncut(self, exchange: Exchange, missing: int | str | None = None) -> None:
        """
        A reply that was to be cut has ended, or its end will not come.

        @param missing: the number of bytes or units that it was too short, 0 if it was cut, or
            why it was not; by default the number that had still to pass.
        """
        outcome, exchange.outcome = exchange.outcome, None
        if outcome is not None:
            outcome((exchange.left or exchange.cut or 0) if missing is None else missing)

    def performReply(self, entry: QueuedWrite, command: Command) -> None:
        """
        Perform a command for a reply, before its bytes are sent to the client.
        """
        if isinstance(command, Send):
            if self.toClient is not None:
                self.toClient.send(command.data)
        elif isinstance(command, (Reply, Drop)):
            if entry.exchange is not None:
                entry.exchange.muted = True
            entry.data = []
            if isinstance(command, Reply):
                entry.steps = (*(Step(part, None) for part in spoken(command)), *entry.steps)
                entry.after = self.following(command.then)
        else:
            self._perform(entry, command)

    def _perform(self, entry: QueuedWrite, command: Command) -> None:
        if isinstance(command, Insert):
            whole = b"".join(entry.data)
            middle = len(whole) // 2
            entry.data = [whole[:middle], command.data, whole[middle:]]
        elif isinstance(command, Reset):
            self._reset()
        elif isinstance(command, Close):
            self._close()

    def following(self, then: ConnectionFate) -> Callable[[], None] | None:
        """
        The function that ends the link as C{then} says, C{None} if the link stays open.
        """
        if then is ConnectionFate.CLOSE:
            return self._close
        return self._reset if then is ConnectionFate.RESET else None
