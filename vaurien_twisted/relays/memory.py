# -*- test-case-name: tests.relays.test_memory -*-
"""
How much the links of a proxy may hold in memory.

What is held are bytes that wait in write queues and filters, and the exchanges that await
their replies.  One direction of a link may always hold L{SHARE}; more comes out of what all
links of the proxy share, L{PROXY_LIMIT}, and has a limit of its own.  Beyond these the sender
is paused, so that its own kernel, and then itself, has to wait.
"""

from __future__ import annotations

#: What each direction of each link may hold whatever the others do, in bytes.
SHARE = 262144

#: What all links of a proxy may hold together before those above their share are paused.
PROXY_LIMIT = 64 * 2**20

#: What one write queue may hold.
QUEUE_LIMIT = 8 * 2**20

#: What a link's exchanges may take that await their replies, and what one of them takes.
EXCHANGES_LIMIT, EXCHANGE_COST = 32 * 2**20, 256

#: What waits costs so much beside its bytes.
ENTRY_COST = 320


class Memory:
    """
    What the links of one proxy hold.

    @ivar held: how many bytes they hold now, about.
    """

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = 0

    def allows(self, held: int) -> bool:
        """
        Whether a direction of a link that holds so much may hold more.
        """
        return held <= SHARE or self.held < PROXY_LIMIT
