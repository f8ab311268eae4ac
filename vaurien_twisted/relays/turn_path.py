# -*- test-case-name: tests.relays.test_turn_path -*-
"""
The fast path of turns: where rules let each turn of a link wait for 0 seconds, and do nothing else,
its bytes pass unchanged, and each turn is counted and recorded.
"""

from __future__ import annotations

from vaurien_twisted.model.batch_decision import BatchDecision, DecidedChunk
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.wire.tcp import TurnFramer


class TurnPath:
    """
    Passes the bytes of one link, until its plan changes.

    @param framer: knows the turns.
    @param batchDecision: what happens to each turn.
    """

    __slots__ = ("_chunk", "_decision", "_framer", "_state")

    def __init__(
        self, state: ExchangeState, framer: TurnFramer, batchDecision: BatchDecision
    ) -> None:
        self._state = state
        self._framer = framer
        self._decision = batchDecision.decision
        self._chunk = DecidedChunk(batchDecision, (("", "", b"", None),))

    def asks(self, data: bytes) -> bool:
        """
        Whether bytes of the client may pass now and unchanged, after which their turn goes on.
        """
        state, framer = self._state, self._framer
        turn = framer.current
        if turn is None:
            turn = framer.ask()
            decision = turn.decision = self._decision
            now = turn.began = state.context.reactor.seconds()
            turn.complete = True
            _, turn.progress = state.decideChunk(turn.number, self._chunk, now, data)
            state.exchanges += 1
            framer.expect(turn)
            return decision.instant
        if turn.decision is not self._decision:
            return False
        if turn.progress is not None:
            turn.progress.requested(len(data), True)
        return True

    def answers(self, data: bytes) -> bool:
        """
        Whether bytes of the backend may pass now and unchanged.
        """
        state, framer = self._state, self._framer
        turn = framer.latest
        if turn is None or turn.decision is not self._decision:
            return False
        framer.answer()
        now = state.context.reactor.seconds()
        if turn.progress is not None:
            turn.progress.replied(now, len(data), False)
        if not turn.replying:
            turn.replying = True
            if state.context.timesTurns:
                state.time(turn, now)
        return True


def turnPath(state: ExchangeState) -> TurnPath | None:
    """
    The fast path for the turns of a link by the plan in force, C{None} if there is none.
    """
    framer, decider = state.framer, state.decider
    if not isinstance(framer, TurnFramer) or state.room.filtered or decider.alone:
        return None
    batchDecider = decider.batchDecider(state.connection)
    batchDecision = None if batchDecider is None else batchDecider.always("")
    if batchDecision is None or batchDecision.chances or not batchDecision.decision.instant:
        return None
    return TurnPath(state, framer, batchDecision)
