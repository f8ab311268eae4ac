"""
Tests for L{vaurien_twisted.wire.http2.header_blocks}.
"""

from __future__ import annotations

from hpack import Decoder, Encoder
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.wire.http2.codes import CODES, parseCode
from vaurien_twisted.wire.http2.endings import codeOf, isEnding
from vaurien_twisted.wire.http2.header_blocks import HeaderBlocks
from vaurien_twisted.wire.http2.request_head import requestHead

FIELDS = ((b":method", b"GET"), (b":path", b"/a?b"), (b":authority", b"c"), (b"x-long", b"y" * 50))


class HeaderBlocksTests(SynchronousTestCase):
    """
    The blocks of one direction, with a sender and a receiver that have a table.
    """

    def setUp(self) -> None:
        """
        Nothing was sent.
        """
        self.blocks, self.sender, self.receiver = HeaderBlocks(), Encoder(), Decoder()

    def read(self, block: bytes) -> tuple[tuple[bytes, bytes], ...]:
        """
        What the receiver reads.
        """
        return tuple((name, value) for name, value in self.receiver.decode(block, raw=True))

    def test_passing(self) -> None:
        """
        Blocks that pass are decoded; the same one is the same object while the table stays.
        """
        first = self.sender.encode(FIELDS)
        self.assertEqual(self.blocks.read(first).fields, FIELDS)
        second = self.sender.encode(FIELDS)
        self.assertIs(self.blocks.read(second), self.blocks.read(second))
        self.assertFalse(self.blocks.rewritten)

    def test_withheldUnchanged(self) -> None:
        """
        A block that has not changed the table leaves the others as they are.
        """
        for _ in range(2):
            block = self.sender.encode(FIELDS)
            self.blocks.read(block)
            self.read(block)
        self.blocks.withheld()
        self.assertFalse(self.blocks.rewritten)
        written = self.blocks.written(self.blocks.read(block).plain)
        self.assertEqual(self.read(written), FIELDS)
        self.assertEqual(self.read(self.sender.encode(FIELDS)), FIELDS)

    def test_withheldChanged(self) -> None:
        """
        After one that has, none passes as it is, and the table is empty.
        """
        self.blocks.read(self.sender.encode(FIELDS))
        self.blocks.withheld()
        self.assertTrue(self.blocks.rewritten)
        for _ in range(2):
            block = self.blocks.read(self.sender.encode(FIELDS))
            self.assertEqual(self.read(self.blocks.written(block.plain)), FIELDS)
        self.assertEqual(self.receiver.header_table_size, 0)

    def test_smallerTable(self) -> None:
        """
        A receiver that wants a smaller table reads of it in the next block, whoever writes it.
        """
        self.blocks.allow(100)
        self.receiver.max_allowed_table_size = 100
        self.assertEqual(self.read(self.blocks.written(b"\x82")), ((b":method", b"GET"),))


class WordsTests(SynchronousTestCase):
    """
    Requests and codes.
    """

    def test_request(self) -> None:
        """
        A request as a head of HTTP/1.
        """
        head = requestHead((*FIELDS, (b"x", b"two\r\nlines")))
        self.assertEqual((head.method, head.target, head.grpc), ("GET", "/a?b", False))
        lines = head.head.split(b"\r\n")
        self.assertEqual(lines[:2], [b"GET /a?b HTTP/2", b"host: c"])
        self.assertEqual(lines[-3:], [b"x: two  lines", b"", b""])

    def test_grpc(self) -> None:
        """
        The type of a call.
        """
        for kind, grpc in (
            (b"application/grpc", True),
            (b"application/grpc+proto", True),
            (b"application/grpc;x=y", True),
            (b"application/grpc-web", False),
            (b"text/plain", False),
        ):
            self.assertEqual(requestHead(((b"content-type", kind),)).grpc, grpc)

    def test_codes(self) -> None:
        """
        Error codes by name or number, and the errors that have them.
        """
        self.assertEqual(parseCode("refused-stream"), CODES["REFUSED_STREAM"])
        self.assertEqual(
            [parseCode("0x10"), parseCode("10"), parseCode("x"), parseCode("-1")],
            [16, 10, None, None],
        )
        self.assertIsNone(parseCode(str(2**32)))
        self.assertEqual(codeOf("rst-stream"), ("rst-stream", 8))
        self.assertEqual(codeOf("goaway:CANCEL"), ("goaway", 8))
        self.assertEqual([isEnding(code) for code in ("goaway:", "goaway:X", "503")], [False] * 3)
