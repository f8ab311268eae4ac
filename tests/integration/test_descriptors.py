"""
A process that has no file descriptors left for clients.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from twisted.trial.unittest import TestCase

from tests.integration.authority import papers
from tests.integration.servers import poll
from tests.integration.support import PATIENCE
from tests.ports import freePort
from vaurien_twisted.express.connected_socket import RESET

#: How many descriptors the process may have: few, so that few clients take them.
LIMIT = 160

#: More clients than there is room for.
CLIENTS = 200


class FullTests(TestCase):
    """
    Control answers all the same.
    """

    timeout = 5 * PATIENCE

    def setUp(self) -> None:
        # Where nobody accepts, the kernel connects as many as the backlog has room for.
        self.backend = socket.create_server(("127.0.0.1", 0), backlog=4 * CLIENTS)
        self.addCleanup(self.backend.close)
        self.clients: list[socket.socket] = []
        self.addCleanup(self.empty)

    def start(self, *words: str) -> None:
        """
        Start Vaurien with that limit.
        """
        self.control = freePort()
        self.log = Path(self.mktemp())
        backend = f"127.0.0.1:{self.backend.getsockname()[1]}"
        command = [sys.executable, "-m", "vaurien_twisted", "--backend", backend, "--http"]
        command += ["--http-port", str(self.control), "--log-output", str(self.log), *words]
        limited = ["sh", "-c", f'ulimit -n {LIMIT} && exec "$@"', "sh", *command]
        self.process = subprocess.Popen(limited, stderr=subprocess.DEVNULL)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.terminate)
        poll(self.answers, PATIENCE, "control")

    def answers(self) -> bool:
        """
        Whether control does.
        """
        with contextlib.suppress(OSError):
            self.ask("GET", "/behavior")
            return True
        return False

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """
        One request on a connection of its own.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.control, timeout=PATIENCE)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200)
            return json.loads(answer.read())
        finally:
            connection.close()

    def connect(self, place: Any) -> socket.socket:
        """
        One more client.
        """
        family = socket.AF_UNIX if isinstance(place, str) else socket.AF_INET
        client = socket.socket(family)
        client.settimeout(PATIENCE)
        client.connect(place)
        self.clients.append(client)
        return client

    def fill(self, place: Any) -> None:
        """
        Connect more clients than there is room for; control answers at every moment, and
        is obeyed.
        """
        for number in range(CLIENTS):
            with contextlib.suppress(OSError):
                self.connect(place)
            if number % 40 == 0:
                self.assertEqual(self.ask("GET", "/behavior")["behavior"], "dummy")
        poll(lambda: "no file descriptors are left" in self.log.read_text(), PATIENCE, "a line")
        for name in ("hang", "dummy"):
            self.ask("PUT", "/behavior", {"name": name})
            self.assertEqual(self.ask("GET", "/behavior")["behavior"], name)
        self.assertLess(self.log.read_text().count("no file descriptors"), 10)
        self.assertLess(len(os.listdir(f"/proc/{self.process.pid}/fd")), LIMIT - 16)

    def empty(self) -> None:
        """
        All clients reset their connections.  An end in order would wait for the backend's.
        """
        for client in self.clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.close()
        self.clients.clear()

    def served(self, place: Any) -> bool:
        """
        Whether a new client stays connected.
        """
        try:
            client = self.connect(place)
            client.settimeout(0.2)
            client.recv(1)
        except TimeoutError:
            return True
        except OSError:
            return False
        return False

    def test_pitfall40_tcp(self) -> None:
        """
        Clients that wait for their backend in vain; when they have gone, others are served.
        """
        place = "127.0.0.1", freePort()
        self.start("--proxy", f"127.0.0.1:{place[1]}")
        self.fill(place)
        self.empty()
        poll(lambda: self.served(place), PATIENCE, "a client")

    def test_pitfall40_twisted(self) -> None:
        """
        By Twisted's own transports.
        """
        place = "127.0.0.1", freePort()
        self.start("--proxy", f"tcp:{place[1]}:interface=127.0.0.1")
        self.fill(place)

    def test_pitfall40_unix(self) -> None:
        """
        At a UNIX socket.
        """
        folder = Path(mkdtemp())
        self.addCleanup(folder.rmdir)
        place = str(folder / "socket")
        self.start("--proxy", f"unix:{place}")
        self.fill(place)
        self.empty()
        self.process.terminate()
        self.process.wait()

    def test_pitfall40_tls(self) -> None:
        """
        Clients that never begin with TLS.
        """
        place = "127.0.0.1", freePort()
        signed = papers().server
        self.start(
            "--proxy",
            f"ssl:{place[1]}:interface=127.0.0.1:privateKey={signed.key}:certKey={signed.certificate}",
        )
        self.fill(place)

    def test_pitfall40_idleControl(self) -> None:
        """
        Connections to control itself that are left idle, begin a request, read no events, or do
        not read their answer.
        """
        place = "127.0.0.1", freePort()
        self.start("--proxy", f"127.0.0.1:{place[1]}")
        self.fill(place)
        head = b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for request in (
            b"",
            b"GET /behavior" + head,
            b"GET /beh",
            b"GET /events" + head,
            (b"GET /schema" + head) * 200,
        ):
            for number in range(CLIENTS):
                with contextlib.suppress(OSError):
                    self.connect(("127.0.0.1", self.control)).sendall(request)
                if number % 40 == 0:
                    poll(self.answers, PATIENCE, "control")
            poll(self.answers, PATIENCE, "control")
        self.assertLess(len(os.listdir(f"/proc/{self.process.pid}/fd")), LIMIT)
        self.assertNotIn("cannot accept", self.log.read_text())

    def test_pitfall40_lateBackends(self) -> None:
        """
        Clients that are connected to the backend all at once, when they need not wait any
        more.
        """
        place = "127.0.0.1", freePort()
        self.start("--proxy", f"127.0.0.1:{place[1]}", "--behavior", "slow_open")
        for _ in range(CLIENTS):
            with contextlib.suppress(OSError):
                self.connect(place)
        self.ask("PUT", "/behavior", {"name": "dummy"})
        poll(lambda: "no file descriptors are left" in self.log.read_text(), PATIENCE, "a line")
        self.assertEqual(self.ask("GET", "/behavior")["behavior"], "dummy")
        self.assertLess(len(os.listdir(f"/proc/{self.process.pid}/fd")), LIMIT - 16)
