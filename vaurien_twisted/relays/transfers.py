# -*- test-case-name: tests.relays.test_transfers -*-
"""
Answers a backend that asks the client for data in a reply that was replaced.

The client does not get the request for data, so the relay answers instead.
"""

from __future__ import annotations

from vaurien_twisted.interfaces import ITransferEnder
from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.relays.requests import RequestReader


def mayBeAsked(state: ExchangeState) -> bool:
    """
    Whether the rest of a replaced reply can ask the client for data.  The backend would take the
    client's next request for that data.
    """
    waiting = state.replyOrder.waiting
    if state.ender is None or not waiting:
        return False
    head = waiting[0]
    return isinstance(head, Exchange) and head.muted and head.complete


def endTransfers(state: ExchangeState, requests: RequestReader, ender: ITransferEnder) -> None:
    """
    Answer the backend if it asks for data in a replaced reply, and read no further request before
    the end of that reply.  If the protocol has no such answer, close the link.
    """
    ending = ender.transferEnd()
    if ending is None:
        state.executor.reply(Reply(b"", ConnectionFate.CLOSE))
        return
    if ending:
        state.toBackend.send(ending)
        state.toBackend.flush()
    if mayBeAsked(state) and not state.stalled:
        requests.stall()
        if requests.pieces is None:
            requests.pieces = iter(())
