"""
Tests for the commands of vaurienctl that speak of several proxies.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.threads import deferToThread

from tests.ctl.test_main import Shown
from tests.support import REGISTRY
from vaurien_twisted.control.access import Access
from vaurien_twisted.control.service import ControlService
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.declaration import ProxyDefaults, declaredFromJSON
from vaurien_twisted.record.journal import Journal

MAKINGS = ProxyDefaults(REGISTRY)


class ProxiesCase(Shown):
    """
    A service with three proxies, and the command.
    """

    def setUp(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.prepare())

    async def prepare(self, access: Access | None = None) -> None:
        """
        Start it.
        """
        from twisted.internet import reactor

        clock: Any = reactor
        self.proxies = ProxyCollection(reactor, MAKINGS, Journal(clock.seconds), 7)
        self.proxies.startService()
        self.addCleanup(lambda: maybeDeferred(self.proxies.stopService))
        for name in ("db-1", "db-2", "web"):
            item = {"name": name, "listen": "localhost:0", "upstream": "localhost:9"}
            await self.proxies.create(declaredFromJSON(MAKINGS, item))
        service = ControlService(reactor, "localhost", 0, self.proxies, access)
        service.startService()
        self.addCleanup(service.stopService)
        await service.listening
        self.patch(os, "environ", {**os.environ, "VAURIEN_URL": f"http://{service.address}"})

    async def ctl(self, *words: str, status: int = 0, terminal: bool = False) -> str:
        """
        Run the command.  Returns its output, or the reason if it must fail.
        """
        found, out, err = await deferToThread(self.run_, *words, terminal=terminal)
        self.assertEqual(found, status, out + err)
        return str(err if status else out)

    def behaviors(self) -> list[list[str]]:
        """
        The faults in force on each proxy.
        """
        return [[rule.behavior.name for rule in p.plan.rules] for p in self.proxies.proxies]


class CommandTests(ProxiesCase):
    """
    Each command.
    """

    async def test_list(self) -> None:
        """
        Names in a pipe, a table on a terminal, JSON on request.
        """
        self.assertEqual(await self.ctl("list"), "db-1\ndb-2\nweb\n")
        await self.ctl("toxic", "add", "web", "-t", "latency")
        table = (await self.ctl("list", terminal=True)).splitlines()
        self.assertEqual(table[0].split()[:3], ["NAME", "LISTEN", "UPSTREAM"])
        web = self.proxies.get("web")
        self.assertEqual(
            table[3].split(),
            ["web", web.listen, "localhost:9", "tcp", "yes", "toxic", "latency_downstream"],
        )
        self.assertEqual(
            list(json.loads(await self.ctl("list", "--json"))), ["db-1", "db-2", "web"]
        )
        await self.ctl("delete", "--all")
        self.assertEqual(await self.ctl("list"), "")
        self.assertEqual(await self.ctl("list", terminal=True), "there are none\n")

    async def test_createAndInspect(self) -> None:
        """
        A proxy is created with its protocol, and shown whole.
        """
        told = await self.ctl("create", "new", "-u", "localhost:9", "--protocol", "redis")
        new = self.proxies.get("new")
        self.assertEqual(told, f"new listens on {new.listen}\n")
        self.assertEqual(new.wire.name, "redis")
        told = await self.ctl("create", "off", "--upstream", "localhost:9", "--disabled")
        self.assertEqual(
            (told, self.proxies.get("off").enabled), ("off is there, disabled\n", False)
        )
        await self.ctl("toxic", "add", "new", "-t", "latency", "-a", "latency=5")
        await self.ctl("set-behavior", "hang", "--proxy", "new")
        shown = json.loads(await self.ctl("inspect", "new"))
        self.assertEqual((shown["listen"], shown["protocol"]), (new.listen, "redis"))
        self.assertEqual(shown["toxics"][0]["attributes"]["latency"], 5)
        self.assertEqual(shown["rules"], [{"behavior": "hang"}])
        shown = await self.ctl("inspect", "new", terminal=True)
        for words in ("new  redis", "latency_downstream  latency  downstream", '"hang"'):
            self.assertIn(words, shown)
        self.assertNotIn("lease", shown)
        new.lease = "ci-7"
        shown = await self.ctl("inspect", "new", terminal=True)
        self.assertIn("lease ci-7: the proxy is deleted when it ends", shown)

    async def test_twice(self) -> None:
        """
        A name that is taken.
        """
        said = await self.ctl("create", "web", "-u", "localhost:9", status=1)
        self.assertIn("there is already a proxy 'web': choose another name", said)

    async def test_toggle(self) -> None:
        """
        Enabled proxies are disabled, and the other way round; patterns and names together.
        """
        told = await self.ctl("toggle", "db-*", "web")
        self.assertEqual(told.count("is now disabled"), 3)
        told = await self.ctl("toggle", "db-2")
        self.assertEqual(told, "db-2 is now enabled\n")
        enabled = [proxy.enabled for proxy in self.proxies.proxies]
        self.assertEqual(enabled, [False, True, False])
        await self.ctl("reset")
        self.assertTrue(all(proxy.enabled for proxy in self.proxies.proxies))

    async def test_delete(self) -> None:
        """
        Proxies of a pattern are deleted; missing ones are reported, and the others are deleted.
        """
        told = await self.ctl("delete", "nowhere", "web", status=1)
        self.assertEqual(
            told, "vaurienctl: nowhere: proxy not found: pick one of: db-1, db-2, web\n"
        )
        self.assertEqual(await self.ctl("list"), "db-1\ndb-2\n")
        self.assertEqual(await self.ctl("delete", "db-?", "--json"), '{"db-1": {}, "db-2": {}}\n')
        told = await self.ctl("delete", "db-*", status=1)
        self.assertIn("no proxy matches 'db-*'", told)

    async def test_toxics(self) -> None:
        """
        Toxics are added, changed and removed, with Toxiproxy's own words too.
        """
        words = ("--type", "latency", "--toxicName", "slow", "--attribute", "latency=5")
        told = await self.ctl("toxic", "add", *words, "--upstream", "--toxicity", "0.5", "db-*")
        self.assertEqual(told, "db-1: slow is added, upstream\ndb-2: slow is added, upstream\n")
        await self.ctl("toxic", "update", "-n", "slow", "-a", "jitter=1", "--all", status=1)
        for name in ("db-1", "db-2"):
            [toxic] = self.proxies.get(name).toxics
            self.assertEqual((toxic.stream, toxic.toxicity), ("upstream", 0.5))
            self.assertEqual((toxic.attributes["latency"], toxic.attributes["jitter"]), (5, 1))
        self.assertEqual(
            await self.ctl("toxic", "remove", "-n", "slow", "db-1"), "db-1: slow is removed\n"
        )
        self.assertEqual(len(self.proxies.get("db-1").toxics), 0)
        told = await self.ctl("toxic", "add", "-t", "latncy", "web", status=1)
        self.assertEqual(told, "vaurienctl: web: invalid toxic type: did you mean 'latency'?\n")

    async def test_rules(self) -> None:
        """
        Rules of several proxies are put in force, and shown.
        """
        path = Path(self.mktemp())
        path.write_text('[{"behavior": "hang"}]')
        told = await self.ctl("rules", "--set", str(path), "db-*")
        self.assertEqual(told.count("the rules are set"), 2)
        self.assertEqual(self.behaviors(), [["hang"], ["hang"], []])
        self.assertEqual(json.loads(await self.ctl("rules", "db-1")), [{"behavior": "hang"}])
        told = await self.ctl("rules", "--set", "/nonexistent", "web", status=1)
        self.assertIn("cannot read /nonexistent", told)


class OfProxiesTests(ProxiesCase):
    """
    Commands of the first proxy, for others.
    """

    async def test_first(self) -> None:
        """
        Without a name it is the first.
        """
        await self.ctl("set-behavior", "hang")
        self.assertEqual(self.behaviors(), [["hang"], [], []])

    async def test_others(self) -> None:
        """
        Names, patterns, all.
        """
        await self.ctl("set-behavior", "delay", "sleep=2", "--proxy", "web")
        self.assertEqual(self.behaviors(), [[], [], ["delay"]])
        await self.ctl("set-behavior", "hang", "--proxy", "db-*", "--proxy", "web")
        self.assertEqual(self.behaviors(), [["hang"]] * 3)
        told = await self.ctl("set-behavior", "dummy", "--all")
        self.assertEqual(
            told,
            "".join(f"{name}: the behavior is now dummy\n" for name in ("db-1", "db-2", "web")),
        )
        await self.ctl("set-backend", "localhost:10", "--proxy", "web")
        self.assertEqual(await self.ctl("get-backend", "--proxy", "web"), "localhost:10\n")
        self.assertEqual(await self.ctl("get-backend"), "localhost:9\n")

    async def test_missing(self) -> None:
        """
        A proxy that is not there.
        """
        told = await self.ctl("set-behavior", "hang", "--proxy", "webb", status=1)
        self.assertIn("did you mean 'web'?", told)
        self.assertEqual(self.behaviors(), [[], [], []])


class UsageTests(Shown):
    """
    Command lines that ask nothing of a service.
    """

    def test_wrong(self) -> None:
        """
        Status 2, and what is missing.
        """
        for words, told in (
            (["toggle"], "no proxy is named"),
            (["delete", "a", "--all"], "remove --all or the names"),
            (["toxic"], "ACTION"),
            (["toxic", "add", "a"], "toxic add: -t/--type is missing"),
            (["toxic", "remove", "a"], "no toxic is named"),
            (["toxic", "add", "a", "-t", "x", "-a", "latency"], "NAME=VALUE"),
            (
                ["toxic", "add", "a", "-t", "x", "-u", "-d"],
                "cannot be given together with -u/--upstream",
            ),
            (["create", "a"], "--upstream"),
            (["inspect"], "NAME"),
            (["tgogle", "a"], "did you mean 'toggle'?"),
        ):
            status, out, err = self.run_(*words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertIn(told, err)


class TokenTests(ProxiesCase):
    """
    A service that needs a token.
    """

    async def prepare(self, access: Access | None = None) -> None:
        """
        Start it.
        """
        await super().prepare(Access("s3cret"))

    async def test_token(self) -> None:
        """
        It is taken from the environment.
        """
        self.assertIn("needs a token", await self.ctl("get-behavior", status=1))
        for words in (("list",), ("toxic", "add", "web", "-t", "latency"), ("kill", "3")):
            self.assertIn("needs a token: set VAURIEN_TOKEN", await self.ctl(*words, status=1))
        self.patch(os, "environ", {**os.environ, "VAURIEN_TOKEN": "other"})
        self.assertIn("another token than that of", await self.ctl("list", status=1))
        self.patch(os, "environ", {**os.environ, "VAURIEN_TOKEN": "s3cret"})
        self.assertEqual(await self.ctl("get-behavior"), "dummy\n")
        self.assertEqual(await self.ctl("list"), "db-1\ndb-2\nweb\n")
        self.patch(os, "environ", {**os.environ, "VAURIEN_TOKEN": "a b"})
        self.assertIn("a token must be", await self.ctl("list", status=1))
