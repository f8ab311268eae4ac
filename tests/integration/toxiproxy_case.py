"""
Vaurien in Toxiproxy's place, for clients that were written for Toxiproxy.
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

from twisted.trial.unittest import SynchronousTestCase

from tests.integration.children import hangUp
from tests.integration.servers import ENVIRONMENT, find
from tests.integration.support import PATIENCE
from vaurien_twisted.client.launcher import launch, stop_proxy

#: Where npm put its packages: in this Python's environment.
MODULES = Path(sys.prefix) / "node_modules"


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


class NodeCase(ToxiproxyCase):
    """
    A script for Node that drives Vaurien by a package from npm.

    @cvar package: the package.
    @cvar script: the script, beside this file.  Its arguments are the URL of Vaurien and the
        address of the backend; it prints one line of JSON.
    """

    package: str
    script: str

    def setUp(self) -> None:
        if find("node") is None:
            raise SkipTest("node is not installed")
        if not (MODULES / self.package).is_dir():
            raise SkipTest(f"{self.package} is not in {MODULES}")
        super().setUp()

    def seen(self) -> dict[str, Any]:
        """
        What the script saw.
        """
        script = Path(__file__).with_name(self.script)
        ended = subprocess.run(
            [find("node") or "node", str(script), self.url, self.upstream],
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            env={**ENVIRONMENT, "NODE_PATH": str(MODULES)},
        )
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        seen: dict[str, Any] = json.loads(ended.stdout)
        return seen
