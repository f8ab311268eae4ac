"""
What a random conversation is made of.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import attrs


@attrs.frozen
class Turn:
    """
    One request and its reply.

    @ivar struck: the error that the client reads in place of the reply where a rule of
        L{Speech.when} strikes; C{b""} where none does.
    @ivar interim: how many bytes of the reply come before what an error replaces.
    """

    request: bytes
    reply: bytes
    struck: bytes = b""
    interim: int = 0


#: Turns whose requests are sent without waiting for replies.
Flight = list[Turn]

#: What opens a connection: who speaks, C{client} or C{backend}, and the bytes.
Opening = list[tuple[str, bytes]]


@attrs.frozen
class Session:
    """
    One random connection.

    @ivar speak: makes the flights of what is said next, each to be sent when the one
        before has been answered.
    """

    opening: Opening
    speak: Callable[[], list[Flight]]


@attrs.frozen
class Speech:
    """
    The conversations of one wire protocol.

    @ivar begin: a new connection.
    @ivar error: options of C{error}.
    @ivar when: which exchanges it strikes; all where this is empty.
    @ivar pipelines: whether flights may be joined.
    @ivar random: whether an error is so many random bytes.
    @ivar own: what a framer may ask of the backend itself where an error strikes, with the
        reply, of which the client hears nothing.
    """

    wire: str
    begin: Callable[[Random], Session]
    error: dict[str, Any] = attrs.field(factory=dict)
    when: dict[str, Any] = attrs.field(factory=dict)
    pipelines: bool = True
    random: bool = False
    own: tuple[bytes, bytes] | None = None


def size(dice: Random, most: int = 5000) -> int:
    """
    Mostly small.
    """
    return dice.choice((0, 1, 2, dice.randrange(10), dice.randrange(100), dice.randrange(most)))


def binary(dice: Random, length: int) -> bytes:
    """
    Bytes that protocols like to trip over.
    """
    if length > 200:
        return dice.choice((b"x", b"\r\n", b"\0\xff", b".\r\n", b"END\r\n")) * length
    return bytes(dice.choice(b"ab\r\n\0\xff.$*:0 ") for _ in range(length))


def cut(dice: Random, data: bytes) -> list[bytes]:
    """
    Whole, in a few parts, or byte by byte.
    """
    length = len(data)
    if length < 2 or dice.random() < 0.3:
        return [data] if data else []
    if length < 200 and dice.random() < 0.2:
        places = list(range(1, length))
    else:
        places = sorted({dice.randrange(1, length) for _ in range(dice.randrange(1, 6))})
    return [data[at:end] for at, end in zip([0, *places], [*places, length], strict=True)]


def flights(turns: list[tuple[str, bytes]]) -> list[Flight]:
    """
    One flight for each request of a conversation in which the client speaks first.
    """
    said: list[list[bytes]] = []
    for who, data in turns:
        if who == "client":
            said.append([data, b""])
        else:
            said[-1][1] += data
    return [[Turn(request, reply)] for request, reply in said]
