"""
Tests for L{vaurien_twisted.behaviors.blackout}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import decide
from vaurien_twisted.model.commands import Actions, Close
from vaurien_twisted.rules.registry import EXCHANGES


class BlackoutTests(SynchronousTestCase):
    """
    The service is gone.
    """

    def test_closes(self) -> None:
        """
        The client is closed before the backend hears anything.
        """
        self.assertEqual(decide("blackout"), Actions(request=(Close(),)))

    def test_meetsConnections(self) -> None:
        """
        It is the one behavior that is asked about bare connections: a service that
        is gone does not wait for words.
        """
        asked = [behavior.name for behavior in EXCHANGES if behavior.connections]
        self.assertIn("blackout", asked)
        self.assertNotIn("error", asked)
