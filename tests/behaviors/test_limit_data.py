"""
Tests for L{vaurien_twisted.behaviors.limit_data}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.filters import optionsOf, streamFilter
from vaurien_twisted.model.commands import ConnectionFate


class LimitDataTests(SynchronousTestCase):
    """
    So many bytes.
    """

    def test_limit(self) -> None:
        """
        As many bytes as the limit allows pass, and the last of them ends the link.
        """
        limit = streamFilter("limit_data", bytes=10)
        self.assertEqual(list(limit.push(b"123456", 1.0)), [(1.0, b"123456")])
        self.assertIsNone(limit.deadline(1.0))
        self.assertEqual(list(limit.push(b"7890", 2.0)), [(2.0, b"7890")])
        self.assertEqual((limit.deadline(2.0), limit.drops), ((2.0, ConnectionFate.CLOSE), False))

    def test_inTheMiddle(self) -> None:
        """
        What is beyond is lost.
        """
        limit = streamFilter("limit_data", bytes=3)
        self.assertEqual(list(limit.push(b"123456", 1.0)), [(1.0, b"123")])
        self.assertEqual(list(limit.push(b"789", 1.5)), [])
        self.assertEqual((limit.deadline(2.0), limit.drops), ((1.0, ConnectionFate.CLOSE), True))

    def test_none(self) -> None:
        """
        A limit of 0 ends the link with the first byte, not before.
        """
        limit = streamFilter("limit_data")
        self.assertIsNone(limit.deadline(1.0))
        self.assertEqual(list(limit.push(b"1", 1.0)), [])
        self.assertEqual(limit.deadline(1.0), (1.0, ConnectionFate.CLOSE))

    def test_changed(self) -> None:
        """
        What has passed counts under another limit too.
        """
        limit = streamFilter("limit_data", bytes=10)
        limit.push(b"123456", 1.0)
        limit.update(optionsOf("limit_data", bytes=8), 2.0)
        self.assertEqual(list(limit.push(b"7890", 2.0)), [(2.0, b"78")])
