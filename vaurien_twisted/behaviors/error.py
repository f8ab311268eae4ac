# -*- test-case-name: tests.behaviors.test_error -*-
"""
C{error}: requests are answered with an error.
"""

from __future__ import annotations

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import (
    IBehavior,
    IErrorObstacles,
    IStreamProtocol,
    IWireProtocol,
)
from vaurien_twisted.interfaces.applicability import IFormApplicability
from vaurien_twisted.model.commands import (
    PASS,
    Actions,
    ConnectionFate,
    Insert,
    Reply,
    Send,
    Truncate,
)
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused, option

#: How many random bytes replace a reply, and how many are inserted into one.
GARBAGE, INJECTED = 1000, 100


@attrs.frozen
class ErrorOptions:
    """
    The options of C{error}.
    """

    code: str = option(
        str,
        "",
        "The error to send, as the protocol names it: 1213, 503, LOADING. "
        "Empty: one that a client may retry, chosen at random.",
        loose=True,
    )
    message: str = option(
        str, "", "The message of the error. Empty: the message of the real server."
    )
    at: str = option(
        str,
        "request",
        "When to fail: request (the backend never sees the request), reply (the backend acts, "
        "then its reply is replaced), partial (the reply is cut), greeting (the server refuses "
        "the connection).",
        choices=("request", "reply", "partial", "greeting"),
    )
    count: int = option(
        int, 0, "With at=partial: how much of the reply passes before the cut.", minimum=0
    )
    unit: str = option(
        str,
        "bytes",
        "What count counts: bytes, or units (rows, chunks or values, as the protocol has them).",
        choices=("bytes", "units"),
    )
    then: str = option(
        str,
        "close",
        "With at=partial: how the connection ends after the cut.",
        choices=("close", "reset"),
    )
    headers: dict[str, str] = option(dict, {}, "HTTP only: more header fields of the error.")
    body: str = option(str, "", "HTTP only: the body of the error.")
    pause: float = option(
        float,
        0.1,
        "HTTP only: the time between two parts of a slow-headers or slow-body error.",
        unit="s",
        minimum=0,
        maximum=3600,
    )
    retry_delay: float = option(
        float,
        0.0,
        "For gRPC: the time that the client is asked to wait before it tries again "
        "(google.rpc.RetryInfo). 0: it is not asked.",
        unit="s",
        minimum=0,
        maximum=86400,
    )
    inject: bool = option(
        bool,
        False,
        "Insert random bytes into the backend's reply instead. No effect with http or with a code.",
    )
    warmup: int = option(
        int, 0, "How many requests pass before the first error.", unit="requests", minimum=0
    )


@implementer(IFormApplicability)
class OfErrors:
    """
    The base of behaviors that make requests fail.
    """

    connections = False

    def check(self, options: ErrorOptions, wire: IWireProtocol) -> None:
        if options.code:
            wire.parseError(options.code, options.message)
        if options.unit == "units" and not wire.unit:
            raise Refused(f"protocol {wire.name!r} has no units to count: use unit bytes", "unit")
        if options.at == "greeting" and not wire.greets:
            raise Refused(f"protocol {wire.name!r} has no greeting: use at request", "at")
        for name, value in options.headers.items():
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise Refused(f"{name!r}: it must be a text or a number", "headers")

    def applies(self, options: ErrorOptions, exchange: Exchange) -> bool:
        # A greeting has its own errors.
        if options.at == "greeting":
            return exchange.number == 0
        return exchange.number > 0 or not (options.code or options.at != "request")


@implementer(IBehavior)
class Error(OfErrors):
    """
    Answers requests with an error of the backend's protocol, such as a deadlock of MySQL or
    a status 503 of HTTP.  By default the backend does not see these requests; C{at} changes
    that.  With C{tcp}, which has no errors, random bytes replace the backend's reply.
    """

    name = "error"
    options = ErrorOptions

    def decide(self, options: ErrorOptions, context: DecisionContext) -> Actions:
        return PASS if context.number < options.warmup else fail(options, context)


