"""
Tests for L{vaurien_twisted.proxies.declaration}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support import REGISTRY
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.declaration import (
    MissingField,
    ProxyConfig,
    ProxyDefaults,
    declaredFromJSON,
    declaredFromWords,
)
from vaurien_twisted.proxies.options import ANYWHERE

MAKINGS = ProxyDefaults(REGISTRY, {"delay": {"sleep": "3"}}, protocol="http")
PLAIN = {"name": "db", "upstream": "localhost:1"}


class JSONTests(SynchronousTestCase):
    """
    Proxies in JSON.
    """

    def test_defaults(self) -> None:
        """
        A name and an upstream will do.
        """
        made = declaredFromJSON(MAKINGS, PLAIN)
        self.assertEqual(made, ProxyConfig("db", ANYWHERE, "localhost:1"))
        nothing = dict.fromkeys(("listen", "enabled", "protocol", "toxics", "rules"))
        self.assertEqual(declaredFromJSON(MAKINGS, {**PLAIN, **nothing}), made)

    def test_whole(self) -> None:
        """
        All fields; rules may ask for the targets of the proxy's protocol, and have options
        as configured.
        """
        made = declaredFromJSON(
            MAKINGS,
            {
                **PLAIN,
                "listen": "localhost:2",
                "enabled": False,
                "protocol": "redis",
                "toxics": [{"type": "latency"}, {"type": "latency", "stream": "upstream"}],
                "rules": [{"behavior": "delay", "when": {"key": "user:*"}}],
            },
        )
        self.assertEqual((made.listen, made.enabled), ("localhost:2", False))
        assert made.wire is not None
        self.assertEqual(made.wire.name, "redis")
        self.assertEqual(
            [toxic.name for toxic in made.toxics], ["latency_downstream", "latency_upstream"]
        )
        [rule] = made.plan.rules
        self.assertEqual((rule.options.sleep, rule.when), (3, {"key": "user:*"}))

    def test_protocol(self) -> None:
        """
        Where none is named, the rules are for the protocol of the makings.
        """
        rules = [{"behavior": "hang", "when": {"path": "/x"}}]
        made = declaredFromJSON(MAKINGS, {**PLAIN, "rules": rules})
        self.assertIsNone(made.wire)
        tcp = {**PLAIN, "rules": rules, "protocol": "tcp"}
        self.assertRaises(Refused, declaredFromJSON, MAKINGS, tcp)

    def test_missing(self) -> None:
        """
        A name and an upstream are required, with Toxiproxy's messages.
        """
        for item, words in (
            ({"upstream": "a:1"}, "name at proxy 2"),
            ({"name": "", "upstream": "a:1"}, "name at proxy 2"),
            ({"name": "a"}, "upstream at proxy 2"),
        ):
            refused = self.assertRaises(
                MissingField, declaredFromJSON, MAKINGS, item, " at proxy 2"
            )
            self.assertEqual(refused.description, words)

    def test_refused(self) -> None:
        """
        Unknown members are refused with the nearest, and values of another kind.
        """
        for item, words in (
            ({"enabld": True}, "did you mean 'enabled'?"),
            ({"enabled": "yes"}, "true or false"),
            ({"listen": 8000}, "it must be text"),
            ({"name": "a/b"}, "nor contain /"),
            ({"protocol": "redsi"}, "did you mean 'redis'?"),
            ({"toxics": {}}, "must be a list"),
            ({"toxics": [{"type": "latency"}, {"type": "latency"}]}, "toxic 2: "),
            ({"rules": [{"behavior": "dleay"}]}, "rule 1: "),
        ):
            refused = self.assertRaises(Refused, declaredFromJSON, MAKINGS, {**PLAIN, **item})
            self.assertIn(words, refused.description)
        self.assertRaises(Refused, declaredFromJSON, MAKINGS, "db")


class WordsTests(SynchronousTestCase):
    """
    Sections of an ini file.
    """

    def test_section(self) -> None:
        """
        All keys; C{backend} is C{upstream}.
        """
        words = {
            "listen": "localhost:2",
            "backend": "localhost:1",
            "protocol": "mariadb",
            "enabled": "off",
            "behavior": "20:delay",
        }
        made = declaredFromWords(MAKINGS, "db", words)
        assert made.wire is not None
        self.assertEqual(
            (made.name, made.listen, made.upstream, made.wire.name, made.enabled),
            ("db", "localhost:2", "localhost:1", "mysql", False),
        )
        [rule] = made.plan.rules
        self.assertEqual((rule.percent, rule.options.sleep), (20, 3))

    def test_refused(self) -> None:
        """
        Each refusal names the section.
        """
        for words, told in (
            ({}, "has no upstream, which is required"),
            ({"upstream": "a:1", "backend": "a:1"}, "give only one"),
            ({"upstream": "a:1", "lisen": "a:1"}, "did you mean 'listen'?"),
            ({"upstream": "a:1", "enabled": "perhaps"}, "true or false"),
            ({"upstream": "a:1", "behavior": "dleay"}, "did you mean 'delay'?"),
        ):
            refused = self.assertRaises(Refused, declaredFromWords, MAKINGS, "db", words)
            self.assertIn("[proxy:db]", refused.description)
            self.assertIn(told, refused.description)
