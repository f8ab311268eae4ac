# -*- test-case-name: tests.behaviors.test__base -*-
"""
What all stream behaviors share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import IStreamFilter, Options
from vaurien_twisted.interfaces.effects import IStreamEffect
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.options import option

#: The longest time that an option accepts: a day, in milliseconds and in seconds.
DAY_MS, DAY = 86_400_000, 86_400


#: Where a stream behavior applies.
DIRECTIONS = ("upstream", "downstream", "both")


def DIRECTION() -> str:
    """
    The option that every stream behavior has.
    """
    return option(
        str,
        "both",
        "Which way: upstream (to the backend), downstream (to the client) or both.",
        choices=DIRECTIONS,
    )


#: The same in plain words.
_WAYS = {"upstream": "to the backend", "downstream": "to the client", "both": "both ways"}


def way(options: Options) -> str:
    """
    The direction of a stream behavior in plain words, such as C{to the client}.
    """
    return _WAYS[options.direction]


def about(number: float, variation: float, unit: str) -> str:
    """
    A quantity that varies, such as C{100 ms} or C{100 ± 20 ms}.
    """
    return f"{number:,g} ± {variation:,g} {unit}" if variation else f"{number:,g} {unit}"


@attrs.frozen
class WholeProxyOptions:
    """
    The options of a behavior that is for the whole proxy.
    """

    direction: str = option(
        str,
        "both",
        "Has no effect: the behavior is for the whole proxy.",
        choices=DIRECTIONS,
        ignored=True,
    )


@implementer(IStreamFilter)
class PassThroughFilter:
    """
    A filter that passes all bytes unchanged and at once.
    """

    drops = False
    flight = 0

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        Pass C{data} now.
        """
        return ((now, data),)

    def end(self, now: float) -> float | None:
        """
        Pass the end of the stream now.
        """
        return now

    def deadline(self, now: float) -> tuple[float, ConnectionFate] | None:
        """
        Return C{None}: this filter never ends a connection.
        """
        return None

    def update(self, options: Options, now: float) -> Callable[[float], float] | None:
        """
        Ignore the options: nothing depends on them.
        """
        return None


@implementer(IStreamEffect)
class StreamBehavior:
    """
    A behavior under which the proxy goes on accepting connections.
    """

    listens = True

    def effect(self, options: Options) -> str:
        """
        Say that the bytes are changed: the effect of a behavior that says no more.
        """
        return f"bytes changed {way(options)}"
