# -*- test-case-name: tests.relays.test_streams_faults -*-
"""
Credit of a stream of HTTP/2 that is kept back, and the time of its end.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.model.commands import Withhold
from vaurien_twisted.model.decision import Decision, Rule, Step
from vaurien_twisted.wire.http2.stream import Stream


class WithheldCredit:
    """
    Keeps back the credit of one stream, if that was decided.

    @param release: called when that is over.
    """

    __slots__ = ("_release", "_step", "_timer")

    def __init__(
        self, clock: IReactorTime, stream: Stream, decision: Decision, release: Callable[[], None]
    ) -> None:
        self._release = release
        self._step: Step | None = None
        self._timer: IDelayedCall | None = None
        for step in decision.request:
            command = step.command
            if isinstance(command, Withhold):
                self._step = step
                up, down = command.upstream, command.downstream
                stream.withheld = [0 if up else None, 0 if down else None]
                if command.seconds:
                    self._timer = clock.callLater(command.seconds, self._end)

    def __bool__(self) -> bool:
        return self._step is not None

    def lift(self, keeps: Callable[[Rule], bool]) -> None:
        """
        Keep back no more if the rule that asked for it is no longer kept.
        """
        step = self._step
        if step is not None and (step.rule is None or not keeps(step.rule)):
            self._end()

    def _end(self) -> None:
        self.stop()
        self._release()

    def stop(self) -> None:
        """
        Forget everything.
        """
        self._step = None
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
