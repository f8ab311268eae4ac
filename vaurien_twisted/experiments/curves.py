# -*- test-case-name: tests.experiments.test_run -*-
"""
How an option's value changes over time: ramps and waves.  Pure arithmetic.
"""

from __future__ import annotations

import math

#: The forms that a ramp can have, and those of a wave.
RAMPS = ("linear", "exponential", "steps")
WAVES = ("sine", "square", "saw")

#: The replacement for a zero at the beginning or end of an exponential ramp, as a share of its
#: other end, since zero has no logarithm.
_NEAR_ZERO = 0.001


def ramp(start: float, end: float, share: float, curve: str = "linear", steps: int = 5) -> float:
    """
    The value of a ramp.

    @param share: the elapsed share of its time, from 0 to 1.
    @param curve: one of L{RAMPS}: C{linear}; C{exponential}, which grows by the same factor in
        the same time; C{steps}, in equal steps of which the last has the value C{end}.
    @param steps: the number of steps of C{steps}.
    """
    share = min(1.0, max(0.0, share))
    if share == 1.0:
        return end
    if curve == "steps":
        level = int(share * steps)
        return start + (end - start) * (level / (steps - 1) if steps > 1 else 1.0)
    if curve == "exponential" and start != end and share > 0:
        low = start or end * _NEAR_ZERO
        high = end or start * _NEAR_ZERO
        if low / high > 0:
            return low * math.exp(math.log(high / low) * share)
    return start + (end - start) * share


def wave(low: float, high: float, elapsed: float, period: float, shape: str = "sine") -> float:
    """
    The value of a wave, which begins at C{low}.

    @param elapsed: the time since it began, in seconds.
    @param period: the period, in seconds.
    @param shape: one of L{WAVES}: C{sine}; C{square}, half of each period low, then high;
        C{saw}, which rises from low to high and falls at once.
    """
    turn = (elapsed / period) % 1.0
    if shape == "square":
        return low if turn < 0.5 else high
    if shape == "saw":
        return low + (high - low) * turn
    return low + (high - low) * (1 - math.cos(2 * math.pi * turn)) / 2


def tick(seconds: float, pace: float = 0.0) -> float:
    """
    The interval at which a value that changes over C{seconds} is set: at least once a second, and
    so often that it deviates from a ramp by at most 1 percent of its range.

    @param pace: the time that setting it takes, in seconds, which is the shortest interval.
    @return: the interval in seconds: a second divided by a whole number, at least 20 ms.
    """
    most = 50 if pace <= 0 else min(50, int(0.5 / pace))
    return 1.0 / max(1, min(most, math.ceil(100 / seconds)))
