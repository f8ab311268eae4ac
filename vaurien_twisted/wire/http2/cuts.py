# -*- test-case-name: tests.relays.test_streams -*-
"""
Cuts replies on a stream after a number of bytes of the body, or of units.
"""

from __future__ import annotations

from vaurien_twisted.model.commands import ConnectionFate, Truncate
from vaurien_twisted.wire.http2.codes import CODES
from vaurien_twisted.wire.http2.frames import piece, reset
from vaurien_twisted.wire.http2.stream import Stream
from vaurien_twisted.wire.http2.units import Units


class Cut:
    """
    Passes the beginning of one reply.  The head passes if any byte does.
    """

    __slots__ = ("_bytes", "_ending", "_number", "_units")

    def __init__(self, command: Truncate, stream: Stream) -> None:
        self._number = number = stream.number
        self._bytes = 0 if command.units else command.count
        self._units = Units(command.count if command.units else 0, stream.exchange.context)
        self._ending = reset(number, CODES["INTERNAL_ERROR"])
        if command.ending:
            self._ending = command.ending
        elif command.then is ConnectionFate.CLOSE and command.count:
            self._ending = piece(number, b"", True)

    @property
    def missing(self) -> int:
        """
        The number of bytes or units that are missing before the cut.
        """
        return self._bytes or self._units.left

    def passing(self, data: bytes, head: bool, last: bool) -> tuple[bytes, bool]:
        """
        A part of the reply has arrived.

        @param data: frames if C{head}, otherwise the content of one DATA frame.
        @param last: whether it ends the reply.
        @return: the frames that pass, and whether the reply is cut after them.
        """
        if not self.missing:
            return self._ending, True
        if head:
            return data, False
        if self._bytes:
            passing = data[: self._bytes]
            self._bytes -= len(passing)
        else:
            passing = data[: self._units.first(data)]
        if self.missing:
            return piece(self._number, passing, last), False
        return piece(self._number, passing, False) + self._ending, True
