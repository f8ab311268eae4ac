# -*- test-case-name: tests.behaviors.test__base -*-
"""
The base of all stream behaviors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import IStreamBehavior, IStreamFilter, Options
from vaurien_twisted.interfaces.effects import IStreamEffect
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option

#: The longest time that an option accepts: a day, in milliseconds and in seconds.
DAY_MS, DAY = 86_400_000, 86_400


def milliseconds(description: str) -> int:
    """
    An option that is a time of up to a day, by default 0.
    """
    return option(int, 0, description, unit="ms", minimum=0, maximum=DAY_MS)


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
    The options of a behavior that applies to the whole proxy.
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
    A filter that passes all bytes unchanged and at once, and never ends a connection.
    """

    drops = False
    flight = 0

    def __init__(self, options: Options, context: StreamContext) -> None:
        self._options = options

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        return ((now, data),)

    def end(self, now: float) -> float | None:
        return now

    def deadline(self, now: float) -> tuple[float, ConnectionFate] | None:
        return None

    def update(self, options: Options, now: float) -> Callable[[float], float] | None:
        self._options = options
        return None


@implementer(IStreamBehavior, IStreamEffect)
class StreamBehavior:
    """
    A behavior during which the proxy accepts connections.

    @cvar filter: the class of the filter that each direction of a new connection gets.
    """

    name: str
    options: type
    listens = True
    filter: ClassVar[type[PassThroughFilter]]

    def effect(self, options: Options) -> str:
        return f"bytes changed {way(options)}"

    def streamFilter(self, options: Options, context: StreamContext) -> IStreamFilter:
        return self.filter(options, context)
