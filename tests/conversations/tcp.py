"""
Random bytes, said in turn.
"""

from __future__ import annotations

from random import Random

from tests.conversations.speaking import Flight, Session, Speech, Turn, binary, size
from vaurien_twisted.behaviors.error import GARBAGE


def begin(dice: Random) -> Session:
    """
    The client speaks first.
    """

    def speak() -> list[Flight]:
        """
        Something, and something else in reply.
        """
        request, reply = (binary(dice, 1 + size(dice, 20000)) for _ in range(2))
        return [[Turn(request, reply, bytes(GARBAGE))]]

    return Session([], speak)


SPEECH = Speech("tcp", begin, pipelines=False, random=True)
