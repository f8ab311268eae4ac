"""
Random conversations with MariaDB: through a proxy the client reads, byte for byte, what it
reads without one, and injected errors where the replies would be.
"""

from __future__ import annotations

import os
from random import Random

from tests.conversations.memory import HARMLESS, STRIKES
from tests.integration.conversation_mysql import PROCEDURES, SETUP, RawSession, asks
from tests.integration.mysql_case import MySQLCase, pymysql
from tests.integration.ruling import fault, rule
from tests.integration.support import inThread
from vaurien_twisted.wire.mysql.packets import CLIENT_DEPRECATE_EOF, packet

#: How many.
COUNT = int(os.environ.get("VAURIEN_CONVERSATIONS", "60"))

#: After this one the transaction goes on.
ERROR = {"code": 1064, "message": "boom"}
STRUCK = packet(1, b"\xff\x28\x04#42000boom")

FILE = b"1\n2\n" * 400


class ConversationTests(MySQLCase):
    """
    Many conversations.
    """

    def session(self, port: int, deprecated: bool) -> RawSession:
        """
        A connection with what statements need.
        """
        flags = pymysql.constants.CLIENT.MULTI_STATEMENTS
        flags |= CLIENT_DEPRECATE_EOF * deprecated
        connection = self.connect(port, local_infile=True, client_flag=flags)
        for text in SETUP:
            self.ask(connection, text)
        return RawSession(connection, deprecated)

    def play(self, seed: int) -> None:
        """
        One, on two connections at once.
        """
        dice = Random(seed)
        deprecated = dice.random() < 0.5
        rule(self)
        direct = self.session(self.server.port, deprecated)
        proxied = self.session(self.proxy.port, deprecated)
        mode = ""
        for ask in asks(dice, dice.randrange(1, 12)):
            if not mode or dice.random() < 0.2:
                mode = dice.choice([*HARMLESS, *STRIKES * 3])
                rules = HARMLESS.get(mode) or []
                if mode in STRIKES:
                    rules = [fault({"sql": "^/. fault"}, at=mode, **ERROR)]
                rule(self, *rules)
            struck = ask.fault and mode in STRIKES
            expected: list[bytes] = []
            if not struck or mode == "reply":
                # No file is sent where nobody knows that it was wanted.
                expected = direct.ask(ask, b"" if struck else FILE)
            heard = proxied.ask(ask, FILE, dice)
            if struck:
                expected = [STRUCK]
            self.assertEqual(heard, expected, (mode, ask))
        self.assertEqual((direct.pending, proxied.pending), (b"", b""))
        direct.close()
        proxied.close()

    @inThread
    def test_pitfall23_conversations(self) -> None:
        """
        Of any kind.
        """
        for text in PROCEDURES:
            self.ask(self.connect(self.server.port), text)
        for seed in range(COUNT):
            try:
                self.play(seed)
            except (AssertionError, OSError, EOFError) as error:
                self.fail(f"seed {seed}: {str(error)[:3000]}")
        self.assertEqual(self.opaque(), [])
