"""
Tests for the scanning of RESP values.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.wire.redis.resp import DEPTH_LIMIT, Malformed, Scanner, number, opening


def length(data: bytes, size: int = 0) -> int:
    """
    How many bytes of C{data} are the first value, -1 if it does not end.
    """
    scanner = Scanner()
    scanner.begin()
    kept, passed = b"", 0
    for start in range(0, len(data), size or len(data)):
        part = kept + data[start : start + (size or len(data))]
        reached = scanner.scan(part, 0)
        passed += reached
        if scanner.done:
            return passed
        kept = part[reached:]
    return -1


class ScannerTests(SynchronousTestCase):
    """
    Where values end.
    """

    def test_kinds(self) -> None:
        """
        Every type of RESP2 and RESP3 ends where it should, whole and byte by byte, and
        no byte earlier.
        """
        for value in (
            b"+\r\n",
            b"-ERR a long line that is longer than any header may be\r\n",
            b":-9223372036854775808\r\n",
            b"$0\r\n\r\n",
            b"$-1\r\n",
            b"$11\r\n\r\n+OK\r\n$-1\r\r\n",
            b"$5000\r\n" + b"x" * 5000 + b"\r\n",
            b"*0\r\n",
            b"*-1\r\n",
            b"*2\r\n*1\r\n:1\r\n*0\r\n",
            b"_\r\n",
            b"#f\r\n",
            b",-inf\r\n",
            b"(3492890328409238509324850943850943825024385\r\n",
            b"!4\r\nERR \r\n",
            b"=9\r\ntxt:a\r\nbc\r\n",
            b"%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n",
            b"~2\r\n:1\r\n:2\r\n",
            b">2\r\n+a\r\n:1\r\n",
            b"|1\r\n+ttl\r\n:3600\r\n*2\r\n|1\r\n+x\r\n+y\r\n:1\r\n:2\r\n",
            b"*?\r\n:1\r\n*2\r\n:2\r\n*?\r\n.\r\n%?\r\n+a\r\n:3\r\n.\r\n.\r\n",
            b"*2\r\n$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n:1\r\n",
            b"$?\r\n;0\r\n",
            b"|?\r\n+a\r\n+b\r\n.\r\n+c\r\n",
        ):
            for size in (0, 1, 2, 3, 11):
                self.assertEqual(length(value + b"+next\r\n", size), len(value), (value, size))
                self.assertEqual(length(value[:-1], size), -1, (value, size))

    def test_hostile(self) -> None:
        """
        Claims are not believed before they are seen, and cost nothing.
        """
        for claim in (b"*2147483647\r\n", b"$9223372036854775807\r\nxx", b"%2147483647\r\n:1\r\n"):
            self.assertEqual(length(claim), -1)
            self.assertEqual(length(claim, 1), -1)

    def test_deep(self) -> None:
        """
        Aggregates with a length nest as deep as they like, those without to a limit.
        """
        deep = b"*1\r\n" * 100_000 + b":1\r\n"
        self.assertEqual(length(deep), len(deep))
        fine = b"*?\r\n" * DEPTH_LIMIT + b".\r\n" * DEPTH_LIMIT
        self.assertEqual(length(fine), len(fine))
        self.assertRaises(Malformed, length, b"*?\r\n" * (DEPTH_LIMIT + 1))

    def test_malformed(self) -> None:
        """
        What is not RESP is refused as soon as that shows.
        """
        for data in (
            b"HTTP/1.1 400 Bad Request\r\n",
            b"H",
            b"\r\n",
            b"$x\r\n",
            b"$-2\r\n",
            b"$01\r\n",
            b"$1_0\r\n",
            b"$+1\r\n",
            b"$9223372036854775808\r\n",
            b"*2147483648\r\n",
            b"*-2\r\n",
            b"$" + b"1" * 30,
            b"$3\r\nabcde",
            b"$5000\r\n" + b"x" * 5000 + b"ab",
            b".\r\n",
            b";1\r\na\r\n",
            b"$?\r\n:1\r\n",
            b"$?\r\n;-1\r\n",
            b":" + b"1" * 30,
        ):
            self.assertRaises(Malformed, length, data)

    def test_integer(self) -> None:
        """
        The last integer is remembered until the next value begins.
        """
        scanner = Scanner()
        scanner.begin()
        scanner.scan(b"*2\r\n:1\r\n:23\r\n", 0)
        self.assertEqual(scanner.integer, b"23")
        scanner.begin()
        self.assertEqual(scanner.integer, b"")

    def test_number(self) -> None:
        """
        Only what Redis reads as a length is one.
        """
        self.assertEqual([number(b"0"), number(b"-1"), number(b"120")], [0, -1, 120])
        for digits in (b"", b"-", b"00", b"1 ", b"--1", b"1" * 20, b"\xb2"):
            self.assertRaises(Malformed, number, digits)


class OpeningTests(SynchronousTestCase):
    """
    The first word of an array.
    """

    def test_word(self) -> None:
        """
        It is told as soon as it is there, and C{None} before.
        """
        data = b"*3\r\n$7\r\nmessage\r\n"
        for end in range(1, 15):
            self.assertIsNone(opening(data[:end], 0), end)
        self.assertEqual(opening(data[:15], 0), b"message")
        self.assertEqual(opening(b"junk" + data, 4), b"message")

    def test_none(self) -> None:
        """
        There is none where the first element is long or no string.
        """
        for data in (
            b"*1\r\n:",
            b"*1\r\n$17\r\n",
            b"*1\r\n$1234567890",
            b"*" + b"1" * 30,
            b"*1\r\n$-1\r\n",
        ):
            self.assertEqual(opening(data, 0), b"", data)
