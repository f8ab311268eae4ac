"""
Random conversations with aiosmtpd, in pipelines and not: through a proxy the client reads
what it reads without one, and injected errors where the replies would be.
"""

from __future__ import annotations

import os
from random import Random

from tests.conversations import smtp
from tests.conversations.memory import HARMLESS, STRIKES
from tests.conversations.speaking import Flight, cut
from tests.integration.conversing import connect
from tests.integration.ruling import rule
from tests.integration.smtpd import SMTPCase
from tests.integration.support import inThread

#: How many.
COUNT = int(os.environ.get("VAURIEN_CONVERSATIONS", "60"))


class Client:
    """
    A client that reads replies one by one.
    """

    def __init__(self, address: str, dice: Random) -> None:
        self._connection = connect(address)
        self._file = self._connection.makefile("rb")
        self._dice = dice
        self.read()
        self.say([b"EHLO client.example\r\n"])

    def read(self) -> bytes:
        """
        One reply, of however many lines.
        """
        reply = b""
        while not reply or reply.splitlines()[-1][3:4] == b"-":
            line = self._file.readline()
            assert line, reply
            reply += line
        return reply

    def say(self, requests: list[bytes]) -> list[bytes]:
        """
        The replies to requests that are sent at once, in random parts.
        """
        for part in cut(self._dice, b"".join(requests)):
            self._connection.sendall(part)
        return [self.read() for _ in requests]

    def close(self) -> None:
        """
        Without a word.
        """
        self._file.close()
        self._connection.close()


class ConversationTests(SMTPCase):
    """
    Many conversations.
    """

    def play(self, dice: Random) -> None:
        """
        One, on two connections at once.
        """
        session = smtp.begin(dice)
        modes = [name for name in HARMLESS if name != "units"]
        direct = Client(f"127.0.0.1:{self.port}", dice)
        proxied = Client(self.proxy.address, dice)
        for _ in range(dice.randrange(1, 5)):
            mode = dice.choice([*modes, *STRIKES * 3])
            rules = HARMLESS.get(mode) or []
            if mode in STRIKES:
                options = {**smtp.SPEECH.error, "at": mode}
                rules = [{"behavior": "error", "options": options, "when": smtp.SPEECH.when}]
            rule(self, *rules)
            said = session.speak()
            if said[0][0].request.startswith(b"AUTH"):
                # It is wrong, and after some of those the server closes.
                continue
            for flight in said:
                self.fly(flight, direct, proxied, mode)
            self.compare(mode)
        direct.close()
        proxied.close()

    def fly(self, flight: Flight, direct: Client, proxied: Client, mode: str) -> None:
        """
        The same to both.
        """
        expected = []
        for turn in flight:
            struck = turn.struck if mode in STRIKES else b""
            if struck and mode == "request":
                expected.append(struck)
            else:
                [reply] = direct.say([turn.request])
                expected.append(struck or reply)
        heard = proxied.say([turn.request for turn in flight])
        self.assertEqual(heard, expected, (mode, flight))

    def compare(self, mode: str) -> None:
        """
        Both mails, if there are any, have the same words, and none goes to who was refused.
        """
        mails = self.mailbox.mails
        if mails:
            there, here = mails
            self.assertEqual(here.content, there.content)
            taken = [to for to in there.rcpt_tos if mode not in STRIKES or "bad" not in to]
            self.assertEqual(here.rcpt_tos, taken, mode)
            mails.clear()

    @inThread
    def test_conversations(self) -> None:
        """
        Of any kind.
        """
        for seed in range(COUNT):
            try:
                self.play(Random(seed))
            except AssertionError as error:
                self.fail(f"seed {seed}: {error}")
        self.assertEqual(self.opaque(), [])
