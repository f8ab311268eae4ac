"""
Tests for L{vaurien_twisted.wire.smtp.transaction}, on a link in memory.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.failing import FailingPair, failing
from vaurien_twisted.wire.smtp.envelope import LINES_LIMIT

OK, REFUSED = b"250 ok\r\n", b"451 4.3.0 no\r\n"
MAIL, RSET, DATA = b"mail from:<a@x> size=3\r\n", b"RSET\r\n", b"DATA\r\n"


def rcpt(name: str) -> bytes:
    """
    A recipient.
    """
    return b"RCPT TO:<%b@x>\r\n" % name.encode()


class TransactionTests(SynchronousTestCase):
    """
    What the backend is brought to.
    """

    def link(self, command: str, at: str = "reply", **when: str) -> FailingPair:
        """
        A link whose greeting is over, on which C{451} meets this command.
        """
        rule = failing({"command": command, **when}, code=451, at=at, message="no")
        pair = FailingPair("smtp", rule)
        self.assertEqual(pair.answer(b"220 hi\r\n"), b"220 hi\r\n")
        return pair

    def test_twice_pitfall22(self) -> None:
        """
        One recipient after the other that is refused, each without waiting or with: none of
        them comes back as the envelope is said again.
        """
        link = self.link("RCPT", recipient="b*@x")
        link.ask(MAIL + rcpt("a"))
        link.answer(OK * 2)
        self.assertEqual(link.ask(rcpt("b1")), rcpt("b1"))
        self.assertEqual(link.answer(OK), REFUSED)
        self.assertEqual(link.backend.heard(), RSET + MAIL + rcpt("a"))
        self.assertEqual(link.answer(OK * 3), b"")
        self.assertEqual(link.ask(rcpt("c")), rcpt("c"))
        self.assertEqual(link.answer(OK), OK)
        self.assertEqual(link.ask(rcpt("b2")), rcpt("b2"))
        self.assertEqual(link.answer(OK), REFUSED)
        self.assertEqual(link.backend.heard(), RSET + MAIL + rcpt("a") + rcpt("c"))

    def test_recipient_pitfall22(self) -> None:
        """
        A recipient that was taken and then refused is none: the envelope is said again
        without it, before what the client says next, and the others stay.
        """
        link = self.link("RCPT", recipient="b@x")
        asked = MAIL + rcpt("a") + rcpt("n") + rcpt("b") + rcpt("c") + DATA
        self.assertEqual(link.ask(asked), asked[: -len(rcpt("c") + DATA)])
        self.assertEqual(
            link.answer(OK + OK + b"550 no\r\n" + OK), OK + OK + b"550 no\r\n" + REFUSED
        )
        again = RSET + MAIL + rcpt("a")
        self.assertEqual(link.backend.heard(), again + rcpt("c") + DATA)
        said = OK + b"250-ok\r\n250 ok\r\n" + OK
        self.assertEqual(b"".join(link.answer(said[at : at + 1]) for at in range(len(said))), b"")
        self.assertEqual(link.answer(OK + b"354 go\r\n"), OK + b"354 go\r\n")

    def test_sender_pitfall22(self) -> None:
        """
        A MAIL that was taken and then refused is reset; one that the server refused is not.
        """
        link = self.link("MAIL")
        self.assertEqual(link.ask(MAIL + rcpt("a")), MAIL)
        self.assertEqual(link.answer(OK), REFUSED)
        self.assertEqual(link.backend.heard(), RSET + rcpt("a"))
        self.assertEqual(link.answer(OK + b"503 no\r\n"), b"503 no\r\n")
        self.assertEqual(link.ask(MAIL), MAIL)
        self.assertEqual(link.answer(b"503 nested\r\n"), REFUSED)
        self.assertEqual(link.backend.heard(), b"")

    def test_chunk_pitfall22(self) -> None:
        """
        A chunk that is refused must not be left out of the mail: the server is reset, and
        refuses the chunks behind it.
        """
        first, second, last = (
            b"BDAT 3\r\none",
            b"BDAT 3\r\ntwo",
            b"BDAT 3 LAST\r\nend",
        )
        for at in ("request", "reply"):
            link = self.link("BDAT", at)
            link.setRules(
                {**failing({"command": "BDAT"}, code=451, at=at, message="no"), "times": 1}
            )
            link.ask(MAIL + rcpt("a"))
            link.answer(OK + OK)
            if at == "request":
                self.assertEqual(link.ask(second + last), RSET + last)
                self.assertEqual(link.answer(OK + b"503 no\r\n"), REFUSED + b"503 no\r\n")
            else:
                self.assertEqual(link.ask(first + last), first)
                self.assertEqual(link.answer(OK), REFUSED)
                self.assertEqual(link.backend.heard(), RSET + last)
                self.assertEqual(link.answer(OK + b"503 no\r\n"), b"503 no\r\n")

    def test_refused_pitfall22(self) -> None:
        """
        What does not reach the server at all changes nothing there.
        """
        for command, asked in (("MAIL", MAIL), ("RCPT", rcpt("a")), ("DATA", DATA)):
            link = self.link(command, "request")
            self.assertEqual(link.ask(asked + RSET), RSET)
            self.assertEqual(link.answer(OK), REFUSED + OK)

    def test_bounded(self) -> None:
        """
        An envelope that is too long to be said again is reset, so that the mail is refused.
        """
        link = self.link("RCPT", recipient="last@x")
        link.ask(MAIL)
        link.answer(OK)
        for number in range(LINES_LIMIT // 1000 + 1):
            link.ask(b"RCPT TO:<%d@x> %b\r\n" % (number, b"X=" + b"y" * 1000))
            link.answer(OK)
        link.ask(rcpt("last"))
        self.assertEqual(link.answer(OK), REFUSED)
        self.assertEqual(link.backend.heard(), RSET)
