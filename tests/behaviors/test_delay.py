"""
Tests for L{vaurien_twisted.behaviors.delay}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import decide
from vaurien_twisted.model.commands import Actions, Wait


class DelayTests(SynchronousTestCase):
    """
    A fixed wait, on one side of the backend.
    """

    def test_defaults(self) -> None:
        """
        One second, before the backend gets the request.
        """
        self.assertEqual(decide("delay"), Actions(request=(Wait(1.0),)))

    def test_sleep(self) -> None:
        """
        As long as is said.
        """
        self.assertEqual(decide("delay", sleep=0.25).request, (Wait(0.25),))

    def test_after(self) -> None:
        """
        With C{before} false the reply waits, the request does not.
        """
        self.assertEqual(decide("delay", sleep=2.0, before=False), Actions(reply=(Wait(2.0),)))
