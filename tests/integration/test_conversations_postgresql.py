"""
Random conversations with PostgreSQL: through a proxy the client reads, byte for byte, what
it reads without one, and injected errors where the replies would be.
"""

from __future__ import annotations

import os
from random import Random

from tests.conversations.memory import HARMLESS, STRIKES
from tests.integration.conversation_postgresql import (
    FAILS,
    SETUP,
    Ask,
    RawSession,
    asks,
    kinds,
    messages,
    query,
    steady,
)
from tests.integration.postgres_case import PostgreSQLCase
from tests.integration.ruling import fault, rule
from tests.integration.support import inThread
from vaurien_twisted.wire.postgresql.messages import errorResponse, readyForQuery

#: How many.
COUNT = int(os.environ.get("VAURIEN_CONVERSATIONS", "60"))

ERROR = {"code": "40001", "message": "boom"}
STRUCK = errorResponse("ERROR", "40001", "boom")


class ConversationTests(PostgreSQLCase):
    """
    Many conversations.
    """

    def session(self, port: int, channel: str) -> RawSession:
        """
        A connection with what statements need.
        """
        connection = self.connect(port)
        for text in (*SETUP, f"LISTEN {channel}"):
            connection.execute(text)
        return RawSession(connection, channel.encode())

    def play(self, seed: int) -> None:
        """
        One, on two connections at once.
        """
        dice = Random(seed)
        rule(self)
        direct = self.session(self.server.port, "dire")
        proxied = self.session(self.proxy.port, "prox")
        mode, status, struck = "", b"I", False
        for ask in asks(dice, dice.randrange(1, 12)):
            if not mode or dice.random() < 0.2:
                mode = dice.choice([*HARMLESS, *STRIKES * 3])
                rules = HARMLESS.get(mode) or []
                if mode in STRIKES:
                    rules = [fault({"sql": "^/. fault"}, at=mode, **ERROR)]
                rule(self, *rules)
            if ask.fault and mode in STRIKES:
                expected, status = self.strike(direct, ask, mode, status)
                struck = True
            else:
                reply = direct.converse(ask)
                expected, status = steady(reply), reply[-1:]
            heard = steady(proxied.converse(ask, dice))
            if struck:
                # A transaction that was made to fail may have them said again, at its time.
                expected, heard = (
                    [each for each in said if each[:1] != b"S"] for said in (expected, heard)
                )
            self.assertEqual(heard, expected, (mode, ask))
        direct.close()
        proxied.close()

    def strike(
        self, direct: RawSession, ask: Ask, mode: str, status: bytes
    ) -> tuple[list[bytes], bytes]:
        """
        What the client reads where an error strikes, and where the transaction is then.
        """
        session: list[bytes] = []
        if mode == "reply":
            nothing = Ask(ask.parts, b"f\0\0\0\5\0", settles=ask.settles)
            said = direct.converse(nothing)
            status = said[-1:]
            session = [whole for kind, whole in messages(said) if kind in "AS"]
        if status == b"T":
            status = direct.ask(FAILS)[-1:]
            self.assertEqual(status, b"E")
        expected = STRUCK + b"".join(session) + readyForQuery(status.decode())
        return steady(expected), status

    @inThread
    def test_pitfall26_conversations(self) -> None:
        """
        Of any kind.
        """
        for seed in range(COUNT):
            try:
                self.play(seed)
            except (AssertionError, OSError, EOFError) as error:
                self.fail(f"seed {seed}: {str(error)[:3000]}")
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_pitfall27_session(self) -> None:
        """
        What the server says of the session reaches the client though the reply does not.
        """
        session = self.session(self.proxy.port, "told")
        rule(self, fault({"sql": "^/. fault"}, at="reply", **ERROR))
        reply = session.ask(query("/* fault */ SET application_name = 'changed'"))
        self.assertEqual((kinds(reply), b"application_name\0changed\0" in reply), ("EZ", True))
        reply = session.ask(query("/* fault */ NOTIFY told, 'payload'"))
        self.assertEqual((kinds(reply), b"payload\0" in reply), ("EZ", True))
        rule(self, fault({"sql": "^COMMIT"}, **ERROR))
        session.ask(query("BEGIN; SET application_name = 'again'"))
        reply = session.ask(query("COMMIT"))
        self.assertEqual((kinds(reply), b"application_name\0changed\0" in reply), ("EZ", True))
