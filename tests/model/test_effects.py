"""
Tests for L{vaurien_twisted.model.effects}: effects in plain words.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.effects import inWords


class EffectTests(SynchronousTestCase):
    """
    What people read.
    """

    def test_words(self) -> None:
        """
        Each effect of a behavior.
        """
        for effect, rule, words in (
            ("wait 0.8 s", "", "delayed 0.8 s"),
            ("reply: wait 2 s", "", "reply delayed 2 s"),
            ("error 503", "", "answered 503"),
            ("reply: error 1213", "", "answered 1213"),
            ("hold", "", "left without an answer"),
            ("close", "", "connection closed"),
            ("reply: reset", "", "connection reset"),
            ("reply: truncate", "100:error at=partial count=1000", "cut after 1,000 bytes"),
            ("reply: truncate", "100:error at=partial count=2 unit=units", "cut after 2 units"),
            ("truncate", "100:error at=partial", "cut after 0 bytes"),
            ("reply: insert 30 bytes", "", "30 bytes inserted"),
            ("reply: reply 100 bytes", "", "answered with 100 bytes"),
            ("wait 1 s, close", "", "delayed 1 s, connection closed"),
            ("upstream and downstream", "100:latency", "upstream and downstream"),
            ("withhold 0 s", "", "credit kept back"),
            ("withhold 2 s", "", "credit kept back for 2 s"),
            ("", "", ""),
        ):
            self.assertEqual(inWords(effect, rule), words, effect)
