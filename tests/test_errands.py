"""
One declaration is enough: a behavior, an option of a proxy and an option of the service that are
declared in L{tests.errands} are there on the command line, in files, in REST, in the docs and in
the forms of the page.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.control.support import Asker
from tests.errands import MoreProxyOptions, MoreSettings, registry
from vaurien_twisted.app.config import Configuration
from vaurien_twisted.app.service import Vaurien
from vaurien_twisted.app.tap import Options, VaurienOptions
from vaurien_twisted.control.site import controlRoot
from vaurien_twisted.model.options import specs

ROOT = Path(__file__).resolve().parent.parent


def commandLine() -> VaurienOptions:
    """
    The command line with what is declared for these tests.
    """
    return Options(registry(), MoreSettings, MoreProxyOptions)


def parsed(*words: str) -> Configuration:
    """
    What a command line says.
    """
    options = commandLine()
    options.parseOptions(words)
    return options.configuration


def optionsOf(configuration: Configuration, place: int) -> Any:
    """
    The options of one declared proxy.
    """
    return configuration.defaults.optionsOf(configuration.declared[place])


class CommandLineTests(SynchronousTestCase):
    """
    The command C{vaurien}.
    """

    def test_values(self) -> None:
        """
        The options are taken, and have their defaults.
        """
        words = ["--color", "blue", "--errands", "4", "--behavior", "stumble"]
        given = parsed(*words, "--behavior-stumble-steps", "5")
        settings: Any = given.settings
        defaults: Any = given.defaults.proxyOptions
        self.assertEqual((settings.color, defaults.errands), ("blue", 4))
        [rule] = given.plan.rules
        self.assertEqual((rule.behavior.name, rule.options.steps), ("stumble", 5))
        settings, defaults = parsed().settings, parsed().defaults.proxyOptions
        self.assertEqual((settings.color, defaults.errands), ("red", 2))

    def test_refused(self) -> None:
        """
        Values out of bounds are refused by the option's name.
        """
        for word, value, reason in (
            ("--color", "green", "'green' is not valid"),
            ("--errands", "6", "above the maximum 5"),
            ("--behavior-stumble-steps", "0", "below the minimum 1"),
        ):
            refused = self.assertRaises(UsageError, parsed, word, value)
            self.assertTrue(str(refused).startswith(f"{word}: "), refused)
            self.assertIn(reason, str(refused))

    def test_help(self) -> None:
        """
        The help has them with their descriptions.
        """
        text = " ".join(commandLine().getUsage().split())
        for words in (
            "--color= The color of the service. One of: red, blue. [default: red]",
            "--errands= How many errands a proxy runs. [default: 2]",
            "--behavior-stumble-steps= How many steps it stumbles. [default: 3 steps]",
        ):
            self.assertIn(words, text)


class FileTests(SynchronousTestCase):
    """
    Configuration files.
    """

    def file(self, text: str, kind: str = "ini") -> Configuration:
        """
        What a file says.
        """
        path = Path(f"{self.mktemp()}.{kind}")
        path.write_text(text)
        return parsed("--config", str(path))

    def test_ini(self) -> None:
        """
        An ini file says it for all proxies, and for one.
        """
        given = self.file(
            "[vaurien]\ncolor = blue\nerrands = 4\n"
            "[behavior:stumble]\nsteps = 5\n"
            "[proxy:one]\nbackend = localhost:1\nbehavior = stumble\n"
            "[proxy:two]\nbackend = localhost:2\nerrands = 0\n"
        )
        settings: Any = given.settings
        self.assertEqual(settings.color, "blue")
        self.assertEqual([optionsOf(given, place).errands for place in (0, 1)], [4, 0])
        [rule] = given.declared[0].plan.rules
        self.assertEqual(rule.options.steps, 5)

    def test_iniRefused(self) -> None:
        """
        The section at fault is named.
        """
        section = "[proxy:one]\nbackend = localhost:1\nerrands = many\n"
        refused = self.assertRaises(UsageError, self.file, section)
        self.assertIn("[proxy:one]: errands: 'many' is not valid", str(refused))

    def test_json(self) -> None:
        """
        So does a file of proxies in JSON.
        """
        item = {"name": "one", "upstream": "localhost:1", "errands": 1}
        given = self.file(json.dumps([item]), "json")
        self.assertEqual(optionsOf(given, 0).errands, 1)


class RestTests(TestCase):
    """
    The control service.
    """

    def setUp(self) -> None:
        from twisted.internet import reactor

        service = Vaurien(reactor, parsed("--errands", "4", "--proxy", "127.0.0.1:0"))
        self.addCleanup(lambda: maybeDeferred(service.stopService))
        self.proxies = service.proxies
        self.ask = Asker(controlRoot(service.proxies)).ask
        service.privilegedStartService()
        service.startService()
        assert service.ready is not None
        self.ready: Deferred[None] = service.ready

    def create(self, **more: Any) -> Any:
        """
        The answer to a new proxy.
        """
        item = {"name": "one", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9", **more}
        return self.ask("POST", "/proxies", item)

    async def test_proxy(self) -> None:
        """
        A proxy is created with the option, tells it, and has it where it is needed.
        """
        await self.ready
        created = self.create(errands=5)
        self.assertEqual((created.status, created.json["errands"]), (201, 5), created.body)
        self.assertEqual(self.ask("GET", "/proxies/one").json["errands"], 5)
        self.assertEqual(self.ask("GET", "/proxies/proxy").json["errands"], 4)
        options: Any = self.proxies.get("one").proxyOptions
        self.assertEqual(options.errands, 5)

    async def test_refused(self) -> None:
        """
        What is misspelled or out of bounds is refused, and so is another value later.
        """
        await self.ready
        for item, reason in (
            ({"errands": 6}, "above the maximum 5"),
            ({"errands": "5"}, "it must be a whole number"),
            ({"erands": 5}, "did you mean 'errands'?"),
        ):
            refused = self.create(**item)
            self.assertEqual(refused.status, 400)
            self.assertIn(reason, refused.json["error"])
        self.assertEqual(self.create(errands=1).status, 201)
        refused = self.ask("POST", "/proxies/one", {"errands": 2})
        self.assertIn("'errands' cannot be changed", refused.json["error"])
        self.assertEqual(self.ask("POST", "/proxies/one", {"errands": 1}).status, 200)

    async def test_behavior(self) -> None:
        """
        The behavior can be set and asked for.
        """
        await self.ready
        body = {"name": "stumble", "steps": 7}
        self.assertEqual(self.ask("PUT", "/behavior", body).status, 200)
        told = self.ask("GET", "/behavior").json
        self.assertEqual(told, {"behavior": "stumble", "options": {"steps": 7}})
        refused = self.ask("PUT", "/behavior", {"name": "stumble", "steps": 10}).error
        self.assertIn("above the maximum 9", refused["description"])

    async def test_declared(self) -> None:
        """
        The declarations, of which the page makes its forms and C{vaurienctl} its help.
        """
        await self.ready
        behaviors = self.ask("GET", "/behaviors?verbose=1").json["details"]
        self.assertEqual(behaviors["stumble"]["description"], "Waits a second for each step.")
        [steps] = behaviors["stumble"]["options"]
        self.assertEqual((steps["name"], steps["minimum"], steps["unit"]), ("steps", 1, "steps"))
        fields = {each["name"]: each for each in self.ask("GET", "/schema").json["proxy"]}
        self.assertEqual(
            fields["errands"],
            {
                "name": "errands",
                "type": "int",
                "default": 2,
                "description": "How many errands a proxy runs.",
                "minimum": 0,
                "maximum": 5,
            },
        )


class DocsTests(SynchronousTestCase):
    """
    The reference pages.
    """

    def test_tables(self) -> None:
        """
        They are made of the declarations alone.
        """
        with patch.object(sys, "path", [str(ROOT / "docs"), *sys.path]):
            pieces = importlib.import_module("pieces")
        text = pieces.fields("Option", specs(MoreProxyOptions).values(), "--")
        for words in ("--errands", "How many errands a proxy runs.", "0 to 5"):
            self.assertIn(words, text)
        text = pieces.options(registry().behavior("stumble").options)
        self.assertIn("How many steps it stumbles.", text)
        text = pieces.fields("Option", specs(MoreSettings).values(), "--")
        self.assertIn("The color of the service.", text)
