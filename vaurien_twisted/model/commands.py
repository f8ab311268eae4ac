# -*- test-case-name: tests.model.test_commands -*-
"""
Commands of behaviors, which the link performs.  They are frozen values, performed in order.

A behavior returns L{Actions} for an exchange.  The link performs the commands for the request
before it sends the request's bytes to the backend, and those for the reply when its first byte
arrives.  Unless a command ends the exchange, the bytes are then passed on: that needs no command.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from vaurien_twisted.interfaces.editors import IEditor


class ConnectionFate(Enum):
    """
    What happens to the link after an answer was sent.
    """

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"


class Transaction(Enum):
    """
    The effect of an error on the backend's transaction.  The values are the texts shown to users.
    """

    #: The protocol has no transactions.
    NONE = ""
    #: The transaction continues without the failed request.
    KEPT = "goes on"
    #: It is still open, and can only be rolled back.
    FAILED = "must be rolled back"
    #: It is rolled back, and over.
    ENDED = "is rolled back"
    #: The connection is closed, and the server rolls it back.
    CLOSED = "ends with the connection"


@attrs.frozen
class Wait:
    """
    Delay the exchange.  Several waits of one exchange add up.  Waits of pipelined exchanges run at
    the same time, each from the arrival of its exchange.

    @ivar seconds: how long, in seconds, at least 0.
    """

    seconds: float


@attrs.frozen
class Hold:
    """
    Hold the exchange until the plan changes and no longer contains this.
    """


@attrs.frozen
class Reply:
    """
    Send C{data} to the client as the answer.  For a request: the backend does not get the request,
    and the answer keeps the request's place in the order of replies.  For a reply: the backend's
    reply is discarded, and C{data} is sent instead.

    @ivar then: what happens to the link after it.
    @ivar early: whether to answer when the request begins, not when it is complete.
    @ivar pause: the time between two parts of C{data}, in seconds; 0: C{data} is sent at once.
    @ivar part: the size of a part, in bytes.
    @ivar paced: the range of C{data} that is sent in parts; C{None}: all of it.  The bytes before
        and those after the range are one part each.
    @ivar finish: makes the bytes when the request is complete, if they depend on all of it;
        C{None}: they are C{data}.
    @ivar transaction: what the answer means for the backend's transaction.
    """

    data: bytes
    then: ConnectionFate = ConnectionFate.KEEP
    early: bool = False
    pause: float = 0.0
    part: int = 1
    paced: tuple[int, int] | None = None
    finish: Callable[[], bytes] | None = attrs.field(default=None, eq=False, repr=False)
    transaction: Transaction = attrs.field(default=Transaction.NONE, eq=False, repr=False)


@attrs.frozen
class Send:
    """
    For a reply: send C{data} to the client before the bytes that follow.
    """

    data: bytes


@attrs.frozen
class Drop:
    """
    Discard the request, so that the backend does not get it, or the reply.  No answer is sent.
    """


@attrs.frozen
class Insert:
    """
    Insert C{data} into the middle of the first bytes that pass.
    """

    data: bytes


@attrs.frozen
class Truncate:
    """
    Pass the beginning of the reply, then end the connection.  A shorter reply passes whole.

    @ivar count: how many bytes pass, or how many of the protocol's units (rows, chunks, elements).
    @ivar units: whether C{count} counts units.
    @ivar then: how the connection ends.
    @ivar ending: HTTP/2 only: the bytes that follow on the stream; C{b""}: what C{then} says, the
        end of the stream or RST_STREAM.
    """

    count: int
    units: bool = False
    then: ConnectionFate = ConnectionFate.CLOSE
    ending: bytes = b""


@attrs.frozen
class Pause:
    """
    For a reply on a stream: pass the beginning, then wait.

    @ivar count: how many of the protocol's units (messages, frames) pass first.
    @ivar seconds: how long to wait, in seconds, at least 0.
    """

    count: int
    seconds: float


@attrs.frozen
class Withhold:
    """
    For a stream: hold the flow-control credit (WINDOW_UPDATE) that one end gives the other.

    @ivar upstream: whether to hold the backend's credit, for bytes of the client.
    @ivar downstream: whether to hold the client's credit, for bytes of the backend.
    @ivar seconds: how long, in seconds; 0: until the plan changes.
    """

    upstream: bool
    downstream: bool
    seconds: float = 0.0


@attrs.frozen
class Edit:
    """
    Pass the bytes through an editor, which can change, hold and discard them.

    @ivar make: makes the editor of one exchange.
    """

    make: Callable[[], IEditor] = attrs.field(eq=False)


@attrs.frozen
class EditedBytes:
    """
    Bytes that an editor passes on.

    @ivar wait: how many seconds from now they wait; C{inf}: until the plan changes.
    @ivar last: whether the message ends with them, although the sender may send more.
    @ivar then: what happens to the link after them.  Unless it is kept, nothing more of the
        exchange passes.
    """

    data: bytes
    wait: float = 0.0
    last: bool = False
    then: ConnectionFate = ConnectionFate.KEEP


@attrs.frozen
class Close:
    """
    Close the client's connection after the bytes that were already sent to it, and abort that to
    the backend.
    """


@attrs.frozen
class Reset:
    """
    Reset both connections: each end reads ECONNRESET.
    """


Command = (
    Wait | Hold | Reply | Send | Drop | Insert | Truncate | Pause | Withhold | Edit | Close | Reset
)

#: Commands that end the decision about an exchange: later draws are not asked.
ENDING = (Reply, Drop, Truncate, Close, Reset, Edit)

#: Commands of which only the bytes that follow show whether they take effect.
CONDITIONAL = (Truncate, Edit)


@attrs.frozen
class Actions:
    """
    The actions of one behavior on an exchange.

    @ivar request: commands performed in order before the request goes to the backend.
    @ivar reply: commands performed in order when the reply begins to arrive.
    @ivar effect: a short description for the journal; C{""}: it is made from the commands.
    @ivar code: the code of the error that is sent, for the counters; C{""} if there is none.
    @ivar message: the words of that error, for the journal; C{""} if there are none.
    @ivar missed: for the journal, the reason why the behavior does nothing to an exchange that it
        applies to; C{""} if it acts, or without a reason.
    """

    request: tuple[Command, ...] = ()
    reply: tuple[Command, ...] = ()
    effect: str = ""
    code: str = ""
    message: str = attrs.field(default="", eq=False)
    missed: str = ""


#: Nothing happens.
PASS = Actions()


def spoken(answer: Reply) -> list[Send | Wait]:
    """
    The commands that send an answer in its parts, with pauses between them.
    """
    data = answer.data if answer.finish is None else answer.finish()
    if not answer.pause:
        return [Send(data)]
    size = len(data)
    start, stop = answer.paced or (0, size)
    places = sorted({0, *range(start, min(stop, size), answer.part), min(stop, size), size})
    parts = [data[at:end] for at, end in pairwise(places)]
    paced: list[Send | Wait] = [Send(part) for part in parts[:1]]
    for part in parts[1:]:
        paced += [Wait(answer.pause), Send(part)]
    return paced
