"""
Tests for L{vaurien_twisted.wire.smtp.requests}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.smtp.test_protocol import greeted
from tests.wire.support import Heard, chunks, converse, take
from vaurien_twisted.model.exchange import FramingError
from vaurien_twisted.wire.smtp.protocol import SMTPFramer

GREETING = ("backend", b"220 hi\r\n")
OK = b"250 OK\r\n"
GO = b"354 go\r\n"
MAIL = b"MAIL FROM:<a@x.org>\r\n"


def session(*turns: tuple[str, bytes], size: int = 0) -> Heard:
    """
    What a framer makes of a session that goes on so behind the greeting.
    """
    framer, heard = greeted()
    return converse(framer, (GREETING, *turns), size, heard)


def both(*turns: tuple[str, bytes]) -> Heard:
    """
    As L{session}; it must be the same byte by byte.
    """
    whole, bytewise = session(*turns), session(*turns, size=1)
    for one, other in (
        (asked(whole), asked(bytewise)),
        (whole.requests, bytewise.requests),
        (whole.replies, bytewise.replies),
        (whole.ended, bytewise.ended),
        (whole.loose, bytewise.loose),
    ):
        if one != other:
            raise AssertionError(f"{one!r} is not {other!r}")
    return whole


def asked(heard: Heard) -> list[str]:
    """
    What was asked behind the greeting, in order.
    """
    return [heard.exchanges[n].description for n in sorted(heard.exchanges) if n]


class CommandTests(SynchronousTestCase):
    """
    Commands, one or many at once.
    """

    def test_pipelined(self) -> None:
        """
        Commands sent at once are exchanges with replies of their own.
        """
        heard = both(
            ("client", MAIL + b"rcpt to:<b@x.org>\r\nRCPT TO:<c@x.org>\r\nDATA\r\n"),
            ("backend", OK + b"550 no\r\n" + OK + GO),
            ("client", b"text\r\n.\r\n"),
            ("backend", OK),
        )
        commands = [exchange.command for exchange in heard.exchanges.values()][1:]
        self.assertEqual(commands, ["MAIL", "RCPT", "RCPT", "DATA", "MESSAGE"])
        self.assertEqual(heard.exchanges[5].subject, "a@x.org c@x.org")
        self.assertEqual(heard.replies[2], b"550 no\r\n")
        self.assertEqual(heard.ended, ([1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]))

    def test_lines(self) -> None:
        """
        Bare line feeds end commands too, NUL is a byte as any other, and so is nothing.
        """
        heard = both(("client", b"noop\nVRFY \0\r\n\r\n"))
        self.assertEqual(asked(heard), ["NOOP", "VRFY \0", ""])

    def test_long(self) -> None:
        """
        A line that does not end is refused at the bound, and handed back whole.
        """
        for size in (0, 1000):
            heard = session(("client", b"NOOP\r\n" + b"x" * 70000), size=size)
            self.assertIn("64 KiB", heard.error)
            self.assertEqual(heard.requests, {1: b"NOOP\r\n"})
            self.assertTrue(set(heard.loose[0]) == {ord("x")} and len(heard.loose[0]) >= 65536)
        framer, _ = greeted()
        with self.assertRaises(FramingError):
            list(framer.fromClient(b"x" * 70000 + b"\r\n"))

    def test_cutShort(self) -> None:
        """
        Half a line goes to the backend when the client ends.
        """
        framer, heard = greeted()
        converse(framer, [GREETING, ("client", b"QUI")], heard=heard)
        take(heard, framer, framer.clientEnded(), False)
        self.assertEqual(heard.loose[0], b"QUI")


class MessageTests(SynchronousTestCase):
    """
    The text of mails.
    """

    def test_text(self) -> None:
        """
        It ends with a dot on a line of its own, and only there.
        """
        for text in (
            b".\r\n",
            b"\r\n.\r\n",
            b"..\r\n.a\r\n.\n\n.\r\n.\r.\r\n\r\n.\r\n",
            b"a\r\n\r\n.\r\n",
            b"\r\n.\r\r\n.\r\n",
            b"\r\r\n.\r\n",
        ):
            heard = both(
                ("client", b"DATA\r\n"),
                ("backend", GO),
                ("client", text + b"QUIT\r\n"),
                ("backend", OK + b"221 bye\r\n"),
            )
            self.assertEqual(asked(heard), ["DATA", "MESSAGE", "QUIT"])
            self.assertEqual(heard.requests[2], text)
            self.assertEqual(heard.ended, ([1, 2, 3], [0, 1, 2, 3]))

    def test_cuts(self) -> None:
        """
        The end is found wherever the reads are cut.
        """
        text = b"line\r\n..\r\n.\r\n"
        for size in range(1, len(text)):
            framer, heard = greeted()
            converse(framer, [GREETING, ("client", b"DATA\r\n"), ("backend", GO)], heard=heard)
            for part in chunks(text + b"NOOP\r\n", size=size):
                take(heard, framer, framer.fromClient(part), False)
            self.assertEqual(heard.requests[2], text)
            self.assertEqual(asked(heard)[2:], ["NOOP"])

    def test_streamed(self) -> None:
        """
        It is passed on as it arrives, the very bytes.
        """
        framer, heard = greeted()
        converse(framer, [GREETING, ("client", b"DATA\r\n"), ("backend", GO)], heard=heard)
        part = b"x" * 100000
        ((exchange, data, ends),) = framer.fromClient(part)
        assert exchange is not None
        self.assertEqual((exchange.command, ends), ("MESSAGE", False))
        self.assertIs(data, part)

    def test_refused(self) -> None:
        """
        Where DATA is refused, by the backend or in its place, there is no message.
        """
        heard = both(("client", b"DATA\r\n"), ("backend", b"503 no\r\n"), ("client", b"RSET\r\n"))
        self.assertEqual(asked(heard), ["DATA", "RSET"])
        framer, _ = greeted()
        pieces = list(framer.fromClient(b"DATA\r\nRSET\r\n"))
        commands = [exchange.command for exchange, _, _ in pieces if exchange is not None]
        self.assertEqual(commands, ["DATA", "RSET"])

    def test_hasty(self) -> None:
        """
        A client that does not wait for the 354 is understood where the text is taken;
        where it is not, nobody can tell what follows.
        """
        hasty = ("client", b"DATA\r\ntext\r\n.\r\nQUIT\r\n")
        heard = both(hasty, ("backend", GO + OK + b"221 bye\r\n"))
        self.assertEqual(asked(heard), ["DATA", "MESSAGE", "QUIT"])
        self.assertEqual(heard.ended[1], [0, 1, 2, 3])
        framer, heard = greeted()
        turns = [GREETING, ("client", b"DATA\r\ntext"), ("backend", b"503 no\r\n")]
        converse(framer, turns, heard=heard)
        self.assertNotEqual(framer.opaque, "")

    def test_otherEnd(self) -> None:
        """
        A backend that takes something else for the end of a mail is noticed.
        """
        framer, heard = greeted()
        turns = [GREETING, ("client", b"DATA\r\n"), ("backend", GO), ("client", b"text\n.\nQUIT\n")]
        converse(framer, [*turns, ("backend", OK)], heard=heard)
        self.assertNotEqual(framer.opaque, "")
        self.assertEqual(heard.replies[2], OK)

    def test_cutShort(self) -> None:
        """
        A client that ends within a mail has ended the exchange.
        """
        framer, heard = greeted()
        turns = [GREETING, ("client", b"DATA\r\n"), ("backend", GO), ("client", b"te")]
        converse(framer, turns, heard=heard)
        take(heard, framer, framer.clientEnded(), False)
        self.assertEqual(heard.ended[0], [1, 2])


class ChunkTests(SynchronousTestCase):
    """
    BDAT.
    """

    def test_chunks(self) -> None:
        """
        Each chunk is an exchange with its command, whatever is in it.
        """
        first, last = b"BDAT 9\r\nQUIT\r\n.\r\n", b"bdat 3 LAST\r\nend"
        heard = both(
            ("client", MAIL),
            ("backend", OK),
            ("client", first + last + b"BDAT 0 LAST\r\nRSET\r\n"),
            ("backend", OK * 4),
        )
        self.assertEqual(asked(heard)[1:], ["BDAT a@x.org", "BDAT a@x.org", "BDAT", "RSET"])
        self.assertEqual((heard.requests[2], heard.requests[3]), (first, last))
        self.assertEqual(heard.ended, ([1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]))

    def test_noNumber(self) -> None:
        """
        Without a number there is no chunk.
        """
        for size in (b"", b"-1", b"x", b"\xb2", b"9" * 30):
            heard = both(("client", b"BDAT " + size + b"\r\nRSET\r\n"))
            self.assertEqual(asked(heard), ["BDAT", "RSET"])

    def test_cutShort(self) -> None:
        """
        A client that ends within a chunk has ended the exchange.
        """
        framer, heard = greeted()
        converse(framer, [GREETING, ("client", b"BDAT 5\r\nab")], heard=heard)
        take(heard, framer, framer.clientEnded(), False)
        self.assertEqual(heard.ended[0], [1])


class AuthTests(SynchronousTestCase):
    """
    AUTH.
    """

    def test_dialog(self) -> None:
        """
        The lines that the server asks for belong to it; secrets are not told.
        """
        turns = [
            ("client", b"AUTH login c2VjcmV0\r\n"),
            ("backend", b"334 \r\n"),
            ("client", b"c2VjcmV0\r\n"),
            ("backend", b"235 in\r\n"),
            ("client", b"NOOP\r\n"),
            ("backend", OK),
        ]
        heard = both(*turns)
        self.assertEqual(asked(heard), ["AUTH LOGIN", "NOOP"])
        self.assertEqual(heard.requests[1], b"AUTH login c2VjcmV0\r\nc2VjcmV0\r\n")
        self.assertEqual(heard.replies[1], b"334 \r\n235 in\r\n")
        self.assertEqual(heard.ended, ([1, 2], [0, 1, 2]))

    def test_answeredHere(self) -> None:
        """
        Answered in the backend's place it ends at once.
        """
        framer, _ = greeted()
        pieces = [
            (exchange.command, data, ends)
            for exchange, data, ends in framer.fromClient(b"AUTH PLAIN\r\nNOOP\r\n")
            if exchange is not None
        ]
        wanted = [
            ("AUTH", b"AUTH PLAIN\r\n", False),
            ("AUTH", b"", True),
            ("NOOP", b"NOOP\r\n", True),
        ]
        self.assertEqual(pieces, wanted)


class EnvelopeTests(SynchronousTestCase):
    """
    The envelope that exchanges carry.
    """

    def test_reset(self) -> None:
        """
        It is forgotten with RSET, with another EHLO, and with the end of the mail.
        """
        for end in (b"RSET\r\n", b"EHLO x\r\n", b"BDAT 0 LAST\r\n"):
            heard = both(("client", MAIL + end + b"DATA\r\n"))
            self.assertEqual(heard.exchanges[1].context.sender, "a@x.org")
            self.assertEqual(heard.exchanges[3].context.sender, "")

    def test_answeredHere(self) -> None:
        """
        Commands answered in the backend's place change nothing.
        """
        framer = SMTPFramer()
        pieces = list(framer.fromClient(MAIL + b"RCPT TO:<b@x.org>\r\nDATA\r\n"))
        self.assertEqual([exchange.subject for exchange, _, _ in pieces if exchange][2], "")
