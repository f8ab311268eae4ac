"""
Random conversations in SMTP: mails, pipelined or not, AUTH, replies of several lines.
"""

from __future__ import annotations

from random import Random

from tests.conversations.speaking import Flight, Opening, Session, Speech, Turn

ERROR = b"450 4.2.0 boom\r\n"
OK = b"250 2.0.0 OK\r\n"


def begin(dice: Random) -> Session:
    """
    A connection that has been greeted.
    """

    def lines(code: bytes) -> bytes:
        """
        A reply of one line or several.
        """
        many = dice.choice((0, 0, 1, 3))
        return b"".join(code + b"-line %d\r\n" % n for n in range(many)) + code + b" end\r\n"

    opening: Opening = [
        ("backend", lines(b"220")),
        ("client", b"EHLO client.example\r\n"),
        ("backend", b"250-me\r\n250-PIPELINING\r\n250-AUTH LOGIN PLAIN\r\n250 SIZE 1000\r\n"),
    ]

    def recipients() -> Flight:
        said = [Turn(b"RCPT TO:<good@b.example>\r\n", lines(b"250"))]
        for _ in range(dice.choice((0, 1, 1, 3, 10))):
            bad = dice.random() < 0.5
            name = b"bad" if bad else b"good"
            # One that was taken would have to be taken back.
            reply = lines(b"550" if bad else dice.choice((b"250", b"550")))
            request = b"rcpt to:<%b%d@b.example>\r\n" % (name, dice.randrange(9))
            said.append(Turn(request, reply, ERROR if bad else b""))
        return said

    def mail() -> list[Flight]:
        sender = Turn(b"MAIL FROM:<a@a.example> SIZE=9\r\n", OK)
        data = Turn(b"DATA\r\n", b"354 Go on\r\n")
        text = dice.choice((b"", b"Subject: x\r\n\r\n", b"..\r\n...\r\n", b"x" * 3000 + b"\r\n"))
        text *= dice.choice((1, 1, 3))
        envelope = [sender, *recipients(), data]
        asked = [envelope] if dice.random() < 0.5 else [[each] for each in envelope]
        return [*asked, [Turn(text + b".\r\n", lines(dice.choice((b"250", b"451"))))]]

    def speak() -> list[Flight]:
        """
        A mail, or something beside it.
        """
        kind = dice.randrange(5)
        if kind < 2:
            return mail()
        if kind == 2:
            return [
                [Turn(b"AUTH LOGIN\r\n", b"334 VXNlcm5hbWU6\r\n")],
                [Turn(b"YXBw\r\n", b"334 UGFzc3dvcmQ6\r\n")],
                [Turn(b"c2VjcmV0\r\n", dice.choice((b"235 2.7.0 OK\r\n", b"535 no\r\n")))],
            ]
        words = (b"NOOP", b"RSET", b"VRFY a", b"HELP", b"EXPN list", b"NOOP x y")
        asked = [dice.choice(words) for _ in range(dice.choice((1, 1, 4)))]
        codes = (b"250", b"252", b"214", b"502")
        return [[Turn(word + b"\r\n", lines(dice.choice(codes))) for word in asked]]

    return Session(opening, speak)


SPEECH = Speech(
    "smtp",
    begin,
    {"code": "450", "message": "boom"},
    {"command": "RCPT", "recipient": "bad*"},
    pipelines=False,
)
