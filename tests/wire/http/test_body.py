"""
Tests for L{vaurien_twisted.wire.http.body}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.support import chunks
from vaurien_twisted.wire.http.body import LINE_LIMIT, TRAILER_LIMIT, Chunked, Sized, begin
from vaurien_twisted.wire.http.head import CHUNKED, ENDLESS


def pour(data: bytes, size: int = 0) -> tuple[int, bool, str]:
    """
    How far a chunked body goes in C{data}, whether it is done, what is wrong.
    """
    body = Chunked()
    passed = 0
    for part in chunks(data, size=size):
        end = body.scan(part, 0)
        passed += end
        if body.done or body.fault:
            break
    return passed, body.done, body.fault


class SizedTests(SynchronousTestCase):
    """
    Bodies of known length, and of none.
    """

    def test_length(self) -> None:
        """
        It ends after its last byte, wherever the parts are cut.
        """
        body = begin(5)
        self.assertIsInstance(body, Sized)
        self.assertEqual((body.scan(b"xxabc", 2), body.done), (5, False))
        self.assertEqual((body.scan(b"de next", 0), body.done), (2, True))

    def test_endless(self) -> None:
        """
        A body until the end of the connection takes all.
        """
        body = begin(ENDLESS)
        self.assertEqual((body.scan(b"abc", 1), body.done, body.endless), (3, False, True))


class ChunkedTests(SynchronousTestCase):
    """
    Bodies in chunks.
    """

    def test_begin(self) -> None:
        """
        They are what C{CHUNKED} stands for.
        """
        self.assertIsInstance(begin(CHUNKED), Chunked)

    def test_valid(self) -> None:
        """
        Extensions, trailers, upper and lower case, bare LF; what follows is not taken.
        """
        for data in (
            b"0\r\n\r\n",
            b"5\r\nhello\r\n0\r\n\r\n",
            b"5\nhello\n0\n\n",
            b'00000A;name=value;q="a b"\r\n0123456789\r\nb ;x\r\n0\r\n1\r\n2\r\n34\r\n0\r\n\r\n',
            b"1\r\n\n\r\n2\r\n\r\n\r\n0\r\nDigest: x\r\nB:\r\n\r\n",
        ):
            for size in (0, 1, 2, 3):
                self.assertEqual(pour(data + b"1\r\n", size), (len(data), True, ""), (data, size))

    def test_cut(self) -> None:
        """
        After so many chunks it is done, however it comes; one with fewer is not cut.
        """
        chunk, rest = b"5\r\nhello\r\n", b"0\r\n\r\n"
        for most in range(5):
            for size in (1, 2, 3, 100):
                body, taken = Chunked(most), 0
                data = chunk * 3 + rest
                while taken < len(data) and not body.done:
                    taken += body.scan(data[taken : taken + size], 0)
                self.assertTrue(body.done)
                self.assertEqual(body.cut, most <= 3)
                self.assertEqual(taken, len(chunk) * most if most <= 3 else len(data))

    def test_wrong(self) -> None:
        """
        It stops before the line that is wrong.
        """
        for good, bad in (
            (b"", b"x\r\n"),
            (b"", b"\r\n"),
            (b"", b"-5\r\nhello"),
            (b"", b"0x5\r\nhello"),
            (b"", b"5 5\r\nhello"),
            (b"", b"5;a\rb\r\nhello"),
            (b"", b"10000000000000000\r\n"),
            (b"", b"ffffffffffffffff\r\n"),
            (b"5\r\nhello", b"!\r\n0\r\n\r\n"),
            (b"0\r\n", b"no trailer\r\n\r\n"),
            (b"0\r\n", b" folded: before the first\r\n\r\n"),
        ):
            passed, done, fault = pour(good + bad)
            self.assertEqual((passed, done), (len(good), False), bad)
            self.assertNotEqual(fault, "")
            self.assertNotEqual(pour(good + bad, 1)[2], "", bad)

    def test_largest(self) -> None:
        """
        The largest chunk is that of a signed 64-bit number.
        """
        self.assertEqual(pour(b"7fffffffffffffff\r\n")[2], "")
        self.assertNotEqual(pour(b"8000000000000000\r\n")[2], "")

    def test_longLine(self) -> None:
        """
        An extension may fill the line to its bound and no further.
        """
        line = b"1;".ljust(LINE_LIMIT - 2, b"e") + b"\r\n"
        rest = b"x\r\n0\r\n\r\n"
        for size in (0, 1000):
            self.assertEqual(pour(line + rest, size), (len(line + rest), True, ""))
            self.assertNotEqual(pour(b"0" + line, size)[2], "")

    def test_manyTrailers(self) -> None:
        """
        Trailers are bounded together.
        """
        few = b"0\r\n" + b"A: b\r\n" * (TRAILER_LIMIT // 6)
        self.assertEqual(pour(few + b"\r\n"), (len(few) + 2, True, ""))
        self.assertNotEqual(pour(few + b"A: b\r\n")[2], "")
