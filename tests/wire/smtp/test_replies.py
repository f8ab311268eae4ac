"""
Tests for L{vaurien_twisted.wire.smtp.replies}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.smtp.test_protocol import greeted
from tests.wire.smtp.test_requests import GREETING, both, session
from tests.wire.support import converse, take


class ReplyTests(SynchronousTestCase):
    """
    Where replies begin and end.
    """

    def test_lines(self) -> None:
        """
        All lines with a hyphen and one without are one reply, however they end.
        """
        reply = b"250-one\r\n250-\r\n250-250 two\n250\r\n"
        heard = both(("client", b"EHLO x\r\nNOOP\r\n"), ("backend", reply + b"250\tok\r\n"))
        self.assertEqual(heard.replies[1], reply)
        self.assertEqual(heard.ended[1], [0, 1, 2])

    def test_greeting(self) -> None:
        """
        The greeting may have several lines, and clients may speak before it.
        """
        for size in (0, 1):
            framer, heard = greeted()
            turns = [("client", b"EHLO x\r\n"), ("backend", b"220-a\r\n220 b\r\n250 c\r\n")]
            converse(framer, turns, size, heard)
            self.assertEqual(heard.replies, {0: b"220-a\r\n220 b\r\n", 1: b"250 c\r\n"})

    def test_unasked(self) -> None:
        """
        What a backend says before it hangs up belongs to no exchange.
        """
        heard = both(("backend", b"421 timeout\r\n"))
        self.assertEqual(heard.loose[1], b"421 timeout\r\n")
        framer, heard = greeted()
        converse(framer, [GREETING, ("backend", b"42")], heard=heard)
        take(heard, framer, framer.backendEnded(), True)
        self.assertEqual(heard.loose[1], b"42")

    def test_shutdown(self) -> None:
        """
        A 421 amid a mail is an answer to it, and the rest of the mail still belongs to it.
        """
        framer, heard = greeted()
        turns = [
            GREETING,
            ("client", b"DATA\r\n"),
            ("backend", b"354 go\r\n"),
            ("client", b"te"),
            ("backend", b"421 down\r\n"),
            ("client", b"xt\r\n.\r\n"),
        ]
        converse(framer, turns, heard=heard)
        self.assertEqual(framer.opaque, "")
        self.assertEqual(heard.requests[2], b"text\r\n.\r\n")
        self.assertEqual(heard.ended, ([1, 2], [0, 1, 2]))

    def test_tls(self) -> None:
        """
        After a 220 to STARTTLS nothing can be read; after a refusal all goes on.
        """
        framer, heard = greeted()
        turns = [GREETING, ("client", b"STARTTLS\r\n"), ("backend", b"454 later\r\n")]
        converse(framer, turns, heard=heard)
        self.assertEqual(framer.opaque, "")
        turns = [
            ("client", b"STARTTLS\r\nNO"),
            ("backend", b"220 go\r\n\x16\3"),
            ("client", b"\x16\3"),
        ]
        converse(framer, turns, heard=heard)
        self.assertEqual(framer.opaque, "TLS")
        self.assertEqual(heard.loose, [b"NO\x16\3", b"\x16\3"])
        self.assertEqual(heard.ended[1], [0, 1, 2])

    def test_cutShort(self) -> None:
        """
        A reply ends with the connection where it has begun.
        """
        for cut in (b"2", b"250-a", b"250-a\r\n25"):
            framer, heard = greeted()
            turns = [GREETING, ("client", b"EHLO x\r\n"), ("backend", cut)]
            converse(framer, turns, heard=heard)
            take(heard, framer, framer.backendEnded(), True)
            self.assertEqual(heard.replies[1], cut)
            self.assertEqual(heard.ended[1], [0, 1])

    def test_impossible(self) -> None:
        """
        What begins with no code is refused behind what was good.
        """
        for bad in (b"HTTP/1.1 400\r\n", b"25\r\n", b"2500 x\r\n", b"\r\n", b"25\xb2 x\r\n"):
            heard = session(("client", b"EHLO x\r\n"), ("backend", b"250-a\r\n" + bad))
            self.assertIn("does not begin with a code", heard.error)
            self.assertEqual((heard.replies[1], heard.loose[1]), (b"250-a\r\n", bad))
