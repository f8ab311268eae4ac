"""
Tests for L{vaurien_twisted.wire.mysql.results}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.mysql.script import define, eof
from vaurien_twisted.wire.mysql.packets import packet
from vaurien_twisted.wire.mysql.results import passDefinitions, passRows


class WalkTests(SynchronousTestCase):
    """
    Packets are passed over only while they are what they seem to be.
    """

    def test_rows(self) -> None:
        """
        The first packet that is no row is where it ends, with that one's number.
        """
        rows = packet(254, b"\1a") + packet(255, b"\xfb") + packet(0, b"\2bc")
        for rest in (
            eof(1),
            packet(1, b""),
            packet(2, b"\1a"),
            packet(1, b"\xff..."),
            b"\2\0\0\1x",
        ):
            data = b"head" + rows + rest
            at, number = passRows(data, 4, len(data), 254 << 24)
            self.assertEqual((at, number), (4 + len(rows), 1 << 24), rest)

    def test_definitions(self) -> None:
        """
        No more are passed over than asked for, and none that begins like something else.
        """
        data = define(1) + define(2) + define(3)
        each = len(define(1))
        self.assertEqual(passDefinitions(data, 0, len(data), 1 << 24, 9), (3 * each, 4 << 24, 3))
        self.assertEqual(passDefinitions(data, 0, len(data), 1 << 24, 2), (2 * each, 3 << 24, 2))
        self.assertEqual(passDefinitions(data, 0, 2 * each - 1, 1 << 24, 9), (each, 2 << 24, 1))
        self.assertEqual(passDefinitions(data, 0, len(data), 2 << 24, 9), (0, 2 << 24, 0))
        self.assertEqual(passDefinitions(eof(1), 0, 9, 1 << 24, 9), (0, 1 << 24, 0))