def fail(options: ErrorOptions, context: DecisionContext) -> Actions:
    """
    The actions that make an exchange fail, for every behavior that fails requests.
    """
    if options.at in ("reply", "partial") and not context.exchange.replies:
        return PASS
    if options.at == "partial":
        then = ConnectionFate.RESET if options.then == "reset" else ConnectionFate.CLOSE
        ending = _afterCut(options, context)
        return Actions(reply=(Truncate(options.count, options.unit == "units", then, ending),))
    wire, exchange = context.wire, context.exchange
    if options.code:
        # Most rules name their error, which needs no random number.
        error = wire.parseError(options.code, options.message)
        return _answer(options, context, error) or _unanswered(context, error)
    random = context.chance.random()
    choice = wire.transientErrors(exchange)
    if choice and not (options.inject and wire.injects):
        chosen = random.choice(choice)
        # The protocol knows the place of the message.
        found = _answer(options, context, wire.parseError(chosen.code, options.message))
        if found is not None:
            return found
    if not exchange.replies:
        return PASS
    if options.inject:
        return Actions(reply=(Insert(random.randbytes(INJECTED)),))
    return Actions(reply=(Reply(random.randbytes(GARBAGE)),))


def _afterCut(options: ErrorOptions, context: DecisionContext) -> bytes:
    """
    The error that follows a reply that is cut, where the protocol has streams.
    """
    wire = IStreamProtocol(context.wire, None)
    if wire is None or not options.code:
        return b""
    error = _detailed(options, context.wire.parseError(options.code, options.message))
    if not options.count:
        reply = context.wire.encodeError(context.exchange, error)
        return reply.data if isinstance(reply, Reply) else b""
    ending: bytes = wire.afterCut(context.exchange, error)
    return ending


def _answer(options: ErrorOptions, context: DecisionContext, error: WireError) -> Actions | None:
    """
    The actions that answer with C{error}, C{None} where the protocol cannot.
    """
    reply = context.wire.encodeError(context.exchange, _detailed(options, error))
    if reply is None:
        return None
    late = options.at == "reply" or isinstance(reply, Send)
    # Protocols give the same object again for the same error, so that its actions are made once.
    place = id(reply), error.code, error.message, late
    known = _made.get(place)
    if known is None or known[0] is not reply:
        effect = f"error {error.code}"
        if late:
            actions = Actions((), (reply,), f"reply: {effect}", error.code, error.message)
        else:
            actions = Actions((reply,), (), effect, error.code, error.message)
        if len(reply.data) > SHORT:
            return actions
        if len(_made) >= MADE_KEPT:
            _made.clear()
        known = _made[place] = reply, actions
    return known[1]


#: The most actions that are remembered, and the longest replies of these, in bytes.
MADE_KEPT, SHORT = 64, 1024

_made: dict[tuple[int, str, str, bool], tuple[Reply | Send, Actions]] = {}


def _unanswered(context: DecisionContext, error: WireError) -> Actions:
    """
    Nothing is done, because the protocol cannot answer this exchange with C{error}.
    """
    wire = IErrorObstacles(context.wire, None)
    reason = "" if wire is None else wire.obstacle(context.exchange, error)
    return Actions(missed=f"not struck by error {error.code}: {reason}") if reason else PASS


def _detailed(options: ErrorOptions, error: WireError) -> WireError:
    """
    C{error} with the other values of the options.
    """
    headers: tuple[tuple[str, str], ...] = ()
    if options.headers:
        headers = tuple((str(name), str(value)) for name, value in options.headers.items())
    body, pause, late = options.body or None, options.pause, options.at == "reply"
    again = options.retry_delay
    known = error.headers, error.body, error.pause, error.late, error.retryDelay
    if known == (headers, body, pause, late, again):
        return error
    return attrs.evolve(error, headers=headers, body=body, pause=pause, late=late, retryDelay=again)
