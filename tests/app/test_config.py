"""
Tests for L{vaurien_twisted.app.config}.
"""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.config import Configuration, configure, declaredOptions
from vaurien_twisted.app.config_file import Given, readConfig
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.registry import loadRegistry

REGISTRY = loadRegistry()


class IniTests(SynchronousTestCase):
    """
    The content of the ini file.
    """

    def write(self, text: str | bytes) -> str:
        """
        An ini file; its path.
        """
        path = Path(self.mktemp())
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    def refused(self, path: str) -> str:
        """
        Why the file at C{path} is refused, in one line that names it.
        """
        refused: Refused = self.assertRaises(Refused, readConfig, path)
        self.assertNotIn("\n", refused.description)
        self.assertIn(path, refused.description)
        return refused.description

    def test_sections(self) -> None:
        """
        Settings, behaviors and protocols; dashes are understood, percent signs are plain.
        """
        given = readConfig(
            self.write(
                "[vaurien]\nprotocol = http\nhttp-port = 9090\nlog_output = %d.log\n"
                "[behavior:delay]\nsleep = 2\n[protocol:http]\noverwrite_host_header = no\n"
            )
        )
        self.assertEqual(
            given.settings, {"protocol": "http", "http_port": "9090", "log_output": "%d.log"}
        )
        self.assertEqual(given.behaviors, {"delay": {"sleep": "2"}})
        self.assertEqual(given.protocols, {"http": {"overwrite_host_header": "no"}})

    def test_unreadable(self) -> None:
        """
        A missing file, a folder, bytes that are not text, and text that is not an ini file.
        """
        self.assertIn("No such file", self.refused(self.mktemp()))
        folder = Path(self.mktemp())
        folder.mkdir()
        self.assertIn("Is a directory", self.refused(str(folder)))
        self.assertIn("is not an ini file", self.refused(self.write(b"\xff\xfe\x00")))
        for text in ("protocol = http\n", "[vaurien\n", "[vaurien]\na=1\na=2\n", "[vaurien]\nx\n"):
            self.assertIn("is not an ini file", self.refused(self.write(text)))

    def test_unknownSection(self) -> None:
        """
        An unknown section is refused with the nearest, not ignored.
        """
        self.assertIn("did you mean 'vaurien'?", self.refused(self.write("[vaurein]\n")))
        for section in ("behavior", "behavior:", "behaviour:delay", "zzz"):
            self.assertIn("there is no section", self.refused(self.write(f"[{section}]\n")))

    def test_rules(self) -> None:
        """
        Rules in order, with their keys; a section may occur once.
        """
        text = (
            "[rule:second]\nbehavior = hang\nwhen.client = 10.0.0.1\n  10.0.0.2\n"
            "[rule:first]\nbehavior = delay\nFor = 5\n"
        )
        given = readConfig(self.write(text))
        self.assertEqual(
            given.rules,
            [
                ("second", {"behavior": "hang", "when.client": "10.0.0.1\n10.0.0.2"}),
                ("first", {"behavior": "delay", "for": "5"}),
            ],
        )
        twice = "[rule:a]\nbehavior = hang\n[rule:a]\nbehavior = hang\n"
        self.assertIn("is not an ini file", self.refused(self.write(twice)))
        for section in ("rule", "rule:", "rules:a"):
            self.assertIn("there is no section", self.refused(self.write(f"[{section}]\n")))


