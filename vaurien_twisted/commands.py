# -*- test-case-name: tests.test_commands -*-
"""
What a behavior may ask of a link: frozen values, performed in order.

A behavior answers an exchange with a L{Treatment}: commands for the request,
performed before its bytes go to the backend, and commands for the reply,
performed when the first byte of it arrives.  Where none of them ends the
exchange its bytes then go on: forwarding needs no command.
"""

from __future__ import annotations

from enum import Enum

import attrs


class Then(Enum):
    """
    What becomes of the link once an answer has been given.
    """

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"


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
    """

    data: bytes
    then: Then = Then.KEEP
    early: bool = False


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
class Close:
    """
    Close the client's connection now, after what was already sent to it, and give up the backend's.
    """


@attrs.frozen
class Reset:
    """
    Reset both connections: each end reads ECONNRESET.
    """


Command = Wait | Hold | Reply | Drop | Insert | Close | Reset

#: Commands after which nothing more of the exchange is decided.
ENDING = (Reply, Drop, Close, Reset)


@attrs.frozen
class Treatment:
    """
    What is done to one exchange.

    @ivar request: performed in order before the request goes to the backend.
    @ivar reply: performed in order when the reply begins to arrive.
    @ivar effect: a few words for the journal; by default told from the commands.
    """

    request: tuple[Command, ...] = ()
    reply: tuple[Command, ...] = ()
    effect: str = ""


#: Nothing happens.
PASS = Treatment()
