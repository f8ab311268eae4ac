# -*- test-case-name: tests.relays.test_streams_faults -*-
"""
C{delay_message}: a reply stops before one of its messages.
"""

from __future__ import annotations

import attrs
from zope.interface import implementer

from vaurien_twisted.behaviors._streams import OfStreams
from vaurien_twisted.interfaces import IBehavior
from vaurien_twisted.model.commands import Actions, Pause
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import option


@attrs.frozen
class DelayMessageOptions:
    """
    The options of C{delay_message}.
    """

    message: int = option(int, 1, "Before which message of the reply to wait.", minimum=1)
    sleep: float = option(float, 1.0, "How long to wait.", unit="s", minimum=0, maximum=86400)


@implementer(IBehavior)
class DelayMessage(OfStreams):
    """
    Delays a reply before one of its messages; those before it pass.  A message is one of
    gRPC, in other streams of HTTP/2 a DATA frame.
    """

    name = "delay_message"
    options = DelayMessageOptions

    def decide(self, options: DelayMessageOptions, context: DecisionContext) -> Actions:
        return Actions(reply=(Pause(options.message - 1, options.sleep),))
