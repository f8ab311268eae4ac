# -*- test-case-name: tests.behaviors.test_error -*-
"""
C{error}: an answer that is an error.
"""

from __future__ import annotations

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.commands import PASS, Insert, Reply, Treatment
from vaurien_twisted.interfaces import IBehavior
from vaurien_twisted.options import option
from vaurien_twisted.plan import Occasion

#: How many random bytes stand in for an answer, and how many are put into one.
GARBAGE, INJECTED = 1000, 100


@attrs.frozen
class ErrorOptions:
    """
    Which error, and from when on.
    """

    inject: bool = option(
        bool,
        False,
        "Put random bytes into the backend's valid reply. Protocol http answers 50x regardless.",
    )
    warmup: int = option(
        int, 0, "How many requests pass before the first error.", unit="requests", minimum=0
    )


@implementer(IPlugin, IBehavior)
class Error:
    """
    Answers with an error in the backend's own protocol, one that a client may try
    again after; the backend never sees the request.  Where the protocol cannot say
    it (tcp) the backend's reply is replaced by random bytes.
    """

    name = "error"
    options = ErrorOptions
    connections = False

    def treat(self, options: ErrorOptions, occasion: Occasion) -> Treatment:
        """
        Answer in the protocol, or garble the reply.
        """
        if occasion.number < options.warmup:
            return PASS
        return fail(options.inject, occasion)


def fail(inject: bool, occasion: Occasion) -> Treatment:
    """
    The failure itself, for every behavior that fails requests.
    """
    wire, exchange = occasion.wire, occasion.exchange
    random = occasion.chance.random()
    fitting = wire.fitting(exchange)
    if fitting and (not inject or wire.name == "http"):
        error = random.choice(fitting)
        reply = wire.refusal(exchange, error)
        if reply is not None:
            return Treatment(request=(reply,), effect=f"error {error.code}")
    if inject:
        return Treatment(reply=(Insert(random.randbytes(INJECTED)),))
    return Treatment(reply=(Reply(random.randbytes(GARBAGE)),))
