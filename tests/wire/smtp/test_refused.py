"""
Tests for commands that an SMTP server refuses: what they would have changed stays as it is.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.wire.support import Heard, converse
from vaurien_twisted.wire.smtp.protocol import SMTPFramer

Turns = list[tuple[str, bytes]]

OPENING: Turns = [
    ("client", b"MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\n"),
    ("backend", b"250 ok\r\n" * 2),
]


class RefusedTests(SynchronousTestCase):
    """
    The mail that C{DATA} is about.
    """

    def data(self, *turns: tuple[str, bytes]) -> str:
        """
        Its subject after these turns, however they were cut.
        """
        subjects = set()
        for size in (0, 1):
            heard: Heard = converse(SMTPFramer(), [*turns, ("client", b"DATA\r\n")], size)
            self.assertEqual(heard.error, "")
            subjects.add(heard.exchanges[max(heard.exchanges)].subject)
        [subject] = subjects
        return subject

    def test_pitfall24_begun(self) -> None:
        """
        C{MAIL} in the middle of a mail, C{RSET}, C{EHLO} and C{HELO}: once they are refused the
        mail is the one before.
        """
        for command in (b"MAIL FROM:<c@x>", b"RSET now", b"EHLO -", b"HELO"):
            said = ("client", command + b"\r\n")
            self.assertEqual(self.data(*OPENING, said, ("backend", b"503 no\r\n")), "a@x b@x")
            self.assertNotIn("b@x", self.data(*OPENING, said, ("backend", b"250 ok\r\n")))

    def test_pitfall24_meanwhile(self) -> None:
        """
        What was said before that was known belongs to that mail, too.
        """
        asked = b"MAIL FROM:<c@x>\r\nRCPT TO:<d@x>\r\nRCPT TO:<e@x>\r\n"
        for codes, subject in (
            (b"503 250 250", "a@x b@x d@x e@x"),
            (b"503 550 250", "a@x b@x e@x"),
            (b"250 250 550", "c@x d@x"),
        ):
            answers = b"".join(code + b" x\r\n" for code in codes.split())
            self.assertEqual(self.data(*OPENING, ("client", asked), ("backend", answers)), subject)

    @given(st.lists(st.tuples(st.sampled_from("MRTE"), st.booleans()), max_size=12), st.booleans())
    def test_pitfall24_any(self, commands: list[tuple[str, bool]], pipelined: bool) -> None:
        """
        Any commands, taken or refused, told at once or one by one.
        """
        sender, recipients = "", list[str]()
        asked: Turns = []
        for at, (kind, taken) in enumerate(commands):
            if kind == "R":
                line = f"RCPT TO:<r{at}@x>"
                recipients += [f"r{at}@x"] * taken
            else:
                line = {"M": f"MAIL FROM:<m{at}@x>", "T": "RSET", "E": "EHLO me"}[kind]
                if taken:
                    sender, recipients = f"m{at}@x" if kind == "M" else "", []
            asked.append(("client", line.encode() + b"\r\n"))
            asked.append(("backend", b"250 ok\r\n" if taken else b"503 no\r\n"))
        if pipelined:
            asked.sort(key=lambda turn: turn[0], reverse=True)
        self.assertEqual(self.data(*asked), " ".join((sender, *recipients)).strip())
