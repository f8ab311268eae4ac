# -*- test-case-name: tests.relays.test_streams_grpc -*-
"""
The units of a reply on a stream: gRPC messages, otherwise DATA frames.
"""

from __future__ import annotations

from vaurien_twisted.wire.grpc.messages import Messages
from vaurien_twisted.wire.http2.stream import StreamFacts


class Units:
    """
    Finds where the first units of a reply end.

    @param count: the number of units.
    @param context: the context of the exchange.
    @ivar left: the number of units that have not ended.
    """

    __slots__ = ("_messages", "left")

    def __init__(self, count: int, context: object) -> None:
        self.left = count
        grpc = isinstance(context, StreamFacts) and context.grpc
        self._messages = Messages() if grpc else None

    def first(self, data: bytes) -> int:
        """
        The number of bytes of a DATA frame's content that belong to the first units.
        """
        left = self.left
        if not left:
            return 0
        if self._messages is None:
            self.left -= 1
            return len(data)
        ends = self._messages.ends(data)
        self.left -= min(left, len(ends))
        return len(data) if self.left else ends[left - 1]
