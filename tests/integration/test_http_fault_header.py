"""
nginx's clients ask for faults themselves, and WebSockets pass.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from tests.integration.ruling import fault, rule
from tests.integration.support import PATIENCE, ProxyCase, inThread, optional
from tests.integration.test_http import HTTPCase

server: Any = optional("websockets.sync.server")
client: Any = optional("websockets.sync.client")
exceptions: Any = optional("websockets.exceptions")

#: Large messages, long waits, and none of the pings that end a connection by the clock.
LIMITS = {
    "max_size": 2**24,
    "open_timeout": PATIENCE,
    "close_timeout": PATIENCE,
    "ping_interval": None,
}


class WishTests(HTTPCase):
    """
    C{X-Vaurien-Behavior}.
    """

    def asking(self, text: str, path: str = "/one") -> tuple[int, float]:
        """
        The status of a request that asks for something, and how long it took.
        """
        asking = self.kept()
        began = time.monotonic()
        asking.request("GET", path, headers={"X-Vaurien-Behavior": text})
        response = asking.getresponse()
        response.read()
        return response.status, time.monotonic() - began

    @inThread
    def test_obeyed(self) -> None:
        """
        Where the option allows it the caller has what it asks for, and only the caller;
        a fault header that is not understood passes, with its reason in the journal.
        """
        self.reopen(self.server.backend, "http", protocolOptions={"obey_header": "true"})
        status, taken = self.asking("delay; sleep=0.4")
        self.assertEqual(status, 200)
        self.assertGreaterEqual(taken, 0.4)
        self.assertEqual(self.asking("error; code=429")[0], 429)
        self.assertEqual(self.asking("")[0], 200)
        self.assertEqual(self.asking("error; code=4290")[0], 200)
        entries = self.proxy.journal.since()
        self.assertEqual([e["kind"] for e in entries], ["decision", "decision", "refused"])
        self.assertIn("4290", entries[-1]["reason"])
        rule(self, fault({}, code=500))
        self.assertEqual([self.asking(text)[0] for text in ("dummy", "")], [200, 500])

    @inThread
    def test_notObeyed(self) -> None:
        """
        By default it is a field like any other.
        """
        self.assertEqual(self.asking("error; code=429")[0], 200)
        self.assertEqual(self.proxy.journal.since(), [])


class WebSocketTests(ProxyCase):
    """
    Upgraded connections pass as they are.
    """

    skip = None if server and client else "not installed: websockets"

    async def prepare(self) -> None:
        """
        Start a server that repeats what it hears.
        """

        def echo(connection: Any) -> None:
            for message in connection:
                connection.send(message)

        # A connection that was cut is no news here.
        quiet = logging.Logger("quiet", logging.CRITICAL + 1)
        self.server = server.serve(echo, "127.0.0.1", 0, logger=quiet, **LIMITS)
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join, PATIENCE)
        self.addCleanup(self.server.shutdown)
        port = self.server.socket.getsockname()[1]
        await self.open(f"127.0.0.1:{port}", "http")

    def connect(self) -> Any:
        """
        A client.
        """
        uri = f"ws://127.0.0.1:{self.proxy.port}/echo"
        return client.connect(uri, **LIMITS)

    @inThread
    def test_echo(self) -> None:
        """
        Texts and bytes of every size come back the same, also under a rule, and the
        connection closes in order.
        """
        for rules in ([], [fault({"path": "/other"}, code=503)]):
            rule(self, *rules)
            with self.connect() as connection:
                for size in (0, 1, 125, 126, 70_000, 3 * 10**6):
                    data = os.urandom(size)
                    connection.send(data)
                    self.assertEqual(connection.recv(timeout=PATIENCE), data)
                connection.send("é")
                self.assertEqual(connection.recv(timeout=PATIENCE), "é")
            self.assertEqual(connection.close_code, 1000)
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_refused(self) -> None:
        """
        The upgrade is a request like any other: it can be refused, and what comes after
        it meets faults as C{tcp} knows them.
        """
        rule(self, fault({"header": {"Upgrade": "websocket"}}, code=503))
        with self.assertRaises(exceptions.InvalidStatus) as caught:
            self.connect()
        self.assertEqual(caught.exception.response.status_code, 503)
        rule(self)
        with self.connect() as connection:
            connection.send("a")
            self.assertEqual(connection.recv(timeout=PATIENCE), "a")
            rule(self, {"behavior": "blackout"})
            connection.send("b")
            with self.assertRaises(exceptions.ConnectionClosedError):
                connection.recv(timeout=PATIENCE)
