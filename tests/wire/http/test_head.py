"""
Tests for L{vaurien_twisted.wire.http.head}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.exchange import SUBJECT_LIMIT
from vaurien_twisted.wire.http.head import (
    CHUNKED,
    ENDLESS,
    HEAD_LIMIT,
    Malformed,
    Partial,
    checkReplyBegun,
    checkRequestBegun,
    headEnd,
    readReply,
    readRequest,
)

LINE = b"POST /a?b=c HTTP/1.1\r\n"


class HeadEndTests(SynchronousTestCase):
    """
    The end of a head is its first blank line.
    """

    def test_ends(self) -> None:
        """
        CRLF and bare LF in all mixtures; the earliest counts.
        """
        for head in (b"a\r\nb\r\n\r\n", b"a\nb\n\n", b"a\r\n\n", b"a\n\r\n"):
            for behind in (b"", b"x", b"\r\n\r\n", b"\n\n"):
                self.assertEqual(headEnd(head + behind, 0, 100), len(head), head + behind)

    def test_none(self) -> None:
        """
        Without a blank line, or with one beyond the bound, there is no end.
        """
        for data in (b"", b"a\r\n", b"a\r\nb\r\n\r", b"a\r\n\rb"):
            self.assertEqual(headEnd(data, 0, 100), -1, data)
        self.assertEqual(headEnd(b"abc\r\n\r\n", 0, 6), -1)
        self.assertEqual(headEnd(b"abc\r\n\r\n", 0, 7), 7)


class RequestTests(SynchronousTestCase):
    """
    Request heads.
    """

    def framing(self, fields: bytes, line: bytes = LINE) -> int:
        """
        The framing of a request with these fields.
        """
        return readRequest(line + fields + b"\r\n").framing

    def test_line(self) -> None:
        """
        Method and target are as written.
        """
        self.assertEqual(readRequest(LINE + b"\r\n"), ("POST", "/a?b=c", 0, False, False))
        self.assertEqual(readRequest(b"get * HTTP/1.0\n\n")[:2], ("get", "*"))
        self.assertEqual(readRequest(b"M-SEARCH \xff HTTP/1.1\r\n\r\n")[:2], ("M-SEARCH", "\xff"))

    def test_longTarget(self) -> None:
        """
        Only the beginning of a long target is kept.
        """
        head = b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n\r\n"
        self.assertEqual(readRequest(head).target, "/" + "a" * (SUBJECT_LIMIT - 1))

    def test_preface(self) -> None:
        """
        The preface of HTTP/2 is known; no other version 2 is.
        """
        self.assertTrue(readRequest(b"PRI * HTTP/2.0\r\n\r\n").preface)
        self.assertRaises(Malformed, readRequest, b"GET / HTTP/2.0\r\n\r\n")

    def test_badLines(self) -> None:
        """
        What is no request line is refused.
        """
        for line in (
            b"GET /\r\n",
            b"GET / HTTP/1.1x\r\n",
            b"GET / http/1.1\r\n",
            b"GET  HTTP/1.1\r\n",
            b"GET /a b HTTP/1.1\r\n",
            b"GE\x00T / HTTP/1.1\r\n",
            b"GET /\x00 HTTP/1.1\r\n",
            b"GET / HTTP/3.0\r\n",
            b" GET / HTTP/1.1\r\n",
            b"\x16\x03\x01 / HTTP/1.1\r\n",
            b"A" * 33 + b" / HTTP/1.1\r\n",
        ):
            self.assertRaises(Malformed, readRequest, line + b"\r\n")

    def test_badFields(self) -> None:
        """
        Lines that servers might read differently are refused.
        """
        for field in (
            b"no colon\r\n",
            b": no name\r\n",
            b"Content-Length : 3\r\n",
            b" folded: before the first\r\n",
            b"A: b\rContent-Length: 3\r\n",
            b"A: b\x00\r\n",
            b"A: b\r\r\n",
            b"Host\x0b: a\r\n",
        ):
            self.assertRaises(Malformed, self.framing, field)

    def test_lengths(self) -> None:
        """
        A Content-Length, once or repeated alike.
        """
        self.assertEqual(self.framing(b""), 0)
        self.assertEqual(self.framing(b"X-Content-Length: 5\r\nA: Content-Length: 6\r\n"), 0)
        self.assertEqual(self.framing(b"Host: a\r\ncontent-LENGTH:12 \t\r\nB: c\r\n"), 12)
        self.assertEqual(self.framing(b"Content-Length: 0\n"), 0)
        self.assertEqual(self.framing(b"Content-Length: 7, 7\r\nContent-Length: 7\r\n"), 7)
        self.assertEqual(self.framing(b"Content-Length: 0000000000000000000000007, 07\r\n"), 7)
        self.assertEqual(self.framing(b"Content-Length: 999999999999999999\r\n"), 10**18 - 1)

    def test_badLengths(self) -> None:
        """
        Any other is refused.
        """
        for value in (
            *(b"", b"-1", b"+1", b"1_0", b"0x10", b"1.0", b"1 0", b"1;2", b"1,", b"1,2"),
            *(b"9" * 19, b"9" * 5000, b"\xb2", b"\xd9\xa1"),
        ):
            self.assertRaises(Malformed, self.framing, b"Content-Length: " + value + b"\r\n")
        self.assertRaises(
            Malformed, self.framing, b"Content-Length: 1\r\nA: b\r\nContent-Length: 2\r\n"
        )

    def test_chunked(self) -> None:
        """
        Chunked is understood where it is the last coding.
        """
        for value in (b"chunked", b" Chunked ", b"gzip, chunked", b"gzip,chunked,"):
            self.assertEqual(self.framing(b"Transfer-Encoding:" + value + b"\r\n"), CHUNKED)
        two = b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
        self.assertEqual(self.framing(two), CHUNKED)

    def test_smuggling(self) -> None:
        """
        Requests whose body two servers could take for different ones are refused.
        """
        for fields in (
            b"Content-Length: x\r\nTransfer-Encoding: chunked\r\n",
            b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            b"Content-Length: 3\r\nTransfer-Encoding: gzip\r\n",
            b"Transfer-Encoding: chunked, gzip\r\n",
            b"Transfer-Encoding: chunked, chunked\r\n",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            b"Transfer-Encoding: xchunked\r\n",
            b"Transfer-Encoding: \x0bchunked\r\n",
            b"Transfer-Encoding: 'chunked'\r\n",
            b"Transfer-Encoding:\r\n",
        ):
            self.assertRaises(Malformed, self.framing, fields)
        old = b"POST / HTTP/1.0\r\n"
        self.assertRaises(Malformed, self.framing, b"Transfer-Encoding: chunked\r\n", old)


class ReplyTests(SynchronousTestCase):
    """
    Reply heads.
    """

    def test_framing(self) -> None:
        """
        By length, in chunks, or until the connection ends.
        """
        for head, framing in (
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 5),
            (b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n", 5),
            (b"HTTP/1.1 200 \nTransfer-Encoding: chunked\n\n", CHUNKED),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", ENDLESS),
            (b"HTTP/1.0 404 Not Found\r\n\r\n", ENDLESS),
            (b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\n", 5),
            (b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\nOdd name: x\r\n\r\n", 5),
        ):
            self.assertEqual(readReply(head, "GET").framing, framing, head)

    def test_bodyless(self) -> None:
        """
        Some replies have no body, whatever their fields say.
        """
        fields = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        for status, method in (
            *((b"100", "GET"), (b"101", "GET"), (b"103", "GET"), (b"204", "GET")),
            *((b"304", "GET"), (b"200", "HEAD"), (b"500", "HEAD"), (b"200", "CONNECT")),
        ):
            reply = readReply(b"HTTP/1.1 " + status + b" X\r\n" + fields, method)
            self.assertEqual(reply, (int(status), 0))

    def test_refused(self) -> None:
        """
        What is no reply, or one of doubtful length, is refused.
        """
        for head in (
            b"HTTP/1.1 20 OK\r\n\r\n",
            b"HTTP/1.1 2000 OK\r\n\r\n",
            b"HTTP/1.1 099 OK\r\n\r\n",
            b"HTTP/2 200 OK\r\n\r\n",
            b"ICY 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\x00\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n",
            b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ):
            self.assertRaises(Malformed, readReply, head, "GET")

    def test_longAsShort(self) -> None:
        """
        Heads too long to be remembered are read alike.
        """
        long = b"X: " + b"x" * 5000 + b"\r\n\r\n"
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + long
        self.assertEqual(readReply(head, "GET"), (200, 5))
        self.assertEqual(readRequest(LINE + b"Content-Length: 5\r\n" + long).framing, 5)


class PartialTests(SynchronousTestCase):
    """
    Heads that arrive in parts.
    """

    def test_kept(self) -> None:
        """
        What is kept comes back whole, and is then forgotten.
        """
        partial = Partial(checkRequestBegun)
        self.assertEqual(partial.add(LINE), b"")
        self.assertEqual(partial.add(b"\r"), b"")
        self.assertEqual(partial.add(b"\nmore"), LINE + b"\r\nmore")
        self.assertEqual(partial.take(), b"")

    def test_earlyRequest(self) -> None:
        """
        What cannot become a request is refused before its head could be whole.
        """
        for data in (b"\x16\x03\x01", b"A" * 33, b"PING\r", b"GET x\r\n", b"EHLO a.test\r\n"):
            self.assertRaises(Malformed, Partial(checkRequestBegun).add, data)
            partial = Partial(checkRequestBegun)
            with self.assertRaises(Malformed):
                for place in range(len(data)):
                    partial.add(data[place : place + 1])

    def test_earlyReply(self) -> None:
        """
        The same for replies.
        """
        for data in (b"2", b"SSH-2.0-x", b"HTTP/2", b"HTTP/1.1 OK\r\n", b"<html>"):
            self.assertRaises(Malformed, Partial(checkReplyBegun).add, data)
        self.assertEqual(Partial(checkReplyBegun).add(b"HTTP/1.1 2"), b"")

    def test_bound(self) -> None:
        """
        A head may have 256 KiB to the byte, in whatever parts.
        """
        fits = LINE.ljust(HEAD_LIMIT - 4, b"x") + b"\r\n\r\n"
        partial = Partial(lambda line: None)
        self.assertEqual(partial.add(fits[:100]), b"")
        self.assertEqual(partial.add(fits[100:]), fits)
        self.assertEqual(partial.add(b"x" + fits[:100]), b"")
        self.assertRaises(Malformed, partial.add, fits[100:])
