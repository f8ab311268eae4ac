"""
Tests for L{vaurien_twisted.app.settings}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.settings import Settings
from vaurien_twisted.model.options import Refused, build, specs


class SettingsTests(SynchronousTestCase):
    """
    The options of C{[vaurien]} and the command line.
    """

    def test_documentedDefaults(self) -> None:
        """
        The defaults that scripts rely on since Vaurien's first release.
        """
        settings = Settings()
        self.assertEqual(settings.protocol, "tcp")
        self.assertEqual(settings.proxy, "localhost:8000")
        self.assertEqual(settings.behavior, "dummy")
        self.assertEqual(
            (settings.http, settings.http_host, settings.http_port), (False, "localhost", 8080)
        )
        self.assertEqual((settings.log_level, settings.log_output), ("info", "-"))

    def test_defaultsAreAcceptable(self) -> None:
        """
        Each default is a value that would be taken if it were given.
        """
        for name, spec in specs(Settings).items():
            self.assertEqual(spec.convert(spec.default), spec.default, name)

    def test_bounds(self) -> None:
        """
        A value out of bounds is refused with its name.
        """
        for name, value in (
            ("http_port", "65536"),
            ("http_port", "-1"),
            ("timeout", "0"),
            ("seed", "-2"),
            ("seed", str(2**63)),
            ("seed", "lucky"),
            ("log_level", "chatty"),
            ("announce", "-2"),
            ("http", "maybe"),
        ):
            refused = self.assertRaises(Refused, build, Settings, {name: value}, "vaurien")
            self.assertEqual(refused.name, name)

    def test_anyLoggedSeed(self) -> None:
        """
        Every seed that a run can pick can be given to another.
        """
        for seed in (0, 2**53 + 1, 2**63 - 1):
            self.assertEqual(build(Settings, {"seed": str(seed)}, "vaurien").seed, seed)
