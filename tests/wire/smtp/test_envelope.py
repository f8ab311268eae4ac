"""
Tests for L{vaurien_twisted.wire.smtp.envelope}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.wire.smtp.envelope import (
    RECIPIENTS_LIMIT,
    Envelope,
    addressOf,
    chunkSize,
    isLast,
    verbOf,
)


class EnvelopeTests(SynchronousTestCase):
    """
    What lines say, and what is remembered.
    """

    def test_bounded(self) -> None:
        """
        It takes a hundred recipients and no more.
        """
        envelope = Envelope("a@x")
        for number in range(RECIPIENTS_LIMIT + 5):
            envelope.add(str(number))
        self.assertEqual(len(envelope.recipients), 100)
        envelope.remove("1")
        envelope.remove("unknown")
        self.assertTrue(envelope.subject.startswith("a@x 0 2 3"))

    def test_verbs(self) -> None:
        """
        Verbs are read in any case.
        """
        self.assertEqual(verbOf("mail FROM:<a>\r\n"), ("MAIL", "FROM:<a>"))
        self.assertEqual(verbOf("Quit\r\n"), ("QUIT", ""))
        self.assertEqual(verbOf("\r\n"), ("", ""))

    def test_addresses(self) -> None:
        """
        Brackets, parameters and source routes are left out.
        """
        for argument, address in (
            ("FROM:<a@x.org> SIZE=1", "a@x.org"),
            ("TO: <a@x.org>", "a@x.org"),
            ("TO:a@x.org NOTIFY=NEVER", "a@x.org"),
            ("TO:<@one,@two:a@x.org>", "a@x.org"),
            ("FROM:<>", ""),
            ("nonsense", ""),
        ):
            self.assertEqual(addressOf(argument), address)

    def test_chunks(self) -> None:
        """
        The size of a chunk, and whether it is the last.
        """
        self.assertEqual([chunkSize(text) for text in ("12", "12 LAST", "", "1x")], [12, 12, 0, 0])
        self.assertTrue(isLast("12 last"))
        self.assertFalse(isLast("12") or isLast("LAST 12"))
