# -*- test-case-name: tests.relays.test_streams -*-
"""
Replies on a stream that are cut: after so many bytes of the body, or DATA frames.
"""

from __future__ import annotations

from vaurien_twisted.model.commands import ConnectionFate, Truncate
from vaurien_twisted.wire.http2.codes import CODES
from vaurien_twisted.wire.http2.frames import piece, reset
from vaurien_twisted.wire.http2.stream import Stream


class Cut:
    """
    Lets the beginning of one reply pass.  The head of the reply passes where anything does.

    @ivar missing: how many bytes or units have yet to come before the cut.
    """

    __slots__ = ("_ending", "_number", "_units", "missing")

    def __init__(self, command: Truncate, stream: Stream) -> None:
        self.missing = command.count
        self._units = command.units
        self._number = number = stream.number
        self._ending = reset(number, CODES["INTERNAL_ERROR"])
        if command.ending:
            self._ending = command.ending
        elif command.then is ConnectionFate.CLOSE and command.count:
            self._ending = piece(number, b"", True)

    def passing(self, data: bytes, head: bool, ends: bool) -> tuple[bytes, bool]:
        """
        A part of the reply has come.

        @param data: frames if C{head}, else the content of one DATA frame.
        @param ends: whether it ends the reply.
        @return: the frames that pass, and whether the reply is cut behind them.
        """
        if not self.missing:
            return self._ending, True
        if head:
            return data, False
        size = 1 if self._units else len(data)
        passing = data if self._units or size <= self.missing else data[: self.missing]
        self.missing -= min(self.missing, size)
        if self.missing:
            return piece(self._number, passing, ends), False
        return piece(self._number, passing, False) + self._ending, True
