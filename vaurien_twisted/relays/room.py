# -*- test-case-name: tests.relays.test_memory -*-
"""
Whether a link may take more bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vaurien_twisted.relays.executor import CommandExecutor
from vaurien_twisted.relays.memory import QUEUE_LIMIT, Memory
from vaurien_twisted.relays.substitutes import Substitutes
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.relays.write_queue import WriteQueue

#: How many bytes may wait in stream filters, beside those that count as under way, before
#: their source is paused.
WRITE_QUEUE_LIMIT = 262144

#: Where nothing waits, requests under way that take less memory than this are not counted:
#: most chunks come and go without a count.
FREE = 16384

#: What is kept back on streams where there are none.
NOTHING = (0, 0)


class Room:
    """
    Measures what one link holds, and compares it with the limits.

    @ivar filtered: whether there are stream filters.
    @ivar beyondToBackend: tells how many bytes wait in the filters on the way to the backend,
        beside those that count as under way.
    @ivar beyondToClient: the same on the way to the client.
    @ivar heldToBackend: tells how many bytes these filters hold in all, about.
    @ivar heldToClient: the same on the way to the client.
    @ivar streams: how many bytes are kept back on streams on the way to the backend, and to the
        client.
    @ivar edited: how many bytes an editor holds back on the way to the client.
    """

    __slots__ = (
        "_down",
        "_executor",
        "_memory",
        "_substitutes",
        "_toBackend",
        "_toClient",
        "_transports",
        "_up",
        "beyondToBackend",
        "beyondToClient",
        "edited",
        "filtered",
        "heldToBackend",
        "heldToClient",
        "streams",
    )

    def __init__(
        self,
        memory: Memory,
        toBackend: WriteQueue,
        toClient: WriteQueue,
        executor: CommandExecutor,
        substitutes: Substitutes,
        transports: TransportPair,
    ) -> None:
        self._memory = memory
        self._toBackend = toBackend
        self._toClient = toClient
        self._executor = executor
        self._substitutes = substitutes
        self._transports = transports
        self._up = self._down = self.edited = 0
        self.filtered = False
        self.beyondToBackend: Callable[[], int] = int
        self.beyondToClient: Callable[[], int] = int
        self.heldToBackend: Callable[[], int] = int
        self.heldToClient: Callable[[], int] = int
        self.streams: Sequence[int] = NOTHING

    def measure(self) -> tuple[int, int]:
        """
        How many bytes of memory each direction holds, about: that of requests first.
        """
        executor = self._executor
        if executor.given and not self._transports.clientFull:
            executor.given = 0
        up = self._toBackend.size + self.heldToBackend() + executor.pipeline.size
        down = self._toClient.size + self.heldToClient() + executor.given + self.edited
        return up + self.streams[0], down + self.streams[1]

    def account(self) -> None:
        """
        Tell the proxy how much is held here.
        """
        up, down = self.measure()
        self._memory.held += up + down - self._up - self._down
        self._up, self._down = up, down

    @property
    def full(self) -> bool:
        """
        Whether no more requests may be taken.
        """
        if self._substitutes.holding:
            return True
        executor, size = self._executor, self._toBackend.size
        waiting = executor.pipeline.size
        if not (self.filtered or executor.given or size or self._up) and waiting < FREE:
            return False
        if size > QUEUE_LIMIT or executor.pipeline.full:
            return True
        self.account()
        if self.beyondToBackend() > WRITE_QUEUE_LIMIT or executor.given > QUEUE_LIMIT:
            return True
        return not self._memory.allows(self._up)

    @property
    def fullOfReplies(self) -> bool:
        """
        Whether no more replies may be taken.
        """
        size = self._toClient.size
        if not (self.filtered or self._executor.given or size or self._up or self._down):
            return False
        if size > QUEUE_LIMIT:
            return True
        self.account()
        return self.beyondToClient() > WRITE_QUEUE_LIMIT or not self._memory.allows(self._down)
