# -*- test-case-name: tests.behaviors.test__base -*-
"""
What all stream behaviors share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import IStreamFilter, Options
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


class StreamBehavior:
    """
    A behavior under which the proxy goes on accepting connections.
    """

    listens = True
