# -*- test-case-name: tests.relays.test_turn_timer -*-
"""
Counts and times the turns of links without rules.
"""

from __future__ import annotations

from collections.abc import Callable


class TurnTimer:
    """
    Watches the bytes of one link.  A turn begins with bytes of the client and ends with the first
    bytes of the backend after them.

    @param seconds: a clock.
    @param observe: called with the duration of each turn, in seconds.
    @ivar count: how many turns have begun.
    """

    __slots__ = ("_began", "_observe", "_seconds", "count")

    def __init__(self, seconds: Callable[[], float], observe: Callable[[float], object]) -> None:
        self._seconds = seconds
        self._observe = observe
        self._began: float | None = None
        self.count = 0

    def asked(self, data: bytes) -> bool:
        """
        The client has sent bytes.

        @return: C{True}: they are passed on.
        """
        if self._began is None:
            self._began = self._seconds()
            self.count += 1
        return True

    def answered(self, data: bytes) -> bool:
        """
        The backend has sent bytes.

        @return: C{True}: they are passed on.
        """
        began = self._began
        if began is not None:
            self._began = None
            self._observe(self._seconds() - began)
        return True

    def renew(self) -> None:
        """
        Bytes have passed without this timer: the client's next bytes begin a turn.
        """
        self._began = None


def watched(
    watch: Callable[[bytes], bool], write: Callable[[bytes], None]
) -> Callable[[bytes], None]:
    """
    A function that shows bytes to a timer, then writes them.
    """

    def relay(data: bytes) -> None:
        watch(data)
        write(data)

    return relay
