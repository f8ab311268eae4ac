"""
Tests for L{vaurien_twisted.behaviors.dummy}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import REGISTRY, decide
from vaurien_twisted.model.commands import PASS
from vaurien_twisted.rules.build import RuleBuilder


class DummyTests(SynchronousTestCase):
    """
    Nothing happens.
    """

    def test_passes(self) -> None:
        """
        It asks for nothing.
        """
        self.assertIs(decide("dummy"), PASS)

    def test_transparent(self) -> None:
        """
        A plan of it alone lets a link take the shortest way.
        """
        self.assertTrue(RuleBuilder(REGISTRY).one("dummy", {}).transparent)
