"""
Tests for C{vaurienctl normal}, and for the output of C{set-behavior dummy}.
"""

from __future__ import annotations

import argparse
import json
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.ctl.test_main import Terminal
from tests.ctl.test_proxies import ProxiesCase
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import ClientError, RequestRefused
from vaurien_twisted.ctl.in_force import formatProxy, inForce
from vaurien_twisted.ctl.normal import LINES, normal


class NormalTests(ProxiesCase):
    """
    A service with three proxies.
    """

    async def test_first(self) -> None:
        """
        By default it affects the first proxy, and prints what is in force on others.
        """
        self.assertEqual(await self.ctl("normal"), "db-1: nothing was in force\n")
        await self.ctl("set-behavior", "20:error,10:delay", "--all")
        await self.ctl("toxic", "add", "db-1", "-t", "latency")
        said = (await self.ctl("normal")).splitlines()
        self.assertEqual(
            said,
            [
                "db-1: removed 2 rules, toxic latency_downstream",
                "db-2: 20:error,10:delay remains",
                "web: 20:error,10:delay remains",
                "remove it: vaurienctl normal --all",
            ],
        )
        self.assertEqual([len(each) for each in self.behaviors()], [0, 2, 2])

    async def test_chosen(self) -> None:
        """
        C{--proxy} and C{--all}; C{--json} is the service's answer.
        """
        await self.ctl("set-behavior", "hang", "--all")
        said = await self.ctl("normal", "--proxy", "db-*")
        self.assertEqual(
            said.splitlines(),
            [
                "db-1: removed 1 rule",
                "db-2: removed 1 rule",
                "web: hang remains",
                "remove it: vaurienctl normal --all",
            ],
        )
        told = json.loads(await self.ctl("normal", "--all", "--json"))
        self.assertEqual([each["rules"] for each in told["proxies"]], [0, 0, 1])
        self.assertEqual(self.behaviors(), [[], [], []])
        said = await self.ctl("normal", "--proxy", "x", status=1)
        self.assertIn("there is no proxy 'x'", said)
        self.assertNotIn("older", said)

    async def test_none(self) -> None:
        """
        A service without proxies, and a disabled proxy.
        """
        await self.ctl("toggle", "db-1")
        said = await self.ctl("normal")
        self.assertEqual(said, "db-1: nothing was in force; the proxy is disabled\n")
        await self.ctl("delete", "--all")
        self.assertIn("there are no proxies", await self.ctl("normal", status=1))

    async def test_dummy(self) -> None:
        """
        C{set-behavior dummy} prints what is still in force, and how to remove it.
        """
        self.assertEqual(await self.ctl("set-behavior", "dummy"), "the behavior is now dummy\n")
        await self.ctl("toxic", "add", "db-1", "-t", "latency")
        said = (await self.ctl("set-behavior", "dummy")).splitlines()
        self.assertEqual(
            said[1:],
            ["db-1: toxic latency_downstream remains", "remove it: vaurienctl normal"],
        )
        said = (await self.ctl("set-behavior", "dummy", "--proxy", "db-1")).splitlines()
        self.assertEqual(said[-1], "remove it: vaurienctl normal --proxy db-1")
        said = (await self.ctl("set-behavior", "dummy", "--proxy", "web")).splitlines()
        self.assertEqual(said[-1], "remove it: vaurienctl normal --all")
        self.assertEqual(json.loads(await self.ctl("set-behavior", "dummy", "--json")), OK)

    async def test_shown(self) -> None:
        """
        C{list} and C{inspect} have rules and toxics.
        """
        await self.ctl("toxic", "add", "web", "-t", "latency")
        await self.ctl("set-behavior", "hang", "--proxy", "web")
        table = (await self.ctl("list", terminal=True)).splitlines()
        self.assertTrue(table[0].endswith("IN FORCE"))
        self.assertTrue(table[3].endswith("hang; toxic latency_downstream"), table[3])
        shown = json.loads(await self.ctl("inspect", "web"))
        self.assertEqual((shown["rules"], shown["own"]), ([{"behavior": "hang"}], []))


OK = {"status": "ok"}


class WordsTests(SynchronousTestCase):
    """
    The faults in force, in words.
    """

    STATE: ClassVar[dict[str, Any]] = {
        "name": "db",
        "listen": "localhost:1",
        "upstream": "localhost:2",
        "enabled": True,
        "rules": [
            {"draw": [{"behavior": "error", "percent": 20}, {"behavior": "delay", "percent": 10}]},
            {"behavior": "hang", "name": "mine"},
        ],
        "toxics": [],
        "own": [{"connection": 3, "rules": [{"behavior": "hang"}]}, {"connection": 4, "rules": []}],
    }

    def test_words(self) -> None:
        """
        Rules, those of single connections, too.
        """
        self.assertEqual(
            inForce(self.STATE),
            ["20:error,10:delay", "hang (mine)", "connection 3: hang", "connection 4: no fault"],
        )
        self.assertEqual(inForce({"name": "db", "toxics": [{"name": "t"}]}), ["toxic t"])

    def test_inspect(self) -> None:
        """
        On a terminal each has a line.
        """
        self.patch(formatProxy.__globals__["sys"], "stdout", Terminal())
        lines = formatProxy(self.STATE).splitlines()
        self.assertEqual(lines[-1], '  connection 3 rule {"behavior": "hang"}')

    def test_many(self) -> None:
        """
        The missing path of an older service is named; many connections are not all listed.
        """
        asked: list[str] = []

        class Older(Client):
            def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
                asked.append(path)
                if method == "GET":
                    return {"db": {}}
                raise RequestRefused(404, f"there is no {path!r} here", path, "path")

        words = argparse.Namespace(all=False, proxy=[], json=False)
        with self.assertRaises(ClientError) as caught:
            normal(Older(url="http://localhost:1"), words)
        self.assertIn("older", str(caught.exception))
        self.assertEqual(asked, ["/proxies", "/proxies/db/normal"])

    def test_cut(self) -> None:
        """
        The number of lines is limited.
        """
        out = Terminal()
        self.patch(normal.__globals__["ctl_proxies"].__dict__["sys"], "stdout", out)
        own = [{"connection": each, "rules": []} for each in range(LINES + 5)]

        class Full(Client):
            def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
                if method == "POST":
                    connections = list(range(LINES + 1))
                    was = {"name": "a", "enabled": True, "rules": 0, "toxics": []}
                    return {"proxies": [{**was, "connections": connections}]}
                return {"proxies": [{"name": "a"}, {"name": "b", "own": own}]}

        words = argparse.Namespace(all=True, proxy=[], json=False)
        self.assertEqual(normal(Full(url="http://localhost:1"), words), 0)
        lines = out.getvalue().splitlines()
        self.assertIn("connections 0, 1,", lines[0])
        self.assertTrue(lines[0].endswith(", …"))
        self.assertEqual(lines[-2:], ["and 5 more", "remove it: vaurienctl normal --all"])
