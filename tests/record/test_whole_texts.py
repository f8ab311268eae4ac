"""
Tests for L{vaurien_twisted.record.whole_texts}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.record.whole_texts import WholeTexts


class WholeTextsTests(SynchronousTestCase):
    """
    L{WholeTexts}.
    """

    def test_limit(self) -> None:
        """
        The oldest texts are forgotten when the limit is reached, and no others.
        """
        texts = WholeTexts(10)
        kept = [texts.keep(letter * 4) for letter in "abc"]
        self.assertEqual([each.text for each in kept], ["", "bbbb", "cccc"])
        kept.append(texts.keep("d" * 11))
        self.assertEqual([each.text for each in kept], [""] * 4)
        self.assertEqual(texts.keep("e" * 10).text, "e" * 10)
