"""
Tests for L{vaurien_twisted.model.names}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.config import configure
from vaurien_twisted.app.config_file import Given
from vaurien_twisted.model.names import checkPrintable, peerName, plainHost, printable
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.declaration import ProxyDefaults, declaredFromJSON, declaredFromWords
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.registry import loadRegistry
from vaurien_twisted.rules.toxics import toxicFromJSON
from vaurien_twisted.transports.addresses import clientEndpoint, serverEndpoint

REGISTRY = loadRegistry()

#: Control characters for a terminal, and line ends.
BAD = ("a\x1b[2Jb", "a\nb", "a\rb", "a\x00b", "a\x9bb", "a\u2028b", "a\u202eb", "\ud800")


class PrintableTests(SynchronousTestCase):
    """
    Texts that are shown.
    """

    def test_pitfall44_escaped(self) -> None:
        """
        What cannot be shown is written as Python would write it; the rest stays.
        """
        self.assertEqual(printable("plain, \u00e4\u00f6\u00fc"), "plain, \u00e4\u00f6\u00fc")
        self.assertEqual(printable("a\x1b[2J\n"), r"a\x1b[2J\n")
        for bad in BAD:
            self.assertTrue(printable(bad).isprintable())

    def test_pitfall44_refused(self) -> None:
        """
        The refusal names the field, and can itself be shown.
        """
        self.assertEqual(checkPrintable("plain", "name"), "plain")
        for bad in BAD:
            refused = self.assertRaises(Refused, checkPrintable, bad, "name")
            self.assertEqual(refused.name, "name")
            self.assertTrue(refused.description.isprintable())

    def test_pitfall44_names(self) -> None:
        """
        Names of proxies, toxics and rules, and addresses, are refused with such characters.
        """
        defaults = ProxyDefaults(REGISTRY)
        ruleBuilder = RuleBuilder(REGISTRY)
        clock: Any = MemoryReactorClock()
        for bad in BAD:
            attempts: tuple[tuple[Any, ...], ...] = (
                (declaredFromJSON, defaults, {"name": bad, "upstream": "localhost:1"}),
                (declaredFromWords, defaults, bad, {"upstream": "localhost:1"}),
                (toxicFromJSON, ruleBuilder, {"name": bad, "type": "latency"}),
                (planFromRules, ruleBuilder, [{"name": bad, "behavior": "hang"}]),
                (configure, REGISTRY, Given({"name": bad, "backend": "localhost:1"})),
                (serverEndpoint, clock, f"unix:/tmp/{bad}", "proxy"),
                (clientEndpoint, clock, f"tcp:{bad}:80", "backend"),
            )
            for attempt in attempts:
                refused = self.assertRaises(Refused, *attempt)
                self.assertTrue(refused.description.isprintable(), refused.description)


class HostTests(SynchronousTestCase):
    """
    IP addresses.
    """

    def test_pitfall44_mapped(self) -> None:
        """
        An IPv4 address that came to a socket of IPv6 is shown as itself, in any spelling.
        """
        for text in ("::ffff:1.2.3.4", "::ffff:102:304", "::FFFF:1.2.3.4", "::ffff:0102:0304"):
            self.assertEqual(plainHost(text), "1.2.3.4", text)
        for text in ("1.2.3.4", "::1", "::", "::1.2.3.4", "::fffe:1.2.3.4", "/run/x", "", "::x"):
            self.assertEqual(plainHost(text), text)

    def test_pitfall44_peers(self) -> None:
        """
        Peers of a log line.
        """
        self.assertEqual(peerName(IPv6Address("TCP", "::ffff:10.0.0.7", 1)), "10.0.0.7")
        self.assertEqual(peerName(IPv4Address("TCP", "10.0.0.7", 1)), "10.0.0.7")
        for none in (UNIXAddress(None), None):
            self.assertEqual(peerName(none), "a socket of this machine")
