"""
The clock is set back while something waits.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, TestCase

from tests.integration.servers import poll
from tests.integration.support import PATIENCE
from tests.ports import freePort

#: Runs twistd, wherever it is installed.
TWISTD = "from twisted.scripts.twistd import run; run()"

#: Lies about the time of the day (Debian's package faketime).
LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), "")


class SetBackTests(TestCase):
    """
    Real processes, whose time of the day we set.
    """

    timeout = 5 * PATIENCE

    def setUp(self) -> None:
        if not LIBRARY:
            raise SkipTest("not installed: faketime")
        self.backend = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.backend.close)
        threading.Thread(target=self.echo, daemon=True).start()
        self.offset = Path(self.mktemp()).absolute()
        self.offset.write_text("+0\n")

    def echo(self) -> None:
        """
        Send back what comes, until the socket is closed.
        """
        with contextlib.suppress(OSError):
            while True:
                client = self.backend.accept()[0]
                threading.Thread(target=self.answer, args=(client,), daemon=True).start()

    def answer(self, client: socket.socket) -> None:
        """
        One client.
        """
        with client, contextlib.suppress(OSError):
            while data := client.recv(1024):
                client.sendall(data)

    def start(self, *command: str) -> None:
        """
        Start it before the backend, with one second of delay.
        """
        self.port, self.control = freePort(), freePort()
        words = ["--proxy", f"127.0.0.1:{self.port}", "--http", "--http-port", str(self.control)]
        words += ["--backend", f"127.0.0.1:{self.backend.getsockname()[1]}"]
        words += ["--behavior", "delay", "--behavior-delay-sleep", "1"]
        environment = {
            **os.environ,
            "LD_PRELOAD": LIBRARY,
            "FAKETIME_TIMESTAMP_FILE": str(self.offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        process = subprocess.Popen(
            [*command, *words],
            env=environment,
            cwd=self.mktempFolder(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        poll(self.answers, PATIENCE, "control")

    def mktempFolder(self) -> str:
        """
        A folder of its own.
        """
        folder = self.mktemp()
        Path(folder).mkdir()
        return folder

    def answers(self) -> bool:
        """
        Whether control does.
        """
        with contextlib.suppress(OSError):
            self.ask("/behavior")
            return True
        return False

    def ask(self, path: str) -> Any:
        """
        What control tells.
        """
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control}{path}", timeout=60) as answer:
            return json.load(answer)

    def waits(self) -> None:
        """
        Set the clock back by an hour while a client waits: it waits no longer.  Times that
        are told are those of the day.
        """
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as client:
            client.sendall(b"ping")
            poll(lambda: bool(self.ask("/journal")["journal"]), PATIENCE, "an entry")
            self.offset.write_text("-3600\n")
            self.assertEqual(client.recv(4), b"ping")
            client.sendall(b"pong")
            self.assertEqual(client.recv(4), b"pong")
            since = self.ask("/connections")["connections"][0]["since"]
            self.assertLess(abs(since - (time.time() - 3600)), 600)
            latest = self.ask("/journal")["journal"][-1]["time"]
            self.assertLess(abs(latest - (time.time() - 3600)), 600)

    def test_pitfall33_vaurien(self) -> None:
        """
        C{vaurien}, on its own reactor.
        """
        self.start(sys.executable, "-m", "vaurien_twisted", "--log-output", os.devnull)
        self.waits()

    def test_pitfall33_twistd(self) -> None:
        """
        C{twistd vaurien}, on one of Twisted's: the default, and asyncio's.
        """
        for reactor in ("default", "asyncio"):
            chosen = [] if reactor == "default" else ["--reactor", reactor]
            self.offset.write_text("+0\n")
            twistd = [sys.executable, "-c", TWISTD, *chosen]
            self.start(*twistd, "-n", "--pidfile=", "vaurien")
            self.waits()