class ConfigureTests(SynchronousTestCase):
    """
    Everything is checked, used or not.
    """

    def refused(self, given: Given) -> Refused:
        """
        Why it is.
        """
        refused: Refused = self.assertRaises(Refused, configure, REGISTRY, given)
        self.assertNotIn("\n", refused.description)
        return refused

    def configured(self, **settings: str) -> Configuration:
        """
        The configuration of these settings.
        """
        return configure(REGISTRY, Given(settings))

    def test_nothingGiven(self) -> None:
        """
        C{tcp}, and nothing happens.
        """
        made = self.configured()
        self.assertEqual(made.wire.name, "tcp")
        self.assertTrue(made.plan.transparent)

    def test_options(self) -> None:
        """
        Options of behaviors are in the plan that begins, and in those made later.
        """
        given = Given({"behavior": "20:delay"}, {"delay": {"sleep": "2"}})
        made = configure(REGISTRY, given)
        for plan in (made.plan, made.ruleBuilder.one("delay", {})):
            self.assertEqual(plan.draws[0].alternatives[0].options.sleep, 2)

    def test_protocolOptions(self) -> None:
        """
        Those of the protocol in use arrive, under any of its spellings; others are only checked.
        """
        given = Given({"protocol": "http"}, {}, {"http": {"overwrite_host_header": "no"}})
        self.assertFalse(configure(REGISTRY, given).wireOptions.overwrite_host_header)
        given = Given({}, {}, {"http": {"overwrite_host_header": "no"}, "mariadb": {}})
        self.assertEqual(configure(REGISTRY, given).wire.name, "tcp")

    def test_pitfall18_httpAndPercentagesTogether(self) -> None:
        """
        The control service and percentages do not exclude each other.
        """
        made = self.configured(http="true", behavior="20:error,10:delay")
        self.assertTrue(made.settings.http)
        self.assertEqual(len(made.plan.draws[0].alternatives), 2)

    def test_refusedSettings(self) -> None:
        """
        Unknown settings, and values that are out of bounds.
        """
        refused = self.refused(Given({"protocl": "http"}))
        self.assertIn("did you mean 'protocol'?", refused.description)
        self.assertIn("did you mean 'http'?", self.refused(Given({"protocol": "htp"})).description)
        self.assertEqual(self.refused(Given({"http_port": "70000"})).name, "http_port")

    def test_refusedBehavior(self) -> None:
        """
        The behavior to begin with is refused by the name of its option.
        """
        for text, words in (
            ("dleay", "did you mean 'delay'?"),
            ("60:error,50:delay", "100 at most"),
            ("lots:error", "not a percentage"),
        ):
            refused = self.refused(Given({"behavior": text}))
            self.assertEqual(refused.name, "behavior")
            self.assertIn(words, refused.description)

    def test_refusedOptions(self) -> None:
        """
        Options are checked though their behavior or protocol is not in use, and refused
        by their names on the command line.
        """
        refused = self.refused(Given({}, {"delay": {"sleep": "soon"}}))
        self.assertEqual(refused.name, "behavior_delay_sleep")
        refused = self.refused(Given({}, {"delay": {"slep": "1"}}))
        self.assertIn("did you mean 'sleep'?", refused.description)
        refused = self.refused(Given({}, {}, {"http": {"overwrite_host_header": "maybe"}}))
        self.assertEqual(refused.name, "protocol_http_overwrite_host_header")
        self.assertIn("there is no", self.refused(Given({}, {"slow": {}})).description)
        self.assertIn("there is no", self.refused(Given({}, {}, {"quic": {}})).description)

    def test_rules(self) -> None:
        """
        Rules are the plan to begin with, with options as configured and the protocol's targets.
        """
        words = {"behavior": "delay", "when.command": "GET", "percent": "10", "for": "60"}
        given = Given({"protocol": "http"}, {"delay": {"sleep": "2"}}, {}, [("slow", words)])
        [rule] = configure(REGISTRY, given).plan.rules
        self.assertEqual((rule.name, rule.percent, rule.lasting), ("slow", 10, 60))
        self.assertEqual((rule.when, rule.options.sleep), ({"command": "GET"}, 2))

    def test_refusedRules(self) -> None:
        """
        Unknown keys are refused with the nearest and the section, also matchers of another
        protocol; and so are a behavior and rules together.
        """
        for words, told in (
            ({"behavior": "hang", "tmies": "1"}, "did you mean 'times'?"),
            ({"behavior": "delay", "slep": "1"}, "did you mean 'sleep'?"),
            ({"behavior": "hang", "when.clint": "::1"}, "did you mean 'when.client'?"),
            ({"behavior": "hang", "when.command": "GET"}, "there is no key 'when.command'"),
            ({"behavior": "hang", "percent": "101"}, "above the maximum 100"),
        ):
            refused = self.refused(Given({}, {}, {}, [("mine", words)]))
            self.assertTrue(refused.description.startswith("[rule:mine]: "), refused.description)
            self.assertIn(told, refused.description)
        given = Given({"behavior": "hang"}, {}, {}, [("mine", {"behavior": "hang"})])
        self.assertEqual(self.refused(given).name, "behavior")


class GivenTests(SynchronousTestCase):
    """
    The command line counts over the ini file.
    """

    def test_over(self) -> None:
        """
        Option by option: values that only one of them has stay.
        """
        line = Given({"protocol": "http"}, {"delay": {"sleep": "1"}}, {"http": {"a": "1"}})
        file = Given(
            {"protocol": "tcp", "http": "true"},
            {"delay": {"sleep": "9", "before": "no"}, "error": {"warmup": "1"}},
            {"http": {"a": "2", "b": "2"}},
        )
        both = line.over(file)
        self.assertEqual(both.settings, {"protocol": "http", "http": "true"})
        self.assertEqual(
            both.behaviors,
            {"delay": {"sleep": "1", "before": "no"}, "error": {"warmup": "1"}},
        )
        self.assertEqual(both.protocols, {"http": {"a": "1", "b": "2"}})

    def test_rules(self) -> None:
        """
        Rules come from the file, and stay.
        """
        rules = [("a", {"behavior": "hang"})]
        self.assertEqual(Given().over(Given(rules=rules)).rules, rules)


class DeclaredTests(SynchronousTestCase):
    """
    The options of the command line are the declared ones.
    """

    def test_words(self) -> None:
        """
        Settings by their names, options with the prefix of their behavior or protocol.
        """
        found = declaredOptions(REGISTRY)
        self.assertEqual(found["log-level"][:2], ("settings", ""))
        self.assertEqual(found["behavior-delay-sleep"][:2], ("behaviors", "delay"))
        self.assertEqual(found["protocol-http-overwrite-host-header"][:2], ("protocols", "http"))
        for word, (_, _, spec) in found.items():
            self.assertTrue(word.endswith(spec.name.replace("_", "-")))
