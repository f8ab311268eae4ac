"""
Tests for L{vaurien_twisted.wire.grpc.messages}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.wire.grpc.messages import Messages


class MessagesTests(SynchronousTestCase):
    """
    Where messages end.
    """

    @given(st.lists(st.binary(max_size=20), max_size=10), st.lists(st.integers(1, 9), min_size=1))
    def test_anyPieces(self, contents: list[bytes], sizes: list[int]) -> None:
        """
        However the bytes are divided.
        """
        said, expected = b"", []
        for content in contents:
            said += b"\x00" + len(content).to_bytes(4, "big") + content
            expected.append(len(said))
        messages, found, at, turn = Messages(), [], 0, 0
        while at < len(said):
            piece = said[at : at + sizes[turn % len(sizes)]]
            found += [at + end for end in messages.ends(piece)]
            at, turn = at + len(piece), turn + 1
        self.assertEqual(found, expected)
