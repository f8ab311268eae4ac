# -*- test-case-name: tests.behaviors.test__base -*-
"""
What stream behaviors have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from zope.interface import implementer

from vaurien_twisted.interfaces import IStreamFilter
from vaurien_twisted.model.commands import PASS, Actions, ConnectionFate
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import option

#: The longest that can be asked for: a day in milliseconds, and in seconds.
DAY_MS, DAY = 86_400_000, 86_400


def DIRECTION() -> Any:
    """
    The option that every stream behavior has.
    """
    return option(
        str,
        "both",
        "Which way: upstream (to the backend), downstream (to the client) or both.",
        choices=("upstream", "downstream", "both"),
    )


@implementer(IStreamFilter)
class PassThroughFilter:
    """
    A stage that lets everything pass at once.
    """

    drops = False
    flight = 0

    def push(self, data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        All of it, now.
        """
        return ((now, data),)

    def end(self, now: float) -> float | None:
        """
        Now.
        """
        return now

    def deadline(self, now: float) -> tuple[float, ConnectionFate] | None:
        """
        Never.
        """
        return None

    def update(self, options: Any, now: float) -> Callable[[float], float] | None:
        """
        Nothing depends on options.
        """
        return None


class StreamBehavior:
    """
    Says nothing about exchanges.
    """

    connections = False
    listens = True

    def decide(self, options: Any, context: DecisionContext) -> Actions:
        """
        Nothing: exchanges are not its matter.
        """
        return PASS
