"""
Clients that were written for Toxiproxy, unchanged: toxiproxy-python,
toxiproxy-node-client, and the Toxiproxy module of Testcontainers for Node.
"""

from __future__ import annotations

import json
from typing import Any
from unittest import SkipTest
from urllib.parse import urlsplit

from tests.integration.support import optional
from tests.integration.toxiproxy_case import NodeCase, ToxiproxyCase
from tests.ports import freePort
from vaurien_twisted import __version__

toxiproxy = optional("toxiproxy")


class PythonTests(ToxiproxyCase):
    """
    toxiproxy-python 0.1.
    """

    def setUp(self) -> None:
        if toxiproxy is None:
            raise SkipTest("toxiproxy-python is not installed")
        super().setUp()
        place = urlsplit(self.url)
        self.server = toxiproxy.Toxiproxy()
        self.server.update_api_consumer(place.hostname, place.port)

    def create(self, name: str = "python") -> Any:
        """
        A proxy of the client's.
        """
        return self.server.create(upstream=self.upstream, name=name)

    def test_server(self) -> None:
        """
        It runs, tells its version, and has no proxies at first.
        """
        self.assertTrue(self.server.running())
        self.assertEqual(json.loads(self.server.version()), {"version": __version__})
        self.assertEqual(self.server.proxies(), {})

    def test_proxies(self) -> None:
        """
        Proxies are made, found, taken down for the length of a block, and destroyed.
        """
        proxy = self.create()
        self.ask(proxy.listen)
        self.assertEqual(self.server.get_proxy("python").listen, proxy.listen)
        with self.assertRaises(toxiproxy.exceptions.ProxyExists):
            self.create()
        with proxy.down():
            self.assertFalse(self.server.get_proxy("python").enabled)
            with self.assertRaises(ConnectionRefusedError):
                self.ask(proxy.listen)
        self.ask(proxy.listen)
        self.assertTrue(self.server.destroy(proxy))
        self.assertIsNone(self.server.get_proxy("python"))
        with self.assertRaises(toxiproxy.exceptions.NotFound):
            proxy.destroy()

    def test_toxics(self) -> None:
        """
        Toxics act, are told, and are taken off.
        """
        proxy = self.create()
        proxy.add_toxic(type="latency", attributes={"latency": 300})
        toxic = proxy.get_toxic("latency_downstream")
        self.assertEqual((toxic.type, toxic.stream, toxic.toxicity), ("latency", "downstream", 1))
        self.assertEqual(toxic.attributes["latency"], 300)
        self.assertGreaterEqual(self.ask(proxy.listen), 0.3)
        with self.assertRaises(toxiproxy.exceptions.ProxyExists):
            proxy.add_toxic(type="latency")
        with self.assertRaises(toxiproxy.exceptions.InvalidToxic):
            proxy.add_toxic(type="nonsense")
        self.assertTrue(proxy.destroy_toxic("latency_downstream"))
        self.assertEqual(proxy.toxics(), {})
        with self.assertRaises(toxiproxy.exceptions.NotFound):
            proxy.destroy_toxic("latency_downstream")

    def test_reset(self) -> None:
        """
        All toxics are taken off, and all proxies enabled.
        """
        proxy = self.create()
        proxy.add_toxic(type="timeout", attributes={"timeout": 0})
        proxy.disable()
        self.assertTrue(self.server.reset())
        self.assertEqual(proxy.toxics(), {})
        self.ask(proxy.listen)

    def test_populate(self) -> None:
        """
        Proxies of a list are made once.
        """
        listens = [f"127.0.0.1:{freePort()}" for _ in range(2)]
        items = [
            {"name": f"many-{number}", "listen": listen, "upstream": self.upstream}
            for number, listen in enumerate(listens)
        ]
        self.assertEqual([each.listen for each in self.server.populate(items)], listens)
        self.assertEqual(self.server.populate(items), [])
        self.server.destroy_all()
        self.assertEqual(self.server.proxies(), {})


class NodeTests(NodeCase):
    """
    toxiproxy-node-client 4.
    """

    package = "toxiproxy-node-client"
    script = "toxiproxy_client.js"

    def test_all(self) -> None:
        """
        Whatever the client can do does what it says, and what it refuses it refuses as
        with Toxiproxy.
        """
        seen = self.seen()
        created = seen["created"]
        self.assertEqual(seen["version"], __version__)
        self.assertEqual((created["name"], created["enabled"]), ("node", True))
        self.assertFalse(created["listen"].endswith(":0"))
        self.assertEqual(seen["plain"]["data"], "HELLO")

        toxic = seen["toxic"]
        self.assertEqual((toxic["name"], toxic["toxicity"]), ("latency_downstream", 1))
        self.assertEqual(toxic["attributes"]["latency"], 1000)
        self.assertGreaterEqual(seen["slow"]["ms"], 1000)
        self.assertEqual(seen["updated"]["attributes"]["latency"], 0)
        self.assertEqual(seen["found"], seen["updated"])
        self.assertLess(min(seen["fast"]), 1000)

        self.assertEqual(seen["down"], [False, {"error": "ECONNREFUSED"}])
        self.assertEqual(seen["reset"][:2], [True, True])
        self.assertEqual(seen["reset"][2]["data"], "HELLO")
        self.assertEqual(seen["populated"], ["node", "other"])
        self.assertEqual((seen["all"], seen["left"]), (["node", "other"], []))
        for refused, status in (("conflict", 409), ("removed", 404), ("invalid", 400)):
            self.assertIn(str(status), seen[refused])
        self.assertIn("404", seen["missing"])


class NodeTestcontainersTests(NodeCase):
    """
    @testcontainers/toxiproxy 12, with a container that is only said to have been started.
    """

    package = "@testcontainers/toxiproxy"
    script = "testcontainers_client.js"

    def test_all(self) -> None:
        """
        It gives each proxy a port of its own, adds toxics, disables proxies and enables them.
        """
        seen = self.seen()
        first, second = seen["ports"]
        self.assertGreater(second, first)
        self.assertEqual(seen["names"], ["cache", "other"])
        self.assertEqual(seen["plain"]["data"], "HELLO")
        self.assertGreaterEqual(seen["slow"]["ms"], 300)
        self.assertEqual(seen["disabled"], {"error": "ECONNREFUSED"})
        self.assertEqual(seen["enabled"]["data"], "HELLO")
