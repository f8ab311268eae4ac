"""
Tests for L{vaurien_twisted.behaviors.abort}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import decide
from vaurien_twisted.model.commands import Actions, Reset


class AbortTests(SynchronousTestCase):
    """
    The answer is lost.
    """

    def test_resets(self) -> None:
        """
        The request passes; the reset stands where the reply would begin.
        """
        self.assertEqual(decide("abort"), Actions(reply=(Reset(),)))
