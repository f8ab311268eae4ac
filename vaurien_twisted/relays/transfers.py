# -*- test-case-name: tests.relays.test_transfers -*-
"""
Data that a backend asks the client for in a reply that was replaced.

The client does not know that it was asked, so the relay answers in its place.
"""

from __future__ import annotations

from vaurien_twisted.interfaces import ITransferEnder
from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.relays.requests import RequestReader


def mayBeAsked(state: ExchangeState) -> bool:
    """
    Whether the rest of a reply that was replaced may ask the client for data.  What the
    client says next would be taken for them.
    """
    waiting = state.replyOrder.waiting
    if state.ender is None or not waiting:
        return False
    head = waiting[0]
    return isinstance(head, Exchange) and head.muted and head.complete


def endTransfers(state: ExchangeState, requests: RequestReader, ender: ITransferEnder) -> None:
    """
    Answer the backend where it asks for data in a reply that was replaced, and read no
    further request before that reply is over.  Where there is no answer close the link.
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
