# -*- test-case-name: tests.relays.test_streams_waiting,tests.relays.test_streams_websocket -*-
"""
The write queues of one stream of HTTP/2, and the number of bytes that the stream keeps back.
"""

from __future__ import annotations

from collections.abc import Callable

from vaurien_twisted.model.commands import Command
from vaurien_twisted.model.decision import Rule
from vaurien_twisted.relays.queued_write import QueuedWrite
from vaurien_twisted.relays.stream_owner import Keeper, Owner
from vaurien_twisted.relays.write_queue import WriteQueue


class StreamQueues:
    """
    Makes the queues, and accounts for their bytes.

    @param keeper: the object that the owner knows as keeping bytes back.
    @param perform: perform a command of a request, and of a reply.
    @param write: write to the backend, and to the client.
    @ivar both: the queue to the backend, and the one to the client.
    """

    __slots__ = ("_keeper", "_owner", "_sizes", "both")

    def __init__(
        self,
        owner: Owner,
        keeper: Keeper,
        perform: tuple[Callable[[QueuedWrite, Command], None], ...],
        write: tuple[Callable[[bytes], None], ...],
        ran: Callable[[], None],
    ) -> None:
        self._owner = owner
        self._keeper = keeper
        #: The bytes that are counted in the owner's C{held}.
        self._sizes = [0, 0]
        context = owner.state.context
        up, down = (WriteQueue(context.reactor, each, ran) for each in perform)
        up.write, down.write = write
        up.turns = down.turns = context.turns
        up.delayed = down.delayed = context.counters.added.observe
        self.both = (up, down)

    def flush(self) -> None:
        """
        Write the bytes that are ready.
        """
        for queue in self.both:
            queue.flush()

    def account(self, up: int = 0, down: int = 0, waits: bool = False) -> None:
        """
        Tell the owner how much is kept back.

        @param up: the bytes to the backend that are kept back outside of the queue.
        @param down: the same for bytes to the client.
        @param waits: whether the stream waits for something although it keeps no bytes back.
        """
        for place, more in enumerate((up, down)):
            size = self.both[place].size + more
            self._owner.held[place] += size - self._sizes[place]
            self._sizes[place] = size
        self._owner.setHolding(self._keeper, any(self._sizes) or waits)

    def lift(self, keeps: Callable[[Rule], bool]) -> None:
        """
        End the waits of rules that are no longer in force.
        """
        for queue in self.both:
            queue.lift(keeps)
