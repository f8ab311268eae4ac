# -*- test-case-name: tests.relays.test_streams_limit -*-
"""
C{max_streams}: limits the open streams of a connection.
"""

from __future__ import annotations

import attrs
from zope.interface import implementer

from vaurien_twisted.behaviors._streams import OfStreams
from vaurien_twisted.interfaces import IBehavior, IStreamFacts
from vaurien_twisted.interfaces.effects import IStreamLimit
from vaurien_twisted.model.commands import PASS, Actions, Reply
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import option


@attrs.frozen
class MaxStreamsOptions:
    """
    The options of C{max_streams}.
    """

    count: int = option(
        int, 1, "How many streams of a connection may be open.", unit="streams", minimum=0
    )
    announce: bool = option(
        bool,
        True,
        "Also tell clients the number (SETTINGS_MAX_CONCURRENT_STREAMS). No effect in a rule for "
        "some requests or connections only.",
    )


@implementer(IBehavior, IStreamLimit)
class MaxStreams(OfStreams):
    """
    Refuses a stream of HTTP/2 while the connection has as many others as it may
    (RST_STREAM, REFUSED_STREAM).  The backend does not see the request, and clients may send it
    again.  Clients are told the number, and those that keep to it wait until a stream is over.
    """

    name = "max_streams"
    options = MaxStreamsOptions

    def limit(self, options: MaxStreamsOptions) -> int | None:
        return options.count if options.announce else None

    def decide(self, options: MaxStreamsOptions, context: DecisionContext) -> Actions:
        stream = IStreamFacts(context.exchange.context, None)
        if stream is None or stream.open <= options.count:
            return PASS
        error = context.wire.parseError("rst-stream:REFUSED_STREAM", "")
        reply = context.wire.encodeError(context.exchange, error)
        if not isinstance(reply, Reply):
            return PASS
        return Actions((reply,), (), f"error {error.code}", error.code)
