# -*- test-case-name: tests.behaviors.test_lifetime -*-
"""
C{lifetime}: a connection ends at a certain age.
"""

from __future__ import annotations

from random import Random

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.behaviors._base import DAY, DIRECTION, PassThroughFilter, StreamBehavior
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class LifetimeOptions:
    """
    Which age, and how.
    """

    seconds: float = option(
        float, 60.0, "How old connections become.", unit="s", minimum=0, maximum=DAY
    )
    jitter: float = option(float, 0.0, "By how much that varies.", unit="s", minimum=0, maximum=DAY)
    reset: bool = option(bool, False, "Reset the connection instead of closing it.")
    direction: str = DIRECTION()


class LifetimeFilter(PassThroughFilter):
    """
    Lets all pass until the time is over.
    """

    def __init__(self, options: LifetimeOptions, began: float, random: Random) -> None:
        self._options = options
        self._began = began
        # Drawn once, so that other options do not draw again.
        self._place = random.uniform(-1, 1)

    def deadline(self, now: float) -> tuple[float, ConnectionFate]:
        """
        At that age; at once where the connection is older.
        """
        options = self._options
        age = max(0.0, options.seconds + self._place * options.jitter)
        return self._began + age, ConnectionFate.RESET if options.reset else ConnectionFate.CLOSE

    def update(self, options: LifetimeOptions, now: float) -> None:
        """
        The age still counts from the beginning.
        """
        self._options = options


@implementer(IPlugin, IStreamBehavior)
class Lifetime(StreamBehavior):
    """
    Every connection is closed, or reset, when it is so old, whatever is under way on it.
    Those that are older when this begins end at once.
    """

    name = "lifetime"
    options = LifetimeOptions

    def streamFilter(self, options: LifetimeOptions, context: StreamContext) -> PassThroughFilter:
        """
        A stage that ends the link: one of them is enough, and one jitter.
        """
        if options.direction == "both" and context.direction == "upstream":
            return PassThroughFilter()
        return LifetimeFilter(options, context.began, context.random)
