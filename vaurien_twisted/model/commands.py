# -*- test-case-name: tests.model.test_commands -*-
"""
What a behavior may ask of a link: frozen values, performed in order.

A behavior answers an exchange with a L{Actions}: commands for the request,
performed before its bytes go to the backend, and commands for the reply,
performed when the first byte of it arrives.  Where none of them ends the
exchange its bytes then go on: forwarding needs no command.
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
    What becomes of the link once an answer has been given.
    """

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"


class Transaction(Enum):
    """
    What an error leaves of the backend's transaction; the values are the words for users.
    """

    #: The protocol has no transactions.
    NONE = ""
    #: It goes on without the request that failed.
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
    Hold the exchange back for a while.  Waits of one exchange add up; waits of
    pipelined exchanges run side by side, each from its own arrival.

    @ivar seconds: how long, at least 0.
    """

    seconds: float


@attrs.frozen
class Hold:
    """
    Hold the exchange back until a change of plan lifts this.
    """


@attrs.frozen
class Reply:
    """
    Answer with C{data}.  For a request: the backend never sees it, and the answer
    takes the request's place in a pipeline.  For a reply: what the backend said is
    swallowed and C{data} sent instead.

    @ivar early: answer as soon as the request begins instead of when it is complete.
    @ivar pause: send C{data} in parts of L{part} bytes with this many seconds between them.
    @ivar part: the size of such a part.
    @ivar paced: from where to where C{data} comes in such parts, else all of it; what is
        before and what is after are a part each.
    @ivar finish: makes the bytes once the request is complete, where they depend on
        all of it; C{data} is what they are if nothing more comes.
    @ivar transaction: what a server that answers so leaves of its transaction.
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
    Of a reply: send C{data} to the client now, before what follows.
    """

    data: bytes


@attrs.frozen
class Drop:
    """
    Swallow the request (the backend never sees it) or the reply, in silence.
    """


@attrs.frozen
class Insert:
    """
    Put C{data} into the middle of the first bytes that pass; the rest is unchanged.
    """

    data: bytes


@attrs.frozen
class Truncate:
    """
    Let the beginning of the reply pass, then end the connection.

    @ivar count: how many bytes pass, or how many of the protocol's units (rows,
        chunks, elements); a shorter reply passes whole.
    @ivar units: whether C{count} counts units.
    @ivar ending: what is sent after them on a stream of HTTP/2, C{b""} for what C{then} asks
        for: the end of the stream, or RST_STREAM.
    """

    count: int
    units: bool = False
    then: ConnectionFate = ConnectionFate.CLOSE
    ending: bytes = b""


@attrs.frozen
class Pause:
    """
    Of a reply on a stream: let the beginning pass, and then wait.

    @ivar count: how many of the protocol's units (messages, frames) pass first.
    @ivar seconds: how long, at least 0.
    """

    count: int
    seconds: float


@attrs.frozen
class Withhold:
    """
    Of a stream: keep back the credit (WINDOW_UPDATE) that one end gives the other for its bytes.

    @ivar upstream: that of the backend, for what the client sends.
    @ivar downstream: that of the client, for what the backend sends.
    @ivar seconds: how long; 0: until a change of plan.
    """

    upstream: bool
    downstream: bool
    seconds: float = 0.0


@attrs.frozen
class Edit:
    """
    Pass the bytes through an editor, which changes, holds back or drops some of them.

    @ivar make: makes the editor, for one exchange.
    """

    make: Callable[[], IEditor] = attrs.field(eq=False)


@attrs.frozen
class EditedBytes:
    """
    What an editor lets pass.

    @ivar wait: how many seconds from now it waits; C{inf}: until a change of plan.
    @ivar last: whether the message ends with it, though the sender may say more.
    @ivar then: what becomes of the link after it; nothing more of the exchange passes unless it
        is kept.
    """

    data: bytes
    wait: float = 0.0
    last: bool = False
    then: ConnectionFate = ConnectionFate.KEEP


@attrs.frozen
class Close:
    """
    Close the client's connection now, after what was already sent to it, and give up the backend's.
    """


@attrs.frozen
class Reset:
    """
    Reset both connections: each end reads ECONNRESET.
    """


Command = (
    Wait | Hold | Reply | Send | Drop | Insert | Truncate | Pause | Withhold | Edit | Close | Reset
)

#: Commands after which nothing more of the exchange is decided.
ENDING = (Reply, Drop, Truncate, Close, Reset, Edit)

#: Commands of which only the bytes that follow show whether they take effect.
CONDITIONAL = (Truncate, Edit)


@attrs.frozen
class Actions:
    """
    What is done to one exchange.

    @ivar request: performed in order before the request goes to the backend.
    @ivar reply: performed in order when the reply begins to arrive.
    @ivar effect: a few words for the journal; by default told from the commands.
    @ivar code: of an error that is sent, for counting; C{""} where there is none.
    """

    request: tuple[Command, ...] = ()
    reply: tuple[Command, ...] = ()
    effect: str = ""
    code: str = ""


#: Nothing happens.
PASS = Actions()


def spoken(answer: Reply) -> list[Send | Wait]:
    """
    What it takes to give an answer, at the pace it asks for.
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
