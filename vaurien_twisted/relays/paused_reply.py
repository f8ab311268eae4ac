# -*- test-case-name: tests.relays.test_streams_grpc -*-
"""
A wait within the reply on a stream of HTTP/2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vaurien_twisted.model.commands import Pause, Wait
from vaurien_twisted.model.decision import Rule, Step
from vaurien_twisted.wire.http2.units import Units


class PausedReply:
    """
    Finds where the reply waits.

    @param rule: by which it does.
    @param context: of the exchange.
    """

    __slots__ = ("_step", "_units")

    def __init__(self, command: Pause, rule: Rule | None, context: object) -> None:
        #: The wait, until it has come.
        self._step: Step | None = Step(Wait(command.seconds), rule)
        self._units = Units(command.count, context)

    def divided(
        self, data: bytes, ends: bool, steps: Sequence[Step]
    ) -> Iterator[tuple[bytes, bool, Sequence[Step]]]:
        """
        The content of a DATA frame, before and after the wait.

        @param ends: whether it ends the reply.
        @param steps: come before it.
        @return: the parts, each with whether it ends the reply, and the steps before it.
        """
        step = self._step
        if step is None:
            yield data, ends, steps
            return
        at = self._units.first(data)
        if at or not data:
            yield data[:at], ends and at == len(data), steps
        if at < len(data):
            self._step = None
            yield data[at:], ends, (step,)
