# -*- test-case-name: tests.experiments.test_run -*-
"""
Verdicts: whether a condition held in a phase.

A condition that could not be judged did not hold: it is reported as C{unknown}, never as
C{held}.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import attrs

from vaurien_twisted.experiments.conditions import (
    Condition,
    Connections,
    ErrorRate,
    Errors,
    Quantile,
    Rate,
    Recovery,
    Tried,
)
from vaurien_twisted.experiments.figures import Figures, Reading

HELD, BROKEN, UNKNOWN = "held", "broken", "unknown"


@attrs.frozen
class Judgement:
    """
    The judgement of a condition in one phase, or at one reading.

    @ivar outcome: L{HELD}, L{BROKEN} or L{UNKNOWN}.
    @ivar measured: the figure in words: C{"0.99 of 812 exchanges took under 0.21 s"}.
    @ivar value: the figure; C{None} if there is none.
    """

    outcome: str
    measured: str
    value: float | None = None


@attrs.frozen
class Check:
    """
    One try of a probe, a query or a command.

    @ivar time: seconds since the experiment began.
    @ivar good: whether the condition held.
    @ivar detail: the response or the output, in words.
    """

    time: float
    good: bool
    detail: str


def judgeFigures(condition: Condition, figures: Figures, seconds: float) -> Judgement | None:
    """
    Judge a condition by the figures of a phase.

    @param seconds: the duration of the phase.
    @return: C{None} for conditions that figures do not decide.
    """
    if isinstance(condition, Quantile):
        value = figures.quantile(condition.quantile)
        if value is None or figures.timed < condition.least:
            return Judgement(UNKNOWN, f"not enough data: {figures.timed} exchanges were timed")
        share = f"{condition.quantile * 100:g} % of {figures.timed} exchanges"
        good = figures.under(condition.below) >= condition.quantile * figures.timed
        return Judgement(_outcome(good), f"{share} took up to about {timeWords(value)}", value)
    if isinstance(condition, Rate):
        if seconds <= 0:
            return Judgement(UNKNOWN, "not enough data: the phase took no time")
        value = figures.exchanges / seconds
        return Judgement(
            _outcome(value >= condition.rate), f"{rounded(value)} exchanges a second", value
        )
    if isinstance(condition, Errors | ErrorRate):
        return _judgeErrors(condition, figures, seconds)
    if isinstance(condition, Connections):
        value = figures.connections
        words = f"{value} open connections"
        return Judgement(_outcome(value <= condition.connections), words, value)
    return None


def _judgeErrors(condition: Errors | ErrorRate, figures: Figures, seconds: float) -> Judgement:
    if not figures.errorsCounted:
        return Judgement(UNKNOWN, "not enough data: errors of this protocol are not counted")
    failed = figures.failed(condition.command, condition.code)
    # An exchange that fails at the end of a phase may have begun before it.
    count = max(figures.exchanges, failed)
    least = condition.least if isinstance(condition, Errors) else 1
    if count < least:
        return Judgement(UNKNOWN, f"not enough data: {count} exchanges")
    words = f"{failed} of {count} exchanges failed"
    if isinstance(condition, Errors):
        limit, value = condition.errors * count, failed / count
    elif seconds <= 0:
        return Judgement(UNKNOWN, "not enough data: the phase took no time")
    else:
        limit, value = condition.error_rate * seconds, failed / seconds
        words += f", {rounded(value)} a second"
    if failed <= limit and figures.opaque:
        unread = f"{figures.opaque} connections could not be read (TLS, for example)"
        return Judgement(UNKNOWN, f"not enough data: {unread}")
    return Judgement(_outcome(failed <= limit), words, value)


def judgeChecks(condition: Condition, checks: Sequence[Check]) -> Judgement | None:
    """
    Judge a condition by its checks in a phase.

    @return: C{None} for conditions that are not tried.
    """
    if not isinstance(condition, Tried):
        return None
    if not checks:
        return Judgement(UNKNOWN, "not enough data: it was not tried")
    bad = [check for check in checks if not check.good]
    share = len(bad) / len(checks)
    if bad:
        words = f"{len(bad)} of {len(checks)} tries failed, the first: {bad[0].detail}"
        return Judgement(BROKEN, words, share)
    return Judgement(HELD, f"{len(checks)} of {len(checks)} tries were good", share)


def judgeRecovery(
    condition: Recovery, readings: Sequence[Reading], end: float
) -> tuple[Judgement, float | None]:
    """
    Judge whether a quantile came below its bound in time.

    @param readings: all readings of the experiment, in order.
    @param end: the end of the phase from which the time is measured.
    @return: the judgement, and the time at which the quantile came below, in seconds after C{end}.
    """
    after = [reading for reading in readings if reading.time >= end]
    enough = False
    for earlier, later in pairwise(after):
        figures = later.of(condition.proxy).since(earlier.of(condition.proxy))
        if not figures.timed:
            continue
        enough = True
        if figures.under(condition.below) >= condition.share * figures.timed:
            took = later.time - end
            good = took <= condition.recovery
            return Judgement(_outcome(good), f"recovered after {timeWords(took)}", took), took
    reached = after[-1].time - end if after else 0.0
    if not enough or reached < condition.recovery:
        words = "not enough data: " + ("the experiment ended" if enough else "no exchange ended")
        return Judgement(UNKNOWN, f"{words} {timeWords(reached)} after the phase"), None
    return Judgement(BROKEN, f"not recovered within {timeWords(reached)}"), None


def overall(outcomes: Sequence[str]) -> str:
    """
    The overall outcome: broken if one is broken, otherwise unknown if one is unknown, otherwise
    held.
    """
    for outcome in (BROKEN, UNKNOWN):
        if outcome in outcomes:
            return outcome
    return HELD


def _outcome(good: bool) -> str:
    return HELD if good else BROKEN


def timeWords(seconds: float) -> str:
    """
    A time in milliseconds or seconds, rounded.
    """
    return f"{rounded(seconds * 1000)} ms" if seconds < 0.9995 else f"{rounded(seconds)} s"


def rounded(value: float) -> str:
    """
    A number with three significant digits; a large one without decimals.
    """
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
