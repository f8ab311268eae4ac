# -*- test-case-name: tests.relays.test_pausing -*-
"""
Whole messages that a framer keeps back go on as the client pauses.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.interfaces import IWithholder

#: How long a client must say nothing to pause, in seconds: longer than between the parts of
#: what it sends in one go.
PAUSE = 0.005


class Pausing:
    """
    Watches for pauses of one client.

    @param goOn: called when the framer is to let go what it keeps back.
    @ivar framer: that framer.
    """

    __slots__ = ("_clock", "_goOn", "_timer", "framer")

    def __init__(self, framer: IWithholder, clock: IReactorTime, goOn: Callable[[], None]) -> None:
        self.framer = framer
        self._clock = clock
        self._goOn = goOn
        self._timer: IDelayedCall | None = None

    def look(self, commands: frozenset[str] | None) -> None:
        """
        All that the client has sent so far was read.

        @param commands: those that rules can meet, in lower case; C{None} for any.
        """
        self.stop()
        withheld = self.framer.withheld
        if not withheld:
            return
        if commands is not None and commands.isdisjoint(withheld):
            self._goOn()
        else:
            self._timer = self._clock.callLater(PAUSE, self._goOn)

    def stop(self) -> None:
        """
        Watch no longer.
        """
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
