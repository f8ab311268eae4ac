# -*- test-case-name: tests.wire.websocket.test_messages -*-
"""
Faults of the messages of WebSocket connections.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.commands import ConnectionFate

#: The faults of a message, by their names for users.
MESSAGE_FAULTS = ("close", "drop", "cut", "corrupt", "rsv")


@attrs.frozen
class MessageFault:
    """
    What happens to one message.

    @ivar action: one of L{MESSAGE_FAULTS}.
    @ivar code: of a close frame, 1000 to 4999.
    @ivar reason: of a close frame, at most 123 bytes.
    @ivar bits: the reserved bits that are set: 4 for RSV1, 2 for RSV2, 1 for RSV3, or a sum.
    @ivar then: what happens to the link after a cut.
    @ivar place: a number by which the corrupted byte is chosen.
    """

    action: str
    code: int = 1011
    reason: bytes = b""
    bits: int = 2
    then: ConnectionFate = ConnectionFate.CLOSE
    place: int = 0
