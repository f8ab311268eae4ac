# -*- test-case-name: tests.relays.test_memory -*-
"""
Limits the memory of one link.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vaurien_twisted.relays.executor import CommandExecutor
from vaurien_twisted.relays.memory import QUEUE_LIMIT, Memory
from vaurien_twisted.relays.substitutes import Substitutes
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.relays.write_queue import WriteQueue

#: The most bytes that may wait in stream filters before their sender is paused.  Bytes that
#: count as in transit are not included.
WRITE_QUEUE_LIMIT = 262144

#: If no bytes wait, requests that await replies and use less memory than this, in bytes, are not
#: counted, so that most chunks need no count.
FREE = 16384

#: The held-back bytes of a link without streams.
NOTHING = (0, 0)


class LinkMemory:
    """
    Measures the memory of one link, and compares it with the limits.

    @ivar filtered: whether there are stream filters.
    @ivar beyondToBackend: returns the number of bytes that wait in the filters to the backend,
        without those that count as in transit.
    @ivar beyondToClient: the same for the filters to the client.
    @ivar heldToBackend: returns the memory of the filters to the backend, in bytes,
        approximately.
    @ivar heldToClient: the same for the filters to the client.
    @ivar streams: the numbers of bytes that streams hold back to the backend, and to the
        client.
    @ivar edited: the number of bytes to the client that an editor holds back.
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
        The memory of each direction, in bytes, approximately: requests first.
        """
        executor = self._executor
        if executor.given and not self._transports.clientFull:
            executor.given = 0
        up = self._toBackend.size + self.heldToBackend() + executor.pipeline.size
        down = self._toClient.size + self.heldToClient() + executor.given + self.edited
        return up + self.streams[0], down + self.streams[1]

    def account(self) -> None:
        """
        Update the memory of the proxy by that of this link.
        """
        up, down = self.measure()
        self._memory.held += up + down - self._up - self._down
        self._up, self._down = up, down

    @property
    def full(self) -> bool:
        """
        Whether no more requests may be read.
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
        Whether no more replies may be read.
        """
        size = self._toClient.size
        if not (self.filtered or self._executor.given or size or self._up or self._down):
            return False
        if size > QUEUE_LIMIT:
            return True
        self.account()
        return self.beyondToClient() > WRITE_QUEUE_LIMIT or not self._memory.allows(self._down)
