# -*- test-case-name: tests.behaviors.test_error -*-
"""
C{error}: an answer that is an error.
"""

from __future__ import annotations

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import IApplicability, IBehavior, IWireProtocol
from vaurien_twisted.model.commands import PASS, Actions, ConnectionFate, Insert, Reply, Truncate
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused, option

#: How many random bytes stand in for an answer, and how many are put into one.
GARBAGE, INJECTED = 1000, 100


@attrs.frozen
class ErrorOptions:
    """
    Which error, where it strikes, and from when on.
    """

    code: str = option(
        str,
        "",
        "Which error, in the protocol's own words: 1213, 503, LOADING. "
        "Without it, one of those that may pass if tried again.",
        loose=True,
    )
    message: str = option(str, "", "In place of the words of the real server.")
    at: str = option(
        str,
        "request",
        "Where it strikes: request (the backend never sees it), reply (the backend acted, its "
        "reply is replaced), partial (its reply is cut), greeting (the connection is refused).",
        choices=("request", "reply", "partial", "greeting"),
    )
    count: int = option(
        int, 0, "How much of the reply passes before it is cut, at partial.", minimum=0
    )
    unit: str = option(
        str,
        "bytes",
        "What count counts: bytes, or units: the rows, chunks or values of the protocol.",
        choices=("bytes", "units"),
    )
    then: str = option(
        str, "close", "How the connection ends where a reply is cut.", choices=("close", "reset")
    )
    headers: dict[str, str] = option(dict, {}, "Header fields of an HTTP error.")
    body: str = option(str, "", "The body of an HTTP error.")
    pause: float = option(
        float,
        0.1,
        "Between two parts of an HTTP error that comes slowly.",
        unit="s",
        minimum=0,
        maximum=3600,
    )
    inject: bool = option(
        bool,
        False,
        "Put random bytes into the backend's valid reply. Protocol http answers 50x regardless.",
    )
    warmup: int = option(
        int, 0, "How many requests pass before the first error.", unit="requests", minimum=0
    )


@implementer(IPlugin, IBehavior, IApplicability)
class Error:
    """
    Answers with an error in the backend's own protocol: the one of the code given, or
    one that a client may try again after.  The backend never sees the request, unless
    C{at} says otherwise.  Where the protocol cannot say it (tcp) the backend's reply is
    replaced by random bytes.
    """

    name = "error"
    options = ErrorOptions
    connections = False

    def check(self, options: ErrorOptions, wire: IWireProtocol) -> None:
        """
        Whether the protocol has the error, and units to count.
        """
        check(options, wire)

    def applies(self, options: ErrorOptions, exchange: Exchange) -> bool:
        """
        A greeting, or anything but, as C{at} and C{code} say.
        """
        return applies(options, exchange)

    def decide(self, options: ErrorOptions, context: DecisionContext) -> Actions:
        """
        Answer in the protocol, or garble the reply.
        """
        return PASS if context.number < options.warmup else fail(options, context)


def check(options: ErrorOptions, wire: IWireProtocol) -> None:
    """
    Whether C{wire} has the error, and units to count.

    @raise Refused: it has not.
    """
    if options.code:
        wire.parseError(options.code, options.message)
    if options.unit == "units" and not wire.unit:
        raise Refused(f"protocol {wire.name!r} has no units to count: use unit bytes", "unit")
    if options.at == "greeting" and not wire.greets:
        raise Refused(f"protocol {wire.name!r} has no greeting: use at request", "at")


def applies(options: ErrorOptions, exchange: Exchange) -> bool:
    """
    Whether the error is for this exchange: a greeting has errors of its own.
    """
    if options.at == "greeting":
        return exchange.number == 0
    return exchange.number > 0 or not (options.code or options.at != "request")


def fail(options: ErrorOptions, context: DecisionContext) -> Actions:
    """
    The failure itself, for every behavior that fails requests.
    """
    if options.at in ("reply", "partial") and not context.exchange.replies:
        return PASS
    if options.at == "partial":
        then = ConnectionFate.RESET if options.then == "reset" else ConnectionFate.CLOSE
        return Actions(reply=(Truncate(options.count, options.unit == "units", then),))
    wire, exchange = context.wire, context.exchange
    random = context.chance.random()
    choice = (
        [wire.parseError(options.code, options.message)]
        if options.code
        else wire.transientErrors(exchange)
    )
    if choice and (options.code or not options.inject or wire.name == "http"):
        chosen = random.choice(choice)
        error = attrs.evolve(
            # The protocol knows where the message stands.
            wire.parseError(chosen.code, options.message) if not options.code else chosen,
            headers=tuple((str(name), str(value)) for name, value in options.headers.items()),
            body=options.body or None,
            pause=options.pause,
            late=options.at == "reply",
        )
        reply = wire.encodeError(exchange, error)
        if reply is not None:
            effect = f"error {error.code}"
            if options.at == "reply":
                return Actions((), (reply,), f"reply: {effect}", error.code)
            return Actions((reply,), (), effect, error.code)
        if options.code:
            return PASS
    if not exchange.replies:
        return PASS
    if options.inject:
        return Actions(reply=(Insert(random.randbytes(INJECTED)),))
    return Actions(reply=(Reply(random.randbytes(GARBAGE)),))
