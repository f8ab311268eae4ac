# -*- test-case-name: tests.behaviors.test_lifetime -*-
"""
C{lifetime}: connections end at a certain age.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.behaviors._base import DAY, DIRECTION, PassThroughFilter, StreamBehavior, about
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.model.options import option


@attrs.frozen
class LifetimeOptions:
    """
    The options of C{lifetime}.
    """

    seconds: float = option(
        float, 60.0, "The age at which a connection ends.", unit="s", minimum=0, maximum=DAY
    )
    jitter: float = option(
        float,
        0.0,
        "How much more or less that can be, at random.",
        unit="s",
        minimum=0,
        maximum=DAY,
    )
    reset: bool = option(bool, False, "Reset the connection instead of closing it.")
    direction: str = DIRECTION()


class LifetimeFilter(PassThroughFilter):
    """
    Passes all bytes until the connection is old enough.  A changed age still counts from the
    beginning of the connection.
    """

    _options: LifetimeOptions

    def __init__(self, options: LifetimeOptions, context: StreamContext) -> None:
        super().__init__(options, context)
        self._began = context.began
        # Drawn once, so that a change of the options does not draw again.
        self._place = context.random.uniform(-1, 1)

    def deadline(self, now: float) -> tuple[float, ConnectionFate]:
        options = self._options
        age = max(0.0, options.seconds + self._place * options.jitter)
        return self._began + age, ConnectionFate.RESET if options.reset else ConnectionFate.CLOSE


class Lifetime(StreamBehavior):
    """
    Closes or resets each connection at a given age, also in the middle of a request.
    Connections that are already older end at once.
    """

    name = "lifetime"
    options = LifetimeOptions

    def effect(self, options: LifetimeOptions) -> str:
        ended = "reset" if options.reset else "closed"
        return f"connection {ended} at the age of {about(options.seconds, options.jitter, 's')}"

    def streamFilter(self, options: LifetimeOptions, context: StreamContext) -> PassThroughFilter:
        # Only one direction needs a filter that ends the connection.
        if options.direction == "both" and context.direction == "upstream":
            return PassThroughFilter(options, context)
        return LifetimeFilter(options, context)
