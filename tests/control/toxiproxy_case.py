"""
An empty collection, and Toxiproxy's HTTP API of it.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.trial.unittest import TestCase

from tests.control.support import REGISTRY, Answer, Asker
from vaurien_twisted.control.site import controlRoot
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.declaration import ProxyDefaults
from vaurien_twisted.record.journal import Journal

#: Nothing listens there, and no test connects.
UPSTREAM = "127.0.0.1:9"


class ToxiproxyCase(TestCase):
    """
    An empty collection, and its API.
    """

    timeout = 120

    def setUp(self) -> None:
        from twisted.internet import reactor

        clock: Any = reactor
        self.proxies = ProxyCollection(reactor, ProxyDefaults(REGISTRY), Journal(clock.seconds), 7)
        self.proxies.startService()
        self.addCleanup(lambda: maybeDeferred(self.proxies.stopService))
        self.ask = Asker(controlRoot(self.proxies)).ask

    def create(self, name: str = "db", **more: Any) -> dict[str, Any]:
        """
        A proxy on a free port, as returned by the service.
        """
        item = {"name": name, "listen": "127.0.0.1:0", "upstream": UPSTREAM, **more}
        answer = self.ask("POST", "/proxies", item)
        self.assertEqual(answer.status, 201, answer.body)
        told: dict[str, Any] = answer.json
        return told

    def assertRefused(self, answer: Answer, status: int, error: str) -> None:
        """
        The answer is this refusal, in Toxiproxy's form.
        """
        told = {name: value for name, value in answer.json.items() if name != "proxies"}
        self.assertEqual(told, {"error": error, "status": status})
        self.assertEqual(answer.status, status)
        self.assertEqual(answer.header("content-type"), "application/json")

    def assertBadBody(self, answer: Answer, *words: str) -> None:
        """
        The body was refused with this reason.
        """
        self.assertEqual((answer.status, answer.json["status"]), (400, 400), answer.body)
        self.assertEqual(set(answer.json) - {"proxies"}, {"error", "status"})
        self.assertTrue(answer.json["error"].startswith("bad request body: "), answer.body)
        for word in words:
            self.assertIn(word, answer.json["error"])

    def busy(self) -> str:
        """
        An address that is taken.
        """
        other = socket.socket()
        self.addCleanup(other.close)
        other.bind(("127.0.0.1", 0))
        other.listen()
        return f"127.0.0.1:{other.getsockname()[1]}"
