# -*- test-case-name: tests.wire.http.test_stream_editor,tests.wire.http.test_patch_editor -*-
"""
Replies and messages that are edited on their way.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isinf

from vaurien_twisted.interfaces.editors import IEditor
from vaurien_twisted.model.commands import ConnectionFate, Edit, EditedBytes, Hold, Wait
from vaurien_twisted.model.decision import Rule, Step
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.relays.memory import SHARE
from vaurien_twisted.relays.write_queue import WriteQueue

#: Why a reply was not edited that would have needed more memory than there is.
NO_MEMORY = "not edited: the proxy's connections hold too much already"

#: Why a reply was not edited whose end came before the editor had decided.
SHORT = "not edited: the reply ended before"


def passEdited(
    state: ExchangeState,
    exchange: Exchange,
    editor: IEditor,
    queue: WriteQueue,
    data: bytes,
    ends: bool,
    now: float,
) -> None:
    """
    Put into C{queue} what the editor of C{exchange} makes of its bytes.

    @param ends: whether they end the exchange in this direction.
    """
    if exchange.muted:
        return
    following = state.executor.following
    parts = list(editor.push(data, ends, now))
    # The last of them may end the link.
    recordOutcome(exchange, editor, ends)
    for part in parts:
        putPart(state, exchange, queue, part, following)
        if exchange.muted or state.closed:
            break
    room = state.room
    if queue is state.toClient:
        room.edited = 0 if exchange.muted or ends else editor.held
    if room.edited > SHARE and not state.context.memory.allows(room.measure()[1]):
        for part in editor.release(NO_MEMORY):
            putPart(state, exchange, queue, part, following)
        room.edited = editor.held


def recordOutcome(exchange: Exchange, editor: IEditor, ends: bool, otherwise: str = SHORT) -> None:
    """
    Tell whether C{editor} has changed something, as soon as that is known.

    @param ends: whether the exchange has ended in this direction.
    @param otherwise: the reason why nothing was changed, if the editor knows none.
    """
    if exchange.outcome is not None and (editor.struck or ends):
        missing = "" if editor.struck else editor.reason or otherwise
        outcome, exchange.outcome = exchange.outcome, None
        outcome(missing)


def putPart(
    state: ExchangeState,
    exchange: Exchange,
    queue: WriteQueue,
    part: EditedBytes,
    following: Callable[[ConnectionFate], Callable[[], None] | None],
) -> None:
    """
    Send C{part} when its wait is over.

    @param following: the function to call after it, according to what happens to the link.
    """
    steps: tuple[Step, ...] = ()
    rule = _ruleOf(exchange) if part.wait else None
    if rule is not None and (rule.unplanned or state.decider.plan.keeps(rule)):
        steps = (Step(Hold() if isinf(part.wait) else Wait(part.wait), rule),)
    after = following(part.then)
    exchange.muted = part.last or part.then is not ConnectionFate.KEEP
    queue.put(exchange, part.data, steps, after)


def _ruleOf(exchange: Exchange) -> Rule | None:
    """
    The rule by which the reply is edited.
    """
    decision = exchange.decision
    steps = () if decision is None else (*decision.request, *decision.reply)
    return next((step.rule for step in steps if isinstance(step.command, Edit)), None)
