# -*- test-case-name: tests.relays.test_turn_timer -*-
"""
Counting and timing the turns of links on which nothing is in force.
"""

from __future__ import annotations

from collections.abc import Callable


class TurnTimer:
    """
    Watches the bytes of one link as they pass.  A turn begins with bytes of the client, and
    takes as long as the backend's first bytes after them.

    @param seconds: gives the time.
    @param observe: called with the seconds that a turn took.
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
        Bytes of the client pass: C{True}, they may.
        """
        if self._began is None:
            self._began = self._seconds()
            self.count += 1
        return True

    def answered(self, data: bytes) -> bool:
        """
        Bytes of the backend pass: C{True}, they may.
        """
        began = self._began
        if began is not None:
            self._began = None
            self._observe(self._seconds() - began)
        return True

    def renew(self) -> None:
        """
        Bytes have passed elsewhere: the client's next ones begin a turn.
        """
        self._began = None


def watched(
    watch: Callable[[bytes], bool], write: Callable[[bytes], None]
) -> Callable[[bytes], None]:
    """
    What shows bytes to a timer and writes them.
    """

    def relay(data: bytes) -> None:
        watch(data)
        write(data)

    return relay
