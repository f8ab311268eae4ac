"""
The library websockets on both ends of a proxy: what passes, and what each fault raises.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import threading
from pathlib import Path
from typing import Any
from unittest import SkipTest

from tests.integration.ruling import rule
from tests.integration.servers import ENVIRONMENT, find
from tests.integration.support import PATIENCE, ProxyCase, inThread, optional
from tests.integration.toxiproxy_case import MODULES

server: Any = optional("websockets.sync.server")
client: Any = optional("websockets.sync.client")
exceptions: Any = optional("websockets.exceptions")

LIMITS = {"max_size": None, "ping_interval": None, "open_timeout": PATIENCE}

#: A rule that no message matches.
NEVER = {"behavior": "websocket", "when": {"text": "never"}}

SIZES = (0, 1, 125, 126, 65535, 65536, 2**20, 2**24)


def websocket(fault: str, when: dict[str, Any], **options: Any) -> dict[str, Any]:
    """
    The rule by which messages meet a fault.
    """
    return {"behavior": "websocket", "options": {"fault": fault, **options}, "when": when}


class EchoCase(ProxyCase):
    """
    A server that repeats what it hears.
    """

    skip = None if server and client else "not installed: websockets"

    async def prepare(self) -> None:
        """
        Start the server.
        """
        self.met: list[str] = []

        def echo(connection: Any) -> None:
            try:
                for message in connection:
                    connection.send(message)
            except exceptions.ConnectionClosed as ended:
                self.met.append(str(ended))

        quiet = logging.Logger("quiet", logging.CRITICAL + 1)
        self.server = server.serve(echo, "127.0.0.1", 0, logger=quiet, **LIMITS)
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join, PATIENCE)
        self.addCleanup(self.server.shutdown)
        await self.open(f"127.0.0.1:{self.server.socket.getsockname()[1]}", "http", seed=7)


class WebSocketTests(EchoCase):
    """
    The library on both ends.
    """

    def connect(self, **more: Any) -> Any:
        """
        A client.
        """
        options = {**LIMITS, "close_timeout": 1, **more}
        return client.connect(f"ws://127.0.0.1:{self.proxy.port}/echo?x=1", **options)

    @inThread
    def test_unchanged(self) -> None:
        """
        Texts, bytes, fragments, pings and close handshakes pass, compressed and not.
        """
        for compression in ("deflate", None):
            for rules in ([], [NEVER]):
                rule(self, *rules)
                with self.connect(compression=compression) as connection:
                    for size in SIZES:
                        data = os.urandom(size)
                        connection.send(data)
                        self.assertTrue(connection.recv(timeout=PATIENCE) == data, size)
                    connection.send(["a", "b" * 70000, "é"])
                    self.assertEqual(connection.recv(timeout=PATIENCE), "a" + "b" * 70000 + "é")
                    self.assertTrue(connection.ping().wait(PATIENCE))
                self.assertEqual(connection.close_code, 1000)
        self.assertEqual((self.effects(), self.opaque()), ([], []))

    def raised(self, *rules: dict[str, Any]) -> str:
        """
        What the client raises when it is answered.
        """
        rule(self, *rules)
        with self.connect(compression=None) as connection:
            connection.send("a tick")
            with self.assertRaises(exceptions.ConnectionClosed) as caught:
                connection.recv(timeout=PATIENCE)
        return str(caught.exception)

    @inThread
    def test_raised(self) -> None:
        """
        The client says what it has met.
        """
        down = {"opcode": "text", "direction": "downstream", "text": "*tick*", "path": "/echo"}
        told = self.raised(websocket("close", down, code=1012, reason="again"))
        self.assertTrue(told.startswith("received 1012 (service restart) again"), told)
        told = self.raised(websocket("close", {**down, "direction": "upstream"}, code=4000))
        self.assertTrue(told.startswith("received 4000"), told)
        for then in ("close", "reset"):
            told = self.raised(websocket("cut", down, then=then))
            self.assertEqual(told, "no close frame received or sent")
        told = self.raised(websocket("corrupt", down))
        self.assertTrue(told.startswith("sent 1007 (invalid frame payload data)"), told)
        told = self.raised(websocket("rsv", down))
        self.assertTrue(told.startswith("sent 1002 (protocol error) reserved bits"), told)
        self.assertEqual(len(self.effects()), 6)

    @inThread
    def test_upstream(self) -> None:
        """
        The server refuses what was damaged on its way, and the client is told.
        """
        up = {"opcode": "text", "direction": "upstream"}
        told = self.raised(websocket("corrupt", up))
        self.assertTrue(told.startswith("received 1007"), told)
        told = self.raised(websocket("rsv", up, bits=1))
        self.assertTrue(told.startswith("received 1002"), told)

    @inThread
    def test_lost(self) -> None:
        """
        A message that is dropped does not come, the next does; no pong answers a ping.
        """
        rule(self, websocket("drop", {"text": "*tick*"}), websocket("drop", {"opcode": "pong"}))
        with self.connect(compression=None) as connection:
            connection.send("a tick")
            connection.send("other")
            self.assertEqual(connection.recv(timeout=PATIENCE), "other")
            pong = connection.ping()
            connection.send("later")
            self.assertEqual(connection.recv(timeout=PATIENCE), "later")
            self.assertFalse(pong.is_set())
        with self.connect(compression="deflate") as connection:
            # What is compressed has no text here.
            connection.send("a tick")
            self.assertEqual(connection.recv(timeout=PATIENCE), "a tick")


class NodeTests(EchoCase):
    """
    The same server, and the package ws of Node as the client.
    """

    def node(self, size: int = 0) -> list[Any]:
        """
        What the client met: what it heard, its error, and the code and reason of the end.

        @param size: of the bytes that it says; 0 for a short text.
        """
        script = str(Path(__file__).with_name("websocket_node.js"))
        ended = subprocess.run(
            [find("node") or "node", script, f"ws://127.0.0.1:{self.proxy.port}/", str(size)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={**ENVIRONMENT, "NODE_PATH": str(MODULES)},
        )
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        return list(json.loads(ended.stdout).values())

    def setUp(self) -> Any:
        """
        Look for Node and the package.
        """
        if find("node") is None or not (MODULES / "ws").is_dir():
            raise SkipTest(f"node is not installed, or ws is not in {MODULES}")
        return super().setUp()

    @inThread
    def test_unchanged(self) -> None:
        """
        Long and compressed messages pass, and the close handshake.
        """
        for size in (1, 2**24):
            self.assertEqual(self.node(size), [[size], "", 1000, "bye"])

    @inThread
    def test_raised(self) -> None:
        """
        What the client tells of each fault.
        """
        down = {"direction": "downstream", "opcode": "text"}
        for fault, options, met in (
            ("close", {"code": 1012, "reason": "again"}, ["", 1012, "again"]),
            ("cut", {}, ["", 1006, ""]),
            ("cut", {"then": "reset"}, ["", 1006, ""]),
            ("corrupt", {}, ["WS_ERR_INVALID_UTF8", 1006, ""]),
            ("rsv", {}, ["WS_ERR_UNEXPECTED_RSV_2_3", 1006, ""]),
        ):
            rule(self, websocket(fault, down, **options))
            self.assertEqual(self.node(), [[], *met], fault)
