# -*- test-case-name: tests.model.test_progress -*-
"""
The progress of an exchange: the times and sizes of its request and its reply.
"""

from __future__ import annotations

from collections.abc import Callable

#: The precision of times, in digits after the decimal point of a second.
DIGITS = 6


class Progress:
    """
    The times and sizes of one exchange.  Requests that arrived in one chunk and passed as a whole
    share one.  All times are in seconds by the reactor's clock.

    @param came: the time at which its first bytes arrived.
    @param wall: converts a time of that clock to seconds since 1970; C{None} until bytes have
        arrived.
    @param together: how many requests share it.
    @param requestBytes: the size of the request so far; C{None}: not known.
    @ivar waited: how long its first bytes were kept back, in seconds; C{None} if they have not gone
        on.
    @ivar replyBegan: when the first bytes of the backend's reply were read; C{None} before that.
    @ivar replyEnded: when its last bytes were read; C{None} before that.
    @ivar sent: when the whole reply was sent to the client; C{None} before that.
    @ivar error: the code, if the backend's reply is an error; otherwise C{None}.
    @ivar replyBytes: the size of the backend's reply so far; C{None}: not known.
    """

    __slots__ = (
        "came",
        "error",
        "replyBegan",
        "replyBytes",
        "replyEnded",
        "requestBytes",
        "sent",
        "together",
        "waited",
        "wall",
    )

    def __init__(
        self,
        came: float = 0.0,
        wall: Callable[[float], float] | None = None,
        together: int = 1,
        requestBytes: int | None = None,
    ) -> None:
        self.came = came
        self.wall = wall
        self.together = together
        self.requestBytes = requestBytes
        # One is made for each exchange that a rule affects: one statement is the fastest.
        self.waited: float | None
        self.replyBegan: float | None
        self.replyEnded: float | None
        self.sent: float | None
        self.replyBytes: int | None
        self.error: str | None
        self.waited = self.replyBegan = self.replyEnded = self.sent = self.replyBytes = None
        self.error = None

    def begin(self, now: float, wall: Callable[[float], float]) -> None:
        """
        The first bytes have arrived.

        @param wall: converts times to seconds since 1970.
        """
        self.came, self.wall = now, wall

    def requested(self, size: int, passes: bool) -> None:
        """
        Bytes of the request have arrived.

        @param passes: whether they have gone on at once.
        """
        self.requestBytes = (self.requestBytes or 0) + size
        if passes and self.waited is None:
            self.waited = 0.0

    def replied(self, now: float, size: int, ends: bool) -> None:
        """
        Bytes of the backend's reply have arrived.

        @param ends: whether they are its last ones.
        """
        if self.replyBegan is None:
            self.replyBegan = now
            self.replyBytes = size
        elif self.replyBytes is not None:
            self.replyBytes += size
        if ends:
            self.replyEnded = now

    def passed(self, now: float, size: int | None, ends: bool) -> None:
        """
        Replies have arrived and gone on at once.

        @param size: their bytes; C{None}: some of these belong to other exchanges.
        @param ends: whether they are the last ones.
        """
        if ends and size is not None and self.replyBegan is None:
            # All at once, as nearly always.
            self.replyBegan = self.replyEnded = self.sent = now
            self.replyBytes = size
            return
        self.replied(now, size or 0, ends)
        if size is None:
            self.replyBytes = None
        if ends:
            self.sent = now

    def toJSON(self) -> dict[str, object]:
        """
        The known times and sizes, as JSON: C{came} in seconds since 1970; C{waited}; C{replyBegan},
        C{replyEnded} and C{duration} in seconds after C{came}; C{requestBytes} and C{replyBytes};
        C{error} if the backend's reply is one; C{together} if several requests share this.  It is
        empty until bytes have arrived.
        """
        came = self.came
        if self.wall is None:
            return {}
        described: dict[str, object] = {"came": round(self.wall(came), DIGITS)}
        moments = {
            "waited": self.waited,
            "replyBegan": _since(came, self.replyBegan),
            "replyEnded": _since(came, self.replyEnded),
            "duration": _since(came, self.sent),
        }
        described |= {
            name: round(value, DIGITS) for name, value in moments.items() if value is not None
        }
        sizes = {"requestBytes": self.requestBytes, "replyBytes": self.replyBytes}
        described |= {name: size for name, size in sizes.items() if size is not None}
        if self.error:
            described["error"] = self.error
        if self.together > 1:
            described["together"] = self.together
        return described


def _since(came: float, moment: float | None) -> float | None:
    return None if moment is None else max(0.0, moment - came)
