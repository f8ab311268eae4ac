# -*- test-case-name: tests.wire.websocket.test_messages -*-
"""
One direction of a WebSocket connection, divided into messages: RFC 6455, section 5.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from vaurien_twisted.model.exchange import DESCRIPTION_LIMIT, Exchange, FramingError, Piece

#: The names of opcodes (section 5.2).
OPCODES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
TEXT = 1
#: Opcodes from this one on are control frames, which may come between the frames of a message.
CONTROL = 8

#: The most bytes of a message's first frame that are read for rules, and kept back until then.
TEXT_LIMIT = 16384


@attrs.frozen(eq=False)
class Message:
    """
    The facts about a message that are known when it begins.

    @ivar direction: C{upstream} or C{downstream}.
    @ivar text: the text in the first frame, if it is a text that is not compressed; otherwise
        C{""}.
    @ivar target: the target of the upgraded request.
    @ivar across: the reader of the other direction.
    """

    direction: str
    text: str
    target: str
    across: MessageReader | None = attrs.field(repr=False)


@attrs.frozen
class FrameHead:
    """
    The head of a frame.

    @ivar size: its own length in bytes.
    @ivar length: the length of the payload in bytes.
    @ivar mask: four bytes, or none.
    """

    opcode: int
    final: bool
    reserved: int
    size: int
    length: int
    mask: bytes


def readHead(data: bytes, place: int) -> FrameHead | None:
    """
    The head of the frame at C{place}; C{None} if it is incomplete.
    """
    if len(data) < place + 2:
        return None
    first, second = data[place], data[place + 1]
    length, size = second & 0x7F, 2
    if length > 125:
        more = 2 if length == 126 else 8
        size += more
        length = int.from_bytes(data[place + 2 : place + 2 + more], "big")
    masked = 4 if second & 0x80 else 0
    size += masked
    if len(data) < place + size:
        return None
    mask = data[place + size - masked : place + size]
    return FrameHead(first & 15, bool(first & 0x80), first >> 4 & 7, size, length, mask)


def unmasked(data: bytes, mask: bytes) -> bytes:
    """
    A payload without its mask (section 5.3).
    """
    if not mask:
        return data
    key = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(len(data), "big")


class MessageReader:
    """
    Divides the frames of one direction into messages.  Each is an exchange, and so is each
    control frame.

    @param handshake: the request that was upgraded.
    @param upstream: whether the client sends.
    @param number: the number after which the messages of both directions are counted.
    @ivar across: the reader of the other direction.
    @ivar limit: how many bytes of a text are read for rules; they are kept back until all of them
        have come.
    """

    __slots__ = (
        "_exchange",
        "_final",
        "_head",
        "_kept",
        "_left",
        "_message",
        "_number",
        "_target",
        "_upstream",
        "across",
        "limit",
    )

    def __init__(self, handshake: Exchange, upstream: bool, number: int) -> None:
        # The request drops its head and subject before the connection ends.
        self._target, self._head = handshake.subject, handshake.head
        self._upstream = upstream
        #: One direction has the odd numbers, so that the numbers do not depend on timing.
        self._number = number + (1 if upstream else 2)
        self._kept = b""
        self._left = 0
        self._exchange: Exchange | None = None
        self._message: Exchange | None = None
        self._final = True
        self.limit = TEXT_LIMIT
        self.across: MessageReader | None = None

    @property
    def inside(self) -> bool:
        """
        Whether a frame is incomplete.
        """
        return bool(self._left or self._kept)

    def read(self, data: bytes) -> Iterator[Piece]:
        """
        Pieces of messages.

        @raise FramingError: the length of a frame exceeds 2**63 - 1 bytes.
        """
        if self._kept:
            data, self._kept = self._kept + data, b""
        place, size = 0, len(data)
        while place < size:
            start = place
            if not self._left:
                head = readHead(data, place)
                if head is None or not self._begin(head, data, place):
                    self._kept = data[place:]
                    return
                self._left = head.size + head.length
            step = min(self._left, size - place)
            self._left -= step
            place += step
            yield self._exchange, data[start:place], self._final and not self._left

    def _begin(self, head: FrameHead, data: bytes, place: int) -> bool:
        """
        Begin a frame.

        @return: C{False} if more bytes are needed to know its kind.
        """
        if head.length >> 63:
            raise FramingError("a WebSocket frame is over 2**63 - 1 bytes long", data[place:])
        opcode = head.opcode
        if opcode or self._message is None:
            looked = min(head.length, self.limit) if opcode == TEXT and not head.reserved else 0
            payload = data[place + head.size : place + head.size + looked]
            if len(payload) < looked:
                return False
            self._exchange = self._made(opcode, unmasked(payload, head.mask))
        else:
            self._exchange = self._message
        self._final = head.final
        if opcode < CONTROL:
            self._message = None if head.final else self._exchange
        return True

    def _made(self, opcode: int, said: bytes) -> Exchange:
        text = said.decode("utf-8", "replace")
        direction = "upstream" if self._upstream else "downstream"
        message = Message(direction, text, self._target, self.across)
        made = Exchange(
            self._number,
            OPCODES.get(opcode, "reserved"),
            text[: DESCRIPTION_LIMIT + 1],
            self._head,
            message,
            replies=False,
            unasked=not self._upstream,
        )
        self._number += 2
        return made

    def ended(self) -> Iterator[Piece]:
        """
        The beginning of a frame, which belongs to no message.
        """
        if self._kept:
            kept, self._kept = self._kept, b""
            yield None, kept, False


def messageOf(exchange: Exchange) -> Message | None:
    """
    The message of an exchange; C{None} if the exchange is not a message.
    """
    context = exchange.context
    return context if isinstance(context, Message) else None


def joined(handshake: Exchange, number: int | None = None) -> tuple[MessageReader, MessageReader]:
    """
    The readers of both directions, that of the client first.

    @param number: the number after which messages are counted; C{None}: that of the handshake.
    """
    first = handshake.number if number is None else number
    client, backend = MessageReader(handshake, True, first), MessageReader(handshake, False, first)
    client.across, backend.across = backend, client
    return client, backend
