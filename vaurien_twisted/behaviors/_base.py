# -*- test-case-name: tests.behaviors.test__base -*-
"""
What all stream behaviors share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from zope.interface import implementer

from vaurien_twisted.interfaces import IStreamFilter
from vaurien_twisted.model.commands import PASS, Actions, ConnectionFate
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import option

#: The longest time that an option accepts: a day, in milliseconds and in seconds.
DAY_MS, DAY = 86_400_000, 86_400


def DIRECTION() -> Any:
    """
    The option that every stream behavior has.
    """
    return option(
        str,
        "both",
        "Affected bytes: upstream (to the backend), downstream (to the client) or both.",
        choices=("upstream", "downstream", "both"),
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

    def update(self, options: Any, now: float) -> Callable[[float], float] | None:
        """
        Ignore the options: nothing depends on them.
        """
        return None


class StreamBehavior:
    """
    The base of behaviors that act on bytes, not on single requests.
    """

    connections = False
    listens = True

    def decide(self, options: Any, context: DecisionContext) -> Actions:
        """
        Leave every request alone.
        """
        return PASS
