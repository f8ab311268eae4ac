"""
Tests for L{vaurien_twisted.wire.mysql.transaction}, on a link in memory.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.failing import FailingPair, failing
from tests.wire.mysql.script import DEPRECATE_EOF, err, greeting, hello, ok, query, table
from vaurien_twisted.wire.mysql.packets import CLIENT_QUERY_ATTRIBUTES, packet

ROLLBACK = packet(0, b"\3ROLLBACK")

#: The status flags of autocommit, and with a transaction.
OUT, IN = 2, 3


def failed(code: int, sequence: int = 1) -> bytes:
    """
    The ERR packet of the proxy.
    """
    state = {1213: b"40001"}.get(code, b"HY000")
    return packet(sequence, b"\xff" + code.to_bytes(2, "little") + b"#" + state + b"no")


class TransactionTests(SynchronousTestCase):
    """
    What the backend is brought to.
    """

    def link(self, code: int, begun: bool = True, wants: int = 0, **options: Any) -> FailingPair:
        """
        A session, in a transaction unless told otherwise, in which C{bad} fails, and COMMIT.
        """
        options = {"code": code, "message": "no", **options}
        pair = FailingPair("mysql", failing({"sql": "(?i)bad|commit|begin x"}, **options))
        pair.answer(greeting())
        pair.ask(hello(wants))
        pair.answer(ok(2))
        if begun:
            pair.ask(query(b"BEGIN"))
            pair.answer(ok(1, IN))
        pair.client.heard(), pair.backend.heard()
        return pair

    def test_whole_pitfall22(self) -> None:
        """
        An error that rolls the transaction back does so, before the client reads it.
        """
        for code in (1213, 1180, 1206):
            link = self.link(code)
            self.assertEqual(link.ask(query(b"bad") + query(b"next")), ROLLBACK + query(b"next"))
            self.assertEqual(link.client.heard(), b"")
            self.assertEqual(link.answer(ok(1, OUT)), failed(code))
            self.assertEqual(link.answer(ok(1, OUT)), ok(1, OUT))
            self.assertEqual(link.ask(query(b"bad")), b"")
            self.assertEqual(link.client.heard(), failed(code))

    def test_statement(self) -> None:
        """
        Other errors undo the statement alone, which has not reached the server.
        """
        for code in (1205, 1317, 1290, 1614, 4321):
            link = self.link(code)
            self.assertEqual(link.ask(query(b"bad")), b"")
            self.assertNotEqual(link.client.heard(), b"")

    def test_commits_pitfall22(self) -> None:
        """
        A COMMIT that fails, whatever the error, has rolled back.
        """
        for code in (1205, 1213, 1290):
            link = self.link(code)
            self.assertEqual(link.ask(query(b"commit -- x")), ROLLBACK)
            self.assertEqual(len(link.answer(ok(1, OUT))), len(failed(code)))

    def test_known_pitfall22(self) -> None:
        """
        The flags are those of the latest reply of whatever shape, passed over or not; behind
        requests that were not answered they are not known.
        """
        for deprecated in (False, True):
            for reply in (ok(1, OUT), table(1, 2, OUT, deprecated)):
                for watching in (False, True):
                    link = self.link(1213, wants=DEPRECATE_EOF if deprecated else 0)
                    if not watching:
                        link.setRules(failing({"command": "COM_PING"}, code=1213, message="no"))
                    ping = packet(0, b"\x0e")
                    link.ask(query(b"select"))
                    link.answer(reply)
                    asked = query(b"bad") if watching else ping
                    self.assertEqual(link.ask(asked), b"", (deprecated, watching))
                    self.assertEqual(link.client.heard(), failed(1213))
                    again = reply.replace(OUT.to_bytes(2, "little"), IN.to_bytes(2, "little"))
                    link.ask(query(b"select"))
                    link.answer(again)
                    self.assertEqual(link.ask(asked), ROLLBACK, (deprecated, watching))
        link = self.link(1213, begun=False)
        self.assertEqual(link.ask(query(b"?") + query(b"bad")), query(b"?") + ROLLBACK)
        self.assertEqual(link.answer(err(1) + ok(1, OUT)), err(1) + failed(1213))

    def test_late_pitfall22(self) -> None:
        """
        Behind a reply that was replaced a deadlock rolls back what is open, and any error
        what the command itself has begun.
        """
        for code, before, after, sends in (
            (1213, True, IN, True),
            (1213, True, OUT, False),
            (1213, False, OUT, False),
            (1205, True, IN, False),
            (1205, False, IN, True),
        ):
            link = self.link(code, before, at="reply")
            self.assertEqual(link.ask(query(b"bad") + query(b"next")), query(b"bad"))
            self.assertEqual(link.answer(ok(1, after)), failed(code))
            expected = (ROLLBACK if sends else b"") + query(b"next")
            self.assertEqual(link.backend.heard(), expected, (code, before, after))
            if sends:
                self.assertEqual(link.answer(ok(1, OUT)), b"")
            self.assertEqual(link.answer(ok(1, OUT)), ok(1, OUT))

    def test_attributes_pitfall22(self) -> None:
        """
        Where both sides have query attributes the command has none, and says so.
        """
        link = self.link(1213, wants=CLIENT_QUERY_ATTRIBUTES, begun=False)
        link.ask(packet(0, b"\3\0\1BEGIN"))
        link.answer(ok(1, IN))
        asked = packet(0, b"\3\0\1bad")
        self.assertEqual(link.ask(asked), packet(0, b"\3\0\1ROLLBACK"))
        self.assertEqual(link.answer(ok(1, OUT)), failed(1213))
