# -*- test-case-name: tests.relays.test_memory -*-
"""
Limits the memory that the links of a proxy use.

Memory is used by bytes that wait in write queues and stream filters, and by exchanges that await
their replies.  Each direction of a link may always use L{SHARE}.  More is taken from the memory
that all links of the proxy share, L{PROXY_LIMIT}, and each write queue has a limit of its own.  At
these limits the sender is paused, so the bytes stay in its kernel and finally in the sender itself.
"""

from __future__ import annotations

#: What each direction of each link may always use, in bytes.
SHARE = 262144

#: What all links of a proxy may use together, in bytes, before those above their share are paused.
PROXY_LIMIT = 64 * 2**20

#: The most bytes in one write queue.
QUEUE_LIMIT = 8 * 2**20

#: How many bytes may be held back on the streams of one link, to the client, before an editor must
#: not hold more.  It is less than L{QUEUE_LIMIT}, at which the backend is paused: editors wait
#: for what it sends.
EDITED_LIMIT = 6 * 2**20

#: The memory for the exchanges of a link that await their replies, and that of one of them, in
#: bytes.
EXCHANGES_LIMIT, EXCHANGE_COST = 32 * 2**20, 256

#: The overhead of each waiting item, in bytes.
ENTRY_COST = 320


class Memory:
    """
    The memory that the links of one proxy use.

    @ivar held: about how many bytes they use now.
    """

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = 0

    def allows(self, held: int) -> bool:
        """
        Whether a direction of a link may use more memory.

        @param held: how many bytes it uses now.
        """
        return held <= SHARE or self.held < PROXY_LIMIT
