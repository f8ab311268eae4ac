"""
Clients that were written for Toxiproxy, unchanged: toxiproxy-python, and
toxiproxy-node-client.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any
from unittest import SkipTest
from urllib.parse import urlsplit

from twisted.trial.unittest import SynchronousTestCase

from tests.integration.children import hangUp
from tests.integration.servers import ENVIRONMENT, find
from tests.integration.support import PATIENCE, optional
from tests.ports import freePort
from vaurien_twisted import __version__
from vaurien_twisted.client.launcher import launch, stop_proxy

toxiproxy = optional("toxiproxy")

#: Where npm put its packages: in this Python's environment.
MODULES = Path(sys.prefix) / "node_modules"

SCRIPT = Path(__file__).with_name("toxiproxy_client.js")


class ToxiproxyCase(SynchronousTestCase):
    """
    Vaurien in a process of its own, in Toxiproxy's place, and a backend that answers in
    capitals.
    """

    def setUp(self) -> None:
        command = [sys.executable, "-m", "vaurien_twisted", "--toxiproxy", "127.0.0.1:0"]
        started = launch([*command, "--log-output", os.path.abspath(self.mktemp())], PATIENCE)
        self.addCleanup(stop_proxy, started)
        assert started.toxiproxy_url is not None
        self.url = started.toxiproxy_url
        backend = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(backend.close)
        # Or else a thread that waits in accept() keeps the socket open.
        self.addCleanup(hangUp, backend)
        self.upstream = f"127.0.0.1:{backend.getsockname()[1]}"
        Thread(target=self.serve, args=(backend,), daemon=True).start()

    def serve(self, backend: socket.socket) -> None:
        """
        Answer each client's words until it leaves.
        """
        with contextlib.suppress(OSError):
            while True:
                client, _ = backend.accept()
                Thread(target=self.answer, args=(client,), daemon=True).start()

    def answer(self, client: socket.socket) -> None:
        """
        Answer one client.
        """
        with client, contextlib.suppress(OSError):
            while data := client.recv(100):
                client.sendall(data.upper())

    def ask(self, listen: str) -> float:
        """
        Send a word through a proxy; in how many seconds it is answered.
        """
        host, _, port = listen.rpartition(":")
        began = time.monotonic()
        with socket.create_connection((host, int(port)), PATIENCE) as client:
            client.sendall(b"hello")
            self.assertEqual(client.recv(100), b"HELLO")
        return time.monotonic() - began


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


class NodeTests(ToxiproxyCase):
    """
    toxiproxy-node-client 4.
    """

    def setUp(self) -> None:
        if find("node") is None:
            raise SkipTest("node is not installed")
        if not (MODULES / "toxiproxy-node-client").is_dir():
            raise SkipTest(f"toxiproxy-node-client is not in {MODULES}")
        super().setUp()

    def seen(self) -> dict[str, Any]:
        """
        What the client saw.
        """
        ended = subprocess.run(
            [find("node") or "node", str(SCRIPT), self.url, self.upstream],
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            env={**ENVIRONMENT, "NODE_PATH": str(MODULES)},
        )
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        seen: dict[str, Any] = json.loads(ended.stdout)
        return seen

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
