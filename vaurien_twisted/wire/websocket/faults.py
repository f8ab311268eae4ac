# -*- test-case-name: tests.wire.websocket.test_messages -*-
"""
Faults of WebSocket messages: the actions and editors that apply them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from zope.interface import implementer

from vaurien_twisted.interfaces.editors import IEditor
from vaurien_twisted.model.commands import (
    Actions,
    Command,
    ConnectionFate,
    Drop,
    Edit,
    EditedBytes,
    Reply,
)
from vaurien_twisted.model.message_fault import MessageFault
from vaurien_twisted.wire.websocket.messages import Message, readHead


def closeFrame(code: int, reason: bytes) -> bytes:
    """
    A close frame as a server sends it, without a mask (RFC 6455, section 5.5.1).

    @param reason: at most 123 bytes.
    """
    payload = code.to_bytes(2, "big") + reason
    return bytes((0x88, len(payload))) + payload


def messageActions(message: Message, fault: MessageFault) -> Actions | None:
    """
    The actions that apply C{fault} to a message.

    @return: C{None} if it cannot apply: a close frame cannot be within another frame.
    """
    command: Command
    if fault.action == "close":
        across = message.across
        if message.direction == "upstream" and across is not None and across.inside:
            return None
        command = Reply(closeFrame(fault.code, fault.reason), ConnectionFate.CLOSE)
        effect = f"websocket: close {fault.code}"
    elif fault.action == "drop":
        command, effect = Drop(), "websocket: drop"
    else:
        command = Edit(partial(FrameEditor, fault))
        effect = f"websocket: {fault.action}"
    if message.direction == "upstream":
        return Actions((command,), (), effect)
    return Actions((), (command,), effect)


@implementer(IEditor)
class FrameEditor:
    """
    Cuts or damages the first frame of one message.
    """

    __slots__ = ("_fault", "_passed", "_place", "reason", "struck")
    held = 0

    def __init__(self, fault: MessageFault) -> None:
        self._fault = fault
        self._passed = 0
        #: The offset of the damage from the beginning of the message.
        self._place = -1
        self.struck = False
        self.reason = ""

    def push(self, data: bytes, ends: bool, now: float) -> Iterator[EditedBytes]:
        fault = self._fault
        if not self._passed:
            self._begin(data)
        place, self._passed = self._place - self._passed, self._passed + len(data)
        if self.struck or not 0 <= place < len(data):
            yield EditedBytes(data)
            return
        self.struck = True
        if fault.action == "cut":
            yield EditedBytes(data[:place], then=fault.then)
            return
        # Flipping a bit of masked data flips the same bit of the unmasked data.
        bit = fault.bits << 4 if fault.action == "rsv" else 0x80
        changed = data[place] | bit if fault.action == "rsv" else data[place] ^ bit
        yield EditedBytes(data[:place] + bytes((changed,)) + data[place + 1 :])

    def _begin(self, data: bytes) -> None:
        head = readHead(data, 0)
        if self._fault.action == "rsv" or head is None:
            self._place = 0
        elif self._fault.action == "cut":
            self._place = head.size + head.length // 2 if head.length else 1
        elif head.length:
            self._place = head.size + self._fault.place % head.length
        else:
            self.reason = "not struck: the frame is empty"

    def release(self, reason: str) -> Iterable[EditedBytes]:
        """
        Nothing is held back.
        """
        return ()
