"""
Tests for L{vaurien_twisted.behaviors.abort}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import treat
from vaurien_twisted.model.commands import Reset, Treatment


class AbortTests(SynchronousTestCase):
    """
    The answer is lost.
    """

    def test_resets(self) -> None:
        """
        The request passes; the reset stands where the reply would begin.
        """
        self.assertEqual(treat("abort"), Treatment(reply=(Reset(),)))
