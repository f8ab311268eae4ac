"""
Tests for L{vaurien_twisted.control.docstrings}: docstrings in the words of users.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.control.docstrings import plain, summaryOf, textOf


def weather() -> None:
    """
    The C{weather} of L{one town<Town>}: C{{"sky": {"color": "blue"}}}.  It changes.

    Ask again.

    @raise ValueError: there is none.
    """


class DocstringTests(SynchronousTestCase):
    """
    The text of a docstring.
    """

    def test_text(self) -> None:
        """
        Markup and fields are removed.
        """
        self.assertEqual(
            textOf(weather),
            'The weather of one town: {"sky": {"color": "blue"}}.  It changes.\n\nAsk again.',
        )
        self.assertEqual(textOf(lambda: None), "")

    def test_summary(self) -> None:
        """
        The summary is the first sentence, up to a colon.
        """
        self.assertEqual(summaryOf(textOf(weather)), "The weather of one town")
        self.assertEqual(summaryOf("One proxy.  With\nmore."), "One proxy")
        self.assertEqual(summaryOf("Version 2.0 of it."), "Version 2.0 of it")
        self.assertEqual(summaryOf("Lists\nmany::\n\n    a"), "Lists many")

    def test_open(self) -> None:
        """
        A brace that is never closed does no harm.
        """
        self.assertEqual(plain("C{open"), "open")
