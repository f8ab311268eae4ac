# -*- test-case-name: tests.relays.test_pausing -*-
"""
Passes on whole messages that a framer holds back when the client pauses.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.interfaces import IWithholder

#: After how many seconds without bytes a client has paused: longer than between the parts of one
#: transmission.
PAUSE = 0.005


class Pausing:
    """
    Detects pauses of one client.

    @param continueWaiting: called when the framer must release the messages that it holds back.
    @ivar framer: the framer.
    """

    __slots__ = ("_clock", "_continue", "_timer", "framer")

    def __init__(
        self, framer: IWithholder, clock: IReactorTime, continueWaiting: Callable[[], None]
    ) -> None:
        self.framer = framer
        self._clock = clock
        self._continue = continueWaiting
        self._timer: IDelayedCall | None = None

    def look(self, commands: frozenset[str] | None) -> None:
        """
        All bytes that the client has sent so far were read.

        @param commands: the commands that rules can match, in lower case; C{None}: all.
        """
        self.stop()
        withheld = self.framer.withheld
        if not withheld:
            return
        if commands is not None and commands.isdisjoint(withheld):
            self._continue()
        else:
            self._timer = self._clock.callLater(PAUSE, self._continue)

    def stop(self) -> None:
        """
        Stop detecting pauses.
        """
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
