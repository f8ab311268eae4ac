"""
Tests for L{vaurien_twisted.model.progress}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.progress import Progress


class ProgressTests(SynchronousTestCase):
    """
    L{Progress}.
    """

    def test_unknown(self) -> None:
        """
        The progress of an exchange that has not begun is empty.
        """
        progress = Progress()
        self.assertEqual(progress.toJSON(), {})
        progress.requested(3, True)
        self.assertEqual(progress.toJSON(), {})

    def test_whole(self) -> None:
        """
        Times of an exchange count from its first byte, sizes add up.
        """
        progress = Progress()
        progress.begin(10.0, lambda moment: moment + 1764000000)
        progress.requested(30, False)
        progress.requested(20, False)
        progress.waited = 0.5
        progress.replied(11.0, 100, False)
        progress.replied(11.25, 40, True)
        progress.sent = 12.0
        self.assertEqual(
            progress.toJSON(),
            {
                "came": 1764000010.0,
                "waited": 0.5,
                "replyBegan": 1.0,
                "replyEnded": 1.25,
                "duration": 2.0,
                "requestBytes": 50,
                "replyBytes": 140,
            },
        )

    def test_atOnce(self) -> None:
        """
        A request that passes at once has waited 0 s, whatever happens to its later bytes.
        """
        progress = Progress(10.0, float)
        progress.requested(30, True)
        progress.requested(30, False)
        self.assertEqual(progress.toJSON(), {"came": 10.0, "waited": 0.0, "requestBytes": 60})

    def test_shared(self) -> None:
        """
        Replies that belong to several chunks have times, and no size.
        """
        progress = Progress(10.0, float, 3)
        progress.passed(11.0, 100, False)
        progress.passed(12.0, None, True)
        told = {"came": 10.0, "replyBegan": 1.0, "replyEnded": 2.0, "duration": 2.0, "together": 3}
        self.assertEqual(progress.toJSON(), told)
