# -*- test-case-name: tests.relays.test_fastpath -*-
"""
Passes replies to requests of the fast path, with the injected answers whose turn comes after them.
"""

from __future__ import annotations

from vaurien_twisted.relays.exchange_state import ExchangeState


def passReplies(state: ExchangeState, data: bytes) -> bytes:
    """
    Pass the replies to requests of the fast path with which C{data} begins, and the answers between
    them, in one write.

    @param data: bytes of the backend; nothing before them waits to be divided.
    @return: the rest, which has to be divided; C{b""} if there is none, or if the link has ended.
    """
    fastPath, toClient = state.fastPath, state.toClient
    start, size = 0, len(data)
    while start < size and not toClient.queue:
        count, end = fastPath.leading(data, start)
        if not count:
            break
        toClient.send(data[start:end])
        state.replyOrder.passed(count)
        if state.closed:
            return b""
        start = end
    toClient.flush()
    return data[start:]
