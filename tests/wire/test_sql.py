"""
Tests for L{vaurien_twisted.wire.sql}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.wire.sql import commits, plain


class StatementTests(SynchronousTestCase):
    """
    What a statement does to a transaction.
    """

    def test_commits(self) -> None:
        """
        Every way to commit, whatever stands around it.
        """
        for text in (
            "COMMIT",
            " commit ;; ",
            "Commit\n\tWork",
            "END",
            "end transaction",
            "COMMIT AND CHAIN",
            "COMMIT WORK AND NO CHAIN NO RELEASE",
            "COMMIT RELEASE",
            "COMMIT /* traceparent='00-1' */",
            "/* a; b */ COMMIT -- c; d",
            "-- COMMIT?\nCOMMIT",
            "# app\nCOMMIT",
            "PREPARE TRANSACTION 'a;b'",
            "XA COMMIT 'x' ONE PHASE",
        ):
            self.assertTrue(commits(text), text)

    def test_others(self) -> None:
        """
        What does something else, or more, is none; nor is text within quotes.
        """
        for text in (
            "",
            "COMMITTED",
            "COMMIT PREPARED 'x'",
            "ROLLBACK",
            "BEGIN",
            "UPDATE t SET a = 1; COMMIT",
            "COMMIT; SELECT 1",
            "-- COMMIT",
            "/* COMMIT",
            "SELECT 'x' -- '\n, 'COMMIT'",
            "SELECT ';' AS \"COMMIT\"",
        ):
            self.assertFalse(commits(text), text)

    def test_plain(self) -> None:
        """
        Comments are told from quoted text that looks like one.
        """
        self.assertEqual(plain("select '--' /* ' */ , `#`, \"/*\" x"), "SELECT '' , '', '' X")
        self.assertEqual(plain("select 'it''s; \\'; ' ;"), "SELECT ''")
        self.assertEqual(plain("a; b"), "")

    def test_long(self) -> None:
        """
        Long text is looked at, however it is nested.
        """
        for part in ("'", "''", "/*", "*/", "\\", '"', "`", "--", "(", " ;"):
            self.assertFalse(commits("ROLLBACK " + part * 20000 + "x"), part)
