"""
Tests for L{vaurien_twisted.app.reload}, on loopback; with a file and signals in
L{tests.integration.test_signals}.
"""

from __future__ import annotations

from typing import Any

from tests.proxies.test_collection import UPSTREAM, CollectionCase
from tests.proxies.test_listener import answers
from tests.support import REGISTRY
from vaurien_twisted.app.config import Configuration, configure
from vaurien_twisted.app.config_file import Given
from vaurien_twisted.app.reload import Reload, fixedSettings
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.toxics import toxicFromJSON
from vaurien_twisted.transports.addresses import CannotListen


def configuration(*proxies: dict[str, Any], **settings: str) -> Configuration:
    """
    One with these proxies.
    """
    declared: list[object] = [
        {"listen": "localhost:0", "upstream": UPSTREAM, **each} for each in proxies
    ]
    return configure(REGISTRY, Given(settings, declared=declared))


class ReloadTests(CollectionCase):
    """
    From one configuration to another.
    """

    async def begin(self, *proxies: dict[str, Any]) -> None:
        """
        Have these proxies.
        """
        self.before = configuration(*proxies)
        await self.proxies.populate(self.before.declared)

    async def change(self, *proxies: dict[str, Any], **settings: str) -> list[str]:
        """
        Apply a configuration; returns the changes.
        """
        after = configuration(*proxies, **settings)
        words = await Reload(self.proxies, self.before, after).apply()
        self.before = after
        return words

    async def test_pitfall35_same(self) -> None:
        """
        The same file changes nothing: rules keep their counts.
        """
        one = {"name": "one", "rules": [{"behavior": "hang", "times": 2}]}
        await self.begin(one)
        proxy = self.proxies.get("one")
        plan = proxy.decider.plan
        self.assertEqual(await self.change(one), [])
        self.assertIs(self.proxies.get("one"), proxy)
        self.assertIs(proxy.decider.plan, plan)

    async def test_pitfall35_othersStay(self) -> None:
        """
        Proxies created over HTTP stay; changes of the file's own proxies are undone.
        """
        await self.begin({"name": "one"})
        await self.proxies.populate(configuration({"name": "other"}).declared)
        proxy = self.proxies.get("one")
        proxy.faults.setToxics(
            proxy.toxics.adding(toxicFromJSON(proxy.ruleBuilder, {"type": "latency", "name": "x"}))
        )
        proxy.faults.setPlan(proxy.ruleBuilder.one("hang", {}))
        self.assertEqual(await self.change({"name": "one"}), ["one: toxics", "one: rules"])
        self.assertEqual((len(proxy.toxics), list(proxy.plan.rules)), (0, []))
        self.assertEqual(self.names(), ["one", "other"])
        self.assertEqual(await self.change({"name": "two"}), ["two: new", "one: gone"])
        self.assertEqual(self.names(), ["two", "other"])

    async def test_pitfall35_anew(self) -> None:
        """
        Another protocol recreates a proxy at the same address; so does another C{connect_first}.
        """
        await self.begin({"name": "one"})
        place = self.proxies.get("one").listen
        one: dict[str, Any] = {"name": "one", "listen": place, "protocol": "redis"}
        self.assertEqual(await self.change(one), ["one: made anew"])
        self.assertEqual(self.proxies.get("one").wire.name, "redis")
        self.assertTrue(answers(place))
        self.assertEqual(await self.change({**one, "connect_first": True}), ["one: made anew"])
        self.assertEqual(await self.change({**one, "connect_first": True}), [])

    async def test_pitfall35_undone(self) -> None:
        """
        If one address cannot be used, nothing changes: moved, new, removed and recreated proxies.
        """
        await self.begin({"name": "moves"}, {"name": "goes"}, {"name": "anew"})
        places = {str(proxy.name): proxy.listen for proxy in self.proxies.proxies}
        with self.assertRaises(CannotListen):
            await self.change(
                {"name": "moves", "listen": places["goes"], "upstream": "localhost:2"},
                {"name": "anew", "listen": places["anew"], "protocol": "redis"},
                {"name": "new", "rules": [{"behavior": "hang", "for": 60}]},
                {"name": "taken", "listen": self.busy()},
            )
        self.assertEqual({str(p.name): p.listen for p in self.proxies.proxies}, places)
        for place in places.values():
            self.assertTrue(answers(place))
        self.assertEqual(self.proxies.get("moves").backend, UPSTREAM)
        self.assertEqual(self.proxies.get("anew").wire.name, "tcp")

    async def test_pitfall35_refused(self) -> None:
        """
        A rule and a toxic of one name are refused before anything is changed.
        """
        await self.begin({"name": "one"})
        toxic = {"type": "latency", "name": "x"}
        rule = {"behavior": "hang", "name": "x"}
        with self.assertRaises(Refused):
            await self.change({"name": "two"}, {"name": "one", "toxics": [toxic], "rules": [rule]})
        self.assertEqual(self.names(), ["one"])
        # From one to the other it may go.
        await self.change({"name": "one", "toxics": [toxic]})
        self.assertEqual(
            await self.change({"name": "one", "rules": [rule]}), ["one: toxics", "one: rules"]
        )

    def test_pitfall35_fixed(self) -> None:
        """
        Options that need a restart are named as on the command line.
        """
        old = configuration({"name": "one"})
        new = configuration({"name": "one"}, seed="5", log_level="debug", token="x")
        self.assertEqual(fixedSettings(old, new), ["--token", "--log-level", "--seed"])
        self.assertEqual(fixedSettings(old, old), [])
