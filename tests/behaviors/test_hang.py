"""
Tests for L{vaurien_twisted.behaviors.hang}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import treat
from vaurien_twisted.model.commands import Hold, Treatment


class HangTests(SynchronousTestCase):
    """
    The request is held.
    """

    def test_holds(self) -> None:
        """
        The request, not the reply, and without an end of its own.
        """
        self.assertEqual(treat("hang"), Treatment(request=(Hold(),)))
