# -*- test-case-name: tests.behaviors.test_events -*-
"""
C{events}: streamed replies break off, stall, or are damaged.
"""

from __future__ import annotations

import attrs
from zope.interface import implementer

from vaurien_twisted.behaviors._reply_editing import OfReplies
from vaurien_twisted.interfaces import IBehavior, IWireProtocol
from vaurien_twisted.interfaces.editors import IReplyEditing
from vaurien_twisted.model import patterns
from vaurien_twisted.model.commands import PASS, Actions, ConnectionFate
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import Refused, option, shortened
from vaurien_twisted.model.pattern_syntax import Unsupported
from vaurien_twisted.model.streaming import EVENTS, LINES, StreamAction, StreamFault

#: How the reply can end.  C{rst-stream} and C{goaway} are of HTTP/2; in HTTP/1, they end the
#: connection.
FATES = {
    "auto": ConnectionFate.KEEP,
    "end": ConnectionFate.KEEP,
    "close": ConnectionFate.CLOSE,
    "reset": ConnectionFate.RESET,
    "rst-stream": ConnectionFate.RESET,
    "goaway": ConnectionFate.CLOSE,
}

#: The default error codes of HTTP/2, of a stream and of a connection.
ENDINGS = {"rst-stream": "INTERNAL_ERROR", "goaway": "NO_ERROR"}


@attrs.frozen
class EventsOptions:
    """
    The options of C{events}.
    """

    fault: str = option(
        str,
        "cut",
        "What happens: cut (the reply ends), stall (nothing more comes for a while), slow (a pause "
        "before each event), split (an event comes in two writes), join (two events come in one "
        "write), lose (the event that ends the stream does not come), garble (the data of an event "
        "is damaged), error (an error event comes, then the reply ends).",
        choices=tuple(action.value for action in StreamAction),
    )
    count: int = option(int, 0, "How many events pass first.", unit="events", minimum=0)
    strikes: int = option(
        int,
        0,
        "How many events the fault then strikes; 0: all that follow. No effect with cut, stall "
        "and error.",
        unit="events",
        minimum=0,
    )
    unit: str = option(
        str,
        "auto",
        "What an event is: events (of text/event-stream), lines (of JSON lines), or auto (as the "
        "Content-Type of the reply says).",
        choices=("auto", EVENTS, LINES),
    )
    pause: float = option(
        float,
        0.0,
        "With stall, for how long; 0: until the fault is removed. With slow and split, the pause; "
        "0: a tenth of a second.",
        unit="s",
        minimum=0,
        maximum=86400,
    )
    then: str = option(
        str,
        "auto",
        "How the reply ends: end (as a complete reply), close or reset (the connection, in place "
        "of the end of the reply), rst-stream (HTTP/2: only the stream, by RST_STREAM; HTTP/1: as "
        "reset), goaway (HTTP/2: the connection is closed after GOAWAY; HTTP/1: as close), auto "
        "(after cut close, in HTTP/2 rst-stream; after error end; else as the backend ends it).",
        choices=tuple(FATES),
    )
    http2_code: str = option(
        str,
        "",
        "With then=rst-stream or goaway, the error code of HTTP/2: a name such as CANCEL, or a "
        "number. Empty: INTERNAL_ERROR for rst-stream, NO_ERROR for goaway.",
        loose=True,
    )
    event: str = option(
        str,
        "",
        "With lose, which events are lost: a pattern for their data, such as *finish_reason*. "
        "Empty: those that end a stream, such as [DONE] and message_stop.",
    )
    code: str = option(
        str,
        "",
        "With error, the code of the error, such as anthropic.overloaded. "
        "Empty: openai.server_error.",
        loose=True,
    )
    message: str = option(
        str, "", "With error, the message. Empty: the message of the real service."
    )


#: The default error of an error event.
CODE = "openai.server_error"

#: The default pause of slow and split, in seconds.
PAUSE = 0.1


@implementer(IBehavior)
class Events(OfReplies):
    """
    Damages replies that stream: server-sent events and JSON lines.  Other replies pass unchanged,
    and the journal says why.  So do compressed ones.
    """

    name = "events"
    options = EventsOptions
    edits = "streamed replies"

    def check(self, options: EventsOptions, wire: IWireProtocol) -> None:
        super().check(options, wire)
        if options.fault == "error":
            IReplyEditing(wire).streamError(options.code or CODE, options.message)
        if options.http2_code:
            if options.then not in ENDINGS:
                raise Refused("http2_code goes with then rst-stream or goaway", "http2_code")
            try:
                wire.parseError(f"{options.then}:{options.http2_code}", "")
            except Refused:
                raise Refused(
                    f"{shortened(options.http2_code)} is not an error code of HTTP/2: write a name "
                    "such as CANCEL, or a number",
                    "http2_code",
                ) from None
        if options.event:
            if options.fault != "lose":
                raise Refused(f"event is for fault lose, not for {options.fault}", "event")
            try:
                patterns.glob(options.event)
            except Unsupported as error:
                raise Refused(f"event {shortened(options.event)} {error}", "event") from None

    def decide(self, options: EventsOptions, context: DecisionContext) -> Actions:
        wire = IReplyEditing(context.wire, None)
        edit = None
        if wire is not None:
            edit = wire.editStream(context.exchange, faultOf(options, wire, context))
        if edit is None:
            return PASS
        effect = f"events: {options.fault}"
        if options.count:
            effect += f" after {options.count:,}"
        return Actions(
            (), (edit,), effect, (options.code or CODE) if options.fault == "error" else ""
        )


def faultOf(options: EventsOptions, wire: IReplyEditing, context: DecisionContext) -> StreamFault:
    """
    The fault that the options describe.
    """
    action = StreamAction(options.fault)
    pause, then, ending = options.pause, FATES[options.then], options.then
    if action in (StreamAction.SLOW, StreamAction.SPLIT):
        pause = pause or PAUSE
    ends = options.then == "end" or (options.then == "auto" and action is StreamAction.ERROR)
    if options.then == "auto" and action is StreamAction.CUT:
        then, ending = ConnectionFate.CLOSE, "rst-stream"
    seed = 0
    if action is StreamAction.GARBLE:
        seed = context.chance.random().getrandbits(32)
    return StreamFault(
        action,
        "" if options.unit == "auto" else options.unit,
        options.count,
        options.strikes,
        pause,
        ends and action in (StreamAction.CUT, StreamAction.ERROR),
        then,
        patterns.glob(options.event) if options.event else None,
        wire.streamError(options.code or CODE, options.message)
        if action is StreamAction.ERROR
        else b"",
        seed,
        f"{ending}:{options.http2_code or ENDINGS[ending]}" if ending in ENDINGS else "",
    )
