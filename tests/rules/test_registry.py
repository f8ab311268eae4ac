"""
Tests for L{vaurien_twisted.rules.registry}.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from vaurien_twisted import plugins
from vaurien_twisted.interfaces import IBehavior
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.registry import loadRegistry

PLUGIN = textwrap.dedent(
    """
    from twisted.plugin import IPlugin
    from zope.interface import implementer
    from vaurien_twisted.model.commands import Close, Actions
    from vaurien_twisted.interfaces import IBehavior
    from vaurien_twisted.model.options import NoOptions

    @implementer(IPlugin, IBehavior)
    class Theirs:
        def __init__(self, name):
            self.name = name
        options = NoOptions
        connections = False
        def decide(self, options, occasion):
            return Actions((Close(),))

    new = Theirs("theirs")
    taken = Theirs("delay")
    """
)


class OwnTests(SynchronousTestCase):
    """
    The behaviors and protocols of the package.
    """

    def test_vauriensBehaviors(self) -> None:
        """
        The behaviors of the first Vaurien are all there.
        """
        found = loadRegistry().behaviors
        self.assertTrue(
            {"dummy", "delay", "error", "hang", "blackout", "transient", "abort"} <= set(found)
        )

    def test_byName(self) -> None:
        """
        Each is found by its own name.
        """
        registry = loadRegistry()
        for name, behavior in registry.behaviors.items():
            self.assertEqual(behavior.name, name)
            self.assertIs(registry.behavior(name), behavior)
        for name, wire in registry.wires.items():
            self.assertEqual(wire.name, name)
            self.assertIs(registry.wire(name), wire)

    def test_aliases(self) -> None:
        """
        A protocol is found by its other spellings.
        """
        registry = loadRegistry()
        self.assertIs(registry.wire("mariadb"), registry.wire("mysql"))

    def test_unknown(self) -> None:
        """
        Unknown names are refused with the nearest.
        """
        registry = loadRegistry()
        refused = self.assertRaises(Refused, registry.behavior, "blackot")
        self.assertEqual(str(refused), "there is no behavior 'blackot': did you mean 'blackout'?")
        refused = self.assertRaises(Refused, registry.wire, "htpp")
        self.assertEqual(str(refused), "there is no protocol 'htpp': did you mean 'http'?")
        self.assertIn("pick one of: ", str(self.assertRaises(Refused, registry.wire, "quic")))


class PluginTests(SynchronousTestCase):
    """
    What other packages bring.
    """

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "their_behaviors.py").write_text(PLUGIN)
        self.patch(plugins, "__path__", [*plugins.__path__, str(folder.resolve())])

    def test_found(self) -> None:
        """
        A provider in a plugin module is a behavior like our own.
        """
        behavior = loadRegistry().behavior("theirs")
        self.assertTrue(verifyObject(IBehavior, behavior))

    def test_takenName(self) -> None:
        """
        A plugin cannot take the place of a behavior that exists.
        """
        module = type(loadRegistry().behavior("delay")).__module__
        self.assertEqual(module, "vaurien_twisted.behaviors.delay")

    def test_registriesAreApart(self) -> None:
        """
        Additions to one registry are not in another.
        """
        first = loadRegistry()
        first.behaviors.pop("delay")
        self.assertIn("delay", loadRegistry().behaviors)
