"""
Tests for proxies in configuration files: L{vaurien_twisted.app.config} and
L{vaurien_twisted.app.config_file}.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from tests.app.test_tap import parsed
from vaurien_twisted.app.config import Configuration, configure
from vaurien_twisted.app.config_file import Given, readConfig
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.registry import loadRegistry

REGISTRY = loadRegistry()

INI = """
[vaurien]
http = yes
[protocol:http]
overwrite_host_header = no
[behavior:delay]
sleep = 3
[proxy:web]
listen = localhost:8000
backend = localhost:5000
protocol = http
behavior = 20:delay
[proxy:cache]
upstream = localhost:6379
protocol = redis
enabled = no
[rule:slow]
proxy = cache
behavior = delay
when.key = user:*
"""

JSON = [
    {"name": "web", "listen": "[::]:18080", "upstream": "webapp.domain:8080", "enabled": True},
    {
        "name": "db",
        "listen": "[::]:13306",
        "upstream": "database.domain:3306",
        "protocol": "mysql",
        "enabled": False,
        "toxics": [{"type": "latency", "attributes": {"latency": 5}}],
        "rules": [{"behavior": "error", "options": {"code": "1213"}}],
    },
]


class FileCase(SynchronousTestCase):
    """
    A test with files.
    """

    def write(self, text: str, end: str = "") -> str:
        """
        A file; its path.
        """
        path = Path(self.mktemp() + end)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def configured(self, text: str, **settings: str) -> Configuration:
        """
        The configuration of a file, and these words of the command line.
        """
        return configure(REGISTRY, Given(settings).over(readConfig(self.write(text))))

    def refused(self, text: str, **settings: str) -> str:
        """
        Why it is.
        """
        with self.assertRaises(Refused) as caught:
            self.configured(text, **settings)
        self.assertNotIn("\n", caught.exception.description)
        return caught.exception.description


class IniTests(FileCase):
    """
    Sections C{[proxy:NAME]}.
    """

    def test_proxies(self) -> None:
        """
        They are all there is, with the options of behaviors, and with rules that name them.
        """
        made = self.configured(INI)
        self.assertFalse(made.own)
        web, cache = made.declared
        self.assertEqual(
            (web.name, web.listen, web.upstream), ("web", "localhost:8000", "localhost:5000")
        )
        [rule] = web.plan.rules
        self.assertEqual((rule.percent, rule.options.sleep), (20, 3))
        self.assertEqual((cache.enabled, cache.wire), (False, REGISTRY.wire("redis")))
        [rule] = cache.plan.rules
        self.assertEqual((rule.name, rule.when), ("slow", {"key": "user:*"}))
        options = made.defaults.options(REGISTRY.wire("http"))
        self.assertFalse(options.overwrite_host_header)

    def test_own(self) -> None:
        """
        An address on the command line or in C{[vaurien]} makes another, the first.
        """
        self.assertTrue(self.configured(INI, backend="localhost:1").own)
        self.assertTrue(self.configured(INI, proxy="localhost:1").own)
        self.assertTrue(self.configured(INI, demo="yes").own)
        self.assertTrue(self.configured("").own)

    def test_toxiproxyAlone(self) -> None:
        """
        With C{--toxiproxy} there is no first proxy, unless an option describes it.
        """
        self.assertFalse(self.configured("", toxiproxy="yes").own)
        self.assertTrue(self.configured("", toxiproxy="yes", behavior="hang").own)
        self.assertTrue(self.configured("", toxiproxy="yes", backend="localhost:1").own)

    def test_protocol(self) -> None:
        """
        The protocol of C{[vaurien]} is that of proxies that name none.
        """
        text = "[vaurien]\nprotocol = redis\n[proxy:a]\nbackend = localhost:1\n"
        made = self.configured(text + "[rule:r]\nproxy = a\nbehavior = hang\nwhen.key = x\n")
        self.assertEqual(made.defaults.protocol, "redis")
        self.assertEqual([rule.when for rule in made.declared[0].plan.rules], [{"key": "x"}])

    def test_refused(self) -> None:
        """
        What cannot be meant.
        """
        one = "[proxy:a]\nbackend = localhost:1\n"
        for text, words in (
            ("[proxy:a]\n", "[proxy:a] has no upstream, which is required"),
            ("[proxy:a]\nbackend = x:1\nlisten-on = y\n", "did you mean 'listen'?"),
            ("[proxy:]\n", "there is no section"),
            ("[poxy:a]\n", "there is no section"),
            (one + "[rule:r]\nproxy = b\nbehavior = hang\n", "there is no proxy 'b'"),
            (one + "[rule:r]\nbehavior = hang\n", "put it under [proxy:NAME]"),
            (
                one + "behavior = hang\n[rule:r]\nproxy = a\nbehavior = hang\n",
                "give only one",
            ),
        ):
            self.assertIn(words.lower(), self.refused(text).lower())
        self.assertIn("under [proxy:NAME]", self.refused(one, behavior="hang"))
        self.assertIn("two proxies", self.refused(one, backend="x:1", name="a"))


class JSONTests(FileCase):
    """
    Toxiproxy's array.
    """

    def test_proxies(self) -> None:
        """
        It is known by its name, or by how it begins.
        """
        text = json.dumps(JSON)
        for path in (self.write(text, ".json"), self.write("\n " + text)):
            web, db = configure(REGISTRY, readConfig(path)).declared
            self.assertEqual((web.listen, web.upstream), ("[::]:18080", "webapp.domain:8080"))
            self.assertEqual((web.enabled, db.enabled), (True, False))
            self.assertEqual([toxic.name for toxic in db.toxics], ["latency_downstream"])
            self.assertEqual([rule.options.code for rule in db.plan.rules], ["1213"])
        self.assertEqual(configure(REGISTRY, readConfig(self.write("[]"))).declared, ())

    def test_refused(self) -> None:
        """
        What cannot be read; each proxy by its number.
        """
        for text, words in (
            ("[{", "is not JSON"),
            ('[{"name": "a"}]', "proxy 1 has no upstream, which is required"),
            ('[{"name": "a", "upstream": "x:1", "toxic": []}]', "did you mean 'toxics'?"),
            ('[{"name": "a", "upstream": "x:1"}, {"name": "a", "upstream": "x:1"}]', "two proxies"),
            ('[{"name": "a", "upstream": "x:1", "toxics": [{"type": "x"}]}]', "proxy 1: toxic 1: "),
            ('[{"name": "a", "upstream": "x:1", "rules": [{}]}]', "proxy 1: rule 1: "),
        ):
            self.assertIn(words, self.refused(text))
        for text, words in (("{}", "an array"), ("[vaurien]", "is not JSON")):
            refused = self.assertRaises(Refused, readConfig, self.write(text, ".json"))
            self.assertIn(words, refused.description)


class WordTests(FileCase):
    """
    The command line.
    """

    def test_toxiproxy(self) -> None:
        """
        C{--toxiproxy} needs no value.
        """
        for words, value in (
            (("--toxiproxy",), "localhost:8474"),
            (("--toxiproxy", "--http"), "localhost:8474"),
            (("--toxiproxy", "localhost:0"), "localhost:0"),
            (("--toxiproxy=0.0.0.0:1", "--http"), "0.0.0.0:1"),
            ((), ""),
        ):
            self.assertEqual(parsed(*words).configuration.settings.toxiproxy, value)

    def test_config(self) -> None:
        """
        Both kinds of file are taken.
        """
        for text in (INI, json.dumps(JSON)):
            made = parsed("--config", self.write(text), "--toxiproxy").configuration
            self.assertEqual(len(made.declared), 2)

    def test_token(self) -> None:
        """
        The command line counts over the file, and the file over the environment.
        """
        path = self.write("[vaurien]\ntoken = file\n")
        environment = dict(os.environ)
        self.patch(os, "environ", environment)
        self.assertEqual(parsed().configuration.settings.token, "")
        environment["VAURIEN_TOKEN"] = "environment"
        for words, token in (
            ((), "environment"),
            (("--config", path), "file"),
            (("--config", path, "--token", "word"), "word"),
        ):
            self.assertEqual(parsed(*words).configuration.settings.token, token)
        for word in ("", "a b"):
            refused = self.assertRaises(UsageError, parsed, "--token", word)
            self.assertIn("--token: ", str(refused))
