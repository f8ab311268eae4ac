"""
Tests for C{connections}, C{kill}, C{explain}, C{metrics}, C{state} and C{open}.
"""

from __future__ import annotations

import json
import webbrowser
from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol

from tests.ctl.test_proxies import MAKINGS, ProxiesCase
from vaurien_twisted.ctl.observing import explained
from vaurien_twisted.proxies.declaration import declaredFromJSON


class Waiting(Protocol):
    """
    Sends nothing.
    """


class ObservingTests(ProxiesCase):
    """
    A proxy with one open connection, and three other proxies.
    """

    async def connect(self) -> Any:
        """
        A client of the proxy C{live}, which has answered.
        """
        from twisted.internet import reactor

        port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(
            Factory.forProtocol(Waiting)
        )
        self.addCleanup(port.stopListening)
        item = {"name": "live", "upstream": f"127.0.0.1:{port.getHost().port}"}
        item["listen"] = "127.0.0.1:0"
        proxy = await self.proxies.create(declaredFromJSON(MAKINGS, item))
        host = proxy.host
        client = await connectProtocol(
            TCP4ClientEndpoint(reactor, "127.0.0.1", getattr(host, "port", 0)), Waiting()
        )
        self.addCleanup(client.transport.abortConnection)
        while not proxy.links:
            await self.ctl("state")
        return proxy

    async def test_connections(self) -> None:
        """
        JSON in a pipe, a table on a terminal; one is closed by its number.
        """
        self.assertEqual(await self.ctl("connections", terminal=True), "there are none\n")
        await self.connect()
        told = json.loads(await self.ctl("connections"))
        self.assertEqual([each["id"] for each in told["connections"]], [1])
        await self.ctl("set-behavior", "hang", "--proxy", "live")
        lines = (await self.ctl("connections", "--proxy", "live", terminal=True)).splitlines()
        self.assertEqual(lines[0].split()[:3], ["PROXY", "CONNECTION", "CLIENT"])
        self.assertEqual(lines[1].split()[:3], ["live", "1", "127.0.0.1"])
        said = await self.ctl("kill", "7", "1", "--proxy", "live", status=1)
        self.assertIn("connection 7", said)
        while json.loads(await self.ctl("connections"))["connections"]:
            pass
        self.assertIn("is closed", await self.ctl("kill", "1", "--proxy", "live", status=1))

    async def test_reset(self) -> None:
        """
        A connection is reset, and C{--json} is JSON.
        """
        await self.connect()
        said = await self.ctl("kill", "1", "--proxy", "live", "--reset")
        self.assertEqual(said, "connection 1 is reset\n")

    async def test_explain(self) -> None:
        """
        Why nothing happened.
        """
        await self.connect()
        await self.ctl("set-behavior", "0:hang", "--proxy", "live")
        said = await self.ctl("explain", "1", "--proxy", "live")
        self.assertTrue(said.startswith("live connection 1 exchange 0"), said)
        self.assertIn("nothing happened", said)
        self.assertIn("its requests are not in the journal", said)
        self.proxies.journal.record(
            "missed",
            "live",
            1,
            exchange=2,
            description="GET /",
            rule="100:patch",
            effect="not patched: it is short",
            reason="always",
        )
        lines = (await self.ctl("explain", "1", "--proxy", "live")).splitlines()
        self.assertEqual(
            lines[-2:],
            [
                "its latest requests in the journal:",
                "  exchange 2: GET /: 100:patch: not patched: it is short (always)",
            ],
        )
        timing = {
            "came": 0.0,
            "waited": 0.5,
            "replyEnded": 0.75,
            "replyBytes": 1234,
            "duration": 2.0,
        }
        explanation = {
            "proxy": "live",
            "connection": 1,
            "exchange": 2,
            "description": "GET /a...",
            "whole": {"description": "GET /abc"},
            "hit": True,
            "summary": "it was delayed",
            "journal": [{"message": "Try later"}],
            "timing": timing,
        }
        self.assertEqual(
            [line.strip() for line in explained(explanation).splitlines()[:3]],
            ["live connection 1 exchange 2: GET /abc", "it was delayed", "sent: Try later"],
        )
        self.assertIn("waited 500 ms", explained(explanation))
        self.assertIn("the backend's reply ended after 750 ms, 1,234 bytes", explained(explanation))
        self.assertIn("took 2 s in all", explained(explanation))
        only = await self.ctl("explain", "1", "0", "--proxy", "live")
        self.assertNotIn("journal", only)
        told = json.loads(await self.ctl("explain", "1", "0", "--proxy", "live", "--json"))
        self.assertEqual((told["proxy"], told["hit"]), ("live", False))
        self.assertIn("connection 9", await self.ctl("explain", "9", status=1))
        await self.ctl("explain", "x", status=2)

    async def test_state(self) -> None:
        """
        A table on a terminal, JSON in a pipe.
        """
        self.assertEqual(len(json.loads(await self.ctl("state"))["proxies"]), 3)
        await self.ctl("set-behavior", "hang", "--proxy", "web")
        lines = (await self.ctl("state", terminal=True)).splitlines()
        self.assertIn("seed 7", lines[0])
        self.assertEqual(lines[1].split()[-2:], ["IN", "FORCE"])
        self.assertTrue(lines[2].endswith("no fault") and lines[4].endswith("hang"), lines)
        await self.ctl("delete", "--all")
        self.assertIn("there are no proxies", await self.ctl("state", terminal=True))

    async def test_metrics(self) -> None:
        """
        What Prometheus would get.
        """
        said = await self.ctl("metrics")
        self.assertIn("# TYPE vaurien_", said)
        self.assertIn('proxy="db-1"', said)

    async def test_open(self) -> None:
        """
        The browser opens the page; without one its address is printed.
        """
        opened: list[str] = []
        self.patch(webbrowser, "open", lambda url: opened.append(url) or True)
        self.assertIn("opened http://127.0.0.1:", await self.ctl("open"))
        self.assertTrue(opened[0].endswith("/"))
        self.patch(webbrowser, "open", lambda url: False)
        await self.ctl("open", status=1)
