# -*- test-case-name: tests.relays.test_streams_faults -*-
"""
C{exceed_deadline}: calls take longer than their clients wait.
"""

from __future__ import annotations

import attrs
from zope.interface import implementer

from vaurien_twisted.behaviors._streams import OfStreams
from vaurien_twisted.interfaces import IBehavior, IStreamFacts
from vaurien_twisted.model.commands import Actions, Wait
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import option


@attrs.frozen
class ExceedDeadlineOptions:
    """
    The options of C{exceed_deadline}.
    """

    extra: float = option(
        float,
        0.1,
        "How much longer than its deadline a call takes.",
        unit="s",
        minimum=0,
        maximum=3600,
    )


@implementer(IBehavior)
class ExceedDeadline(OfStreams):
    """
    Holds each call of gRPC until its deadline (C{grpc-timeout}) is over, and a little longer;
    then it goes to the backend, unless the client has given it up.  Calls without a deadline
    pass.
    """

    name = "exceed_deadline"
    options = ExceedDeadlineOptions

    def decide(self, options: ExceedDeadlineOptions, context: DecisionContext) -> Actions:
        stream = IStreamFacts(context.exchange.context, None)
        if stream is None or stream.deadline is None:
            return Actions(missed="not struck: the request has no deadline (grpc-timeout)")
        return Actions(request=(Wait(stream.deadline + options.extra),))
