# -*- test-case-name: tests.record.test_repeats -*-
"""
Limits log lines that clients can cause without end, such as one for each connection that fails:
the first ones are written in full, the others are counted.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger, LogLevel

from vaurien_twisted.model.callbacks import nothing

#: The most lines of one kind that are written in full within L{WINDOW}.
FULL = 10

#: The period for which lines are counted, in seconds, from the first line on.
WINDOW = 60.0

#: The line with the number of lines that were not written.
MORE = "{source}{count} more lines in the last {seconds:.0f} s such as: {example}"


class _Kind:
    """
    The lines with one format.
    """

    def __init__(self, began: float) -> None:
        self.began = began
        self.written = 0
        self.left = 0
        self.example = ""
        self.report: Callable[[], None] = nothing
        self.timer: IDelayedCall | None = None


class Repeats:
    """
    The log lines of one source.  Lines with different formats are counted separately.

    @param source: the beginning of the lines that give counts, such as a proxy's name.
    """

    def __init__(self, clock: IReactorTime, source: str = "") -> None:
        self._clock = clock
        self._source = f"{source}: " if source else ""
        self._kinds: dict[tuple[str, str], _Kind] = {}

    def warn(self, log: Logger, text: str, **facts: object) -> bool:
        """
        Log a line at level warn, or count it.

        @param text: its format.
        @return: whether it was written.
        """
        return self._emit(log, LogLevel.warn, text, facts)

    def info(self, log: Logger, text: str, **facts: object) -> bool:
        """
        Log a line at level info, or count it.

        @return: whether it was written.
        """
        return self._emit(log, LogLevel.info, text, facts)

    def _emit(self, log: Logger, level: LogLevel, text: str, facts: dict[str, object]) -> bool:
        now = self._clock.seconds()
        key = log.namespace, text
        kind = self._kinds.get(key)
        if kind is None or (kind.timer is None and not 0 <= now - kind.began < WINDOW):
            kind = self._kinds[key] = _Kind(now)
        if kind.written < FULL:
            kind.written += 1
            log.emit(level, text, **facts)
            return True
        kind.left += 1
        kind.example = text.format_map(facts)
        if kind.timer is None:
            counted = kind

            def report() -> None:
                self._report(log, level, counted)

            kind.report = report
            kind.timer = self._clock.callLater(max(0.0, kind.began + WINDOW - now), report)
        return False

    def _report(self, log: Logger, level: LogLevel, kind: _Kind) -> None:
        now = self._clock.seconds()
        log.emit(
            level,
            MORE,
            source=self._source,
            count=kind.left,
            seconds=now - kind.began,
            example=kind.example,
        )
        kind.began, kind.written, kind.left, kind.timer = now, 0, 0, None

    def stop(self) -> None:
        """
        Log the counts, and start again from zero.
        """
        kinds, self._kinds = self._kinds, {}
        for kind in kinds.values():
            if kind.timer is not None:
                if kind.timer.active():
                    kind.timer.cancel()
                kind.report()
