"""
Tests for L{vaurien_twisted.behaviors.hang}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import decide
from vaurien_twisted.model.commands import Actions, Hold


class HangTests(SynchronousTestCase):
    """
    The request is held.
    """

    def test_holds(self) -> None:
        """
        The request, not the reply, and without an end of its own.
        """
        self.assertEqual(decide("hang"), Actions(request=(Hold(),)))
