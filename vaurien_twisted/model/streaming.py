# -*- test-case-name: tests.wire.http.test_stream_editor -*-
"""
Faults of streamed replies, by events and lines.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import attrs

from vaurien_twisted.model.commands import ConnectionFate

#: The units of a streamed reply.
EVENTS, LINES = "events", "lines"


class StreamAction(Enum):
    """
    What happens to a streamed reply; the values are the words for users.
    """

    CUT = "cut"
    STALL = "stall"
    SLOW = "slow"
    SPLIT = "split"
    JOIN = "join"
    LOSE = "lose"
    GARBLE = "garble"
    ERROR = "error"


@attrs.frozen
class StreamFault:
    """
    A fault of a streamed reply.

    @ivar unit: the unit of the reply, L{EVENTS} or L{LINES}; C{""}: by its Content-Type.
    @ivar count: how many events or lines pass first.
    @ivar strikes: how many are struck then; 0: all that follow.
    @ivar pause: in seconds; of a stall, 0 is until the plan changes.
    @ivar ends: whether the reply ends regularly at the cut; otherwise the link ends as C{then}
        says.
    @ivar then: what becomes of the link at the end of the reply.
    @ivar ending: in HTTP/2, how the reply ends in place of C{then}: C{rst-stream:CODE} or
        C{goaway:CODE}; C{""}: as C{then} says.
    @ivar wanted: a test for the events or lines to lose; C{None}: those that end a stream.
    @ivar event: the event that reports an error.
    @ivar seed: the seed of garbled data.
    """

    action: StreamAction
    unit: str = ""
    count: int = 0
    strikes: int = 0
    pause: float = 0.0
    ends: bool = False
    then: ConnectionFate = ConnectionFate.KEEP
    wanted: Callable[[str], bool] | None = attrs.field(default=None, eq=False, repr=False)
    event: bytes = b""
    seed: int = 0
    ending: str = ""
