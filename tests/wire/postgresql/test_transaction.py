"""
Tests for L{vaurien_twisted.wire.postgresql.transaction}, on a link in memory.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.failing import FailingPair, failing
from tests.wire.postgresql.conversation_parts import (
    BEGINNING,
    FAILED,
    FLUSH,
    READY,
    SYNC,
    bind,
    execute,
    message,
    parse,
    query,
)
from vaurien_twisted.wire.postgresql.messages import errorResponse
from vaurien_twisted.wire.postgresql.transaction import FAILING

IN, BROKEN = message("Z", b"T"), message("Z", b"E")
FAILS, ROLLBACK = query(FAILING), query("ROLLBACK")
ERROR = errorResponse("ERROR", "40001", "no")


def done(tag: str) -> bytes:
    """
    A CommandComplete.
    """
    return message("C", tag.encode() + b"\0")


class TransactionTests(SynchronousTestCase):
    """
    What the backend is brought to, and what the client is told.
    """

    def link(self, sql: str, begun: bool = True, **options: Any) -> FailingPair:
        """
        A session, in a transaction block unless told otherwise, in which this text fails.
        """
        options = {"code": "40001", "message": "no", **options}
        pair = FailingPair("postgresql", failing({"sql": sql}, **options))
        for who, data in BEGINNING:
            (pair.ask if who == "client" else pair.answer)(data)
        if begun:
            pair.ask(query("BEGIN"))
            pair.answer(done("BEGIN") + IN)
        pair.client.heard(), pair.backend.heard()
        return pair

    def test_fails_pitfall22(self) -> None:
        """
        A statement that fails goes in the place of one, or of a group up to its Sync.
        """
        for request in (query("bad"), parse("bad") + bind() + execute() + SYNC):
            link = self.link("bad")
            self.assertEqual(link.ask(request + query("next")), FAILS + query("next"))
            self.assertEqual(link.client.heard(), b"")
            self.assertEqual(link.answer(FAILED + BROKEN), ERROR + BROKEN)
            self.assertEqual(link.answer(FAILED + BROKEN), FAILED + BROKEN)
            # It has failed already.
            self.assertEqual(link.ask(request), b"")
            self.assertEqual(link.client.heard(), ERROR + BROKEN)

    def test_flushed_pitfall22(self) -> None:
        """
        Behind a Flush the error comes alone; the Sync is the backend's to answer.
        """
        link = self.link("bad")
        self.assertEqual(link.ask(parse("bad") + bind() + execute() + FLUSH), FAILS)
        self.assertEqual(link.answer(FAILED + BROKEN), ERROR)
        self.assertEqual(link.ask(SYNC), SYNC)
        self.assertEqual(link.answer(BROKEN), BROKEN)

    def test_commits_pitfall22(self) -> None:
        """
        What commits is rolled back, so that the client is told that it is in no transaction.
        """
        for request in (query("/* x */ commit"), parse("COMMIT") + bind() + execute() + SYNC):
            link = self.link("(?i)commit")
            self.assertEqual(link.ask(request), ROLLBACK)
            self.assertEqual(link.answer(done("ROLLBACK") + READY), ERROR + READY)
        # It is not carried out as it is only prepared.
        link = self.link("COMMIT")
        self.assertEqual(link.ask(parse("COMMIT", "c") + SYNC), FAILS)

    def test_outside(self) -> None:
        """
        Outside of a block there is nothing to do, where that is known; else the answer of
        the statement that fails says it.
        """
        link = self.link("bad", begun=False)
        self.assertEqual(link.ask(query("bad")), b"")
        self.assertEqual(link.client.heard(), ERROR + READY)
        for status in (READY, IN):
            link = self.link("bad", begun=False)
            self.assertEqual(link.ask(query("?") + query("bad")), query("?") + FAILS)
            self.assertEqual(link.answer(done("?") + status), done("?") + status)
            after = BROKEN if status == IN else READY
            self.assertEqual(link.answer(FAILED + after), ERROR + after)

    def test_late_pitfall22(self) -> None:
        """
        Behind a reply that was replaced the block is made to fail, if one is open then.
        """
        for request in (
            query("bad"),
            parse("bad") + bind() + execute() + SYNC,
            parse("bad") + bind() + execute() + FLUSH + SYNC,
        ):
            link = self.link("bad", at="reply")
            self.assertEqual(link.ask(request + query("next")), request)
            self.assertEqual(link.answer(done("bad") + IN), ERROR + BROKEN)
            self.assertEqual(link.backend.heard(), FAILS + query("next"))
            self.assertEqual(link.answer(FAILED + BROKEN), b"")
            self.assertEqual(link.answer(FAILED + BROKEN), FAILED + BROKEN)
        link = self.link("bad", at="reply")
        link.ask(query("bad; COMMIT") + query("next"))
        self.assertEqual(link.answer(done("COMMIT") + READY), ERROR + READY)
        self.assertEqual(link.backend.heard(), query("next"))

    def test_fatal(self) -> None:
        """
        What ends the session ends its transaction.
        """
        for at in ("request", "reply"):
            link = self.link("bad", code="57P01", at=at)
            self.assertEqual(link.ask(query("bad")), b"" if at == "request" else query("bad"))
            if at == "reply":
                link.answer(done("bad") + IN)
            self.assertEqual(link.backend.heard(), b"")
            self.assertEqual(link.backend.ended, ["lose"])
