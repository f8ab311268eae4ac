# -*- test-case-name: tests.relays.test_failures -*-
"""
Counting the exchanges of a link that fail.

A request that passed on the fast path was not divided, so its command is looked up in the latest
chunk when its reply turns out to be an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vaurien_twisted.interfaces import IErrorReplies, IRequestDescriber
from vaurien_twisted.model.exchange import Exchange, FramingError, PassedBatch
from vaurien_twisted.relays.fastpath import KEPT

if TYPE_CHECKING:
    from vaurien_twisted.relays.exchange_state import ExchangeState

#: The codes of exchanges that were never answered: the client gave up first, and any other end
#: of the connection.
ABORTED, CLOSED = "aborted", "closed"


def countError(state: ExchangeState, exchange: Exchange) -> None:
    """
    The backend has answered an exchange with an error.  Where the client does not see that
    answer, nothing is counted.
    """
    if exchange.muted or exchange.replaced:
        return
    if exchange.progress is not None:
        exchange.progress.error = exchange.error
    state.context.counters.error(_commandOf(state, exchange), exchange.error)


def countUnanswered(state: ExchangeState) -> None:
    """
    The link ends: count the exchanges that were not answered.
    """
    waiting, transports, wire = state.replyOrder.waiting, state.transports, state.context.wire
    kept = state.toClient.queue
    if state.closed or not countsErrors(state) or (transports.joined and not (waiting or kept)):
        return
    error = state.context.counters.error
    code = endOf(state)
    aborted = code == ABORTED
    if not (transports.joined or wire.greets or aborted):
        error("connect", code)
    for entry in kept:
        for exchange in entry.whole or ():
            if not exchange.error and not exchange.answered:
                error(_commandOf(state, exchange), code)
    for each in waiting:
        if isinstance(each, PassedBatch):
            names = (each.commands or _latest(state))[-each.left :]
            for command in (*names, *[""] * (each.left - len(names))):
                error(command, code)
        elif (
            each.replies and not (each.replying and each.answered) and (each.number or not aborted)
        ):
            error(_commandOf(state, each), code)


def endOf(state: ExchangeState) -> str:
    """
    The error code of exchanges without a reply because the link ends.
    """
    transports = state.transports
    gone = transports.client is None or transports.clientEnded
    return ABORTED if gone and not transports.backendEnded else CLOSED


def countsErrors(state: ExchangeState) -> bool:
    """
    Whether failed exchanges are counted: the framer recognizes the errors of its protocol.
    """
    return not state.guessed and bool(IErrorReplies.providedBy(state.context.wire))


def _commandOf(state: ExchangeState, exchange: Exchange) -> str:
    """
    The command of an exchange; C{""} for one that passed on the fast path in an earlier chunk
    than the latest.
    """
    if exchange.command:
        return exchange.command
    last = state.replyOrder.waiting[-1] if state.replyOrder.waiting else exchange
    newest = last.number if isinstance(last, Exchange) else last.next + last.left - 1
    names = _latest(state)
    place = len(names) - 1 - (newest - exchange.number)
    return names[place] if 0 <= place < len(names) else ""


def _latest(state: ExchangeState) -> Sequence[str]:
    """
    The commands of the latest chunk that passed on the fast path; none where it is too long.
    """
    data = state.fastPath.latest
    if not data or len(data) >= KEPT:
        return ()
    describer = IRequestDescriber(state.framer, None)
    if describer is not None:
        # Only the last request of the chunk can be read.
        return describer.describe(data).split(None, 1)[:1]
    framer = state.context.wire.framer(state.context.options, state.context.backend.text)
    names: dict[Exchange, str] = {}
    try:
        for exchange, _, _ in framer.fromClient(data):
            if exchange is not None:
                names[exchange] = exchange.command
    except FramingError:
        pass
    return tuple(names.values())
