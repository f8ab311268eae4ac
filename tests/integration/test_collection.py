"""
Many proxies in one process, driven over HTTP.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import os
import resource
import socket
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from twisted.python import log
from twisted.trial.unittest import SynchronousTestCase

from tests.integration.support import PATIENCE
from vaurien_twisted.client.launcher import launch, stop_proxy

#: The longest that any call may take, in seconds.  It takes a few milliseconds; this is
#: what a frozen service does not reach, on a machine under whatever load.
BOUND = 20.0

#: How often toxics come and go.
TIMES = 1000


class ManyCase(SynchronousTestCase):
    """
    Vaurien in a process of its own, and sockets that are closed at the end.
    """

    def setUp(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.opened = contextlib.ExitStack()
        self.addCleanup(self.opened.close)
        command = [sys.executable, "-m", "vaurien_twisted", "--toxiproxy", "127.0.0.1:0"]
        started = launch([*command, "--log-output", os.path.abspath(self.mktemp())], PATIENCE)
        self.addCleanup(stop_proxy, started)
        place = urlsplit(str(started.toxiproxy_url))
        self.control = http.client.HTTPConnection(place.hostname or "", place.port, PATIENCE)
        self.addCleanup(self.control.close)
        self.took: list[float] = []

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """
        One call, whose time is kept.
        """
        data = None if body is None else json.dumps(body)
        began = time.monotonic()
        self.control.request(method, path, data, {"Content-Type": "application/json"})
        answer = self.control.getresponse()
        text = answer.read()
        self.took.append(time.monotonic() - began)
        self.assertLess(answer.status, 300, text)
        return json.loads(text) if text else None

    def listen(self, backlog: int = 1024) -> socket.socket:
        """
        A backend.
        """
        made = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        # Those that it accepts have the same.
        self.narrow(made)
        made.settimeout(PATIENCE)
        return self.opened.enter_context(made)

    def connect(self, listen: str) -> socket.socket:
        """
        A client.
        """
        host, _, port = listen.rpartition(":")
        client = self.opened.enter_context(socket.socket())
        self.narrow(client)
        client.settimeout(PATIENCE)
        client.connect((host, int(port)))
        return client

    def narrow(self, side: socket.socket) -> None:
        """
        Give a socket small buffers before it is connected, and small segments, after which
        its peer's are measured: many that are full of what nobody reads would use up what
        the kernel has for all.
        """
        side.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            side.setsockopt(socket.SOL_SOCKET, option, 2**14)

    def until(self, done: Callable[[], bool]) -> None:
        """
        Wait.
        """
        deadline = time.monotonic() + PATIENCE
        while not done():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)


class HundredTests(ManyCase):
    """
    A hundred proxies with twenty connections each.
    """

    def test_deleteOne(self) -> None:
        """
        Deleting one frees its port at once, closes its connections, and disturbs no other.
        """
        backend = self.listen(4096)
        upstream = f"127.0.0.1:{backend.getsockname()[1]}"
        items = [
            {"name": f"p{number}", "listen": "127.0.0.1:0", "upstream": upstream}
            for number in range(100)
        ]
        proxies = self.ask("POST", "/populate", items)["proxies"]
        log.msg(f"populate of 100 proxies: {self.took[-1] * 1000:.0f} ms")
        pairs: dict[str, list[tuple[socket.socket, socket.socket]]] = {}
        for proxy in proxies:
            pairs[proxy["name"]] = [self.pair(proxy["listen"], backend) for _ in range(20)]
        gone = proxies[37]
        self.ask("DELETE", f"/proxies/{gone['name']}")
        log.msg(f"delete of one with 20 connections: {self.took[-1] * 1000:.1f} ms")
        host, _, port = gone["listen"].rpartition(":")
        with socket.socket() as fresh:
            # Without SO_REUSEADDR links that are not closed would be in the way.
            fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            fresh.bind((host, int(port)))
            fresh.listen()
        for client, behind in pairs.pop(gone["name"]):
            for end in (client, behind):
                self.assertEqual(end.recv(1), b"")
        for many in pairs.values():
            for client, behind in many:
                self.exchange(client, behind)
        self.assertEqual(len(self.ask("GET", "/proxies")), 99)
        self.assertLess(max(self.took), BOUND)

    def pair(self, listen: str, backend: socket.socket) -> tuple[socket.socket, socket.socket]:
        """
        A client, and what the backend has of it.
        """
        client = self.connect(listen)
        behind, _ = backend.accept()
        self.opened.enter_context(behind)
        behind.settimeout(PATIENCE)
        self.exchange(client, behind)
        return client, behind

    def exchange(self, client: socket.socket, behind: socket.socket) -> None:
        """
        A word there and a word back.
        """
        client.sendall(b"there")
        self.assertEqual(behind.recv(100), b"there")
        behind.sendall(b"back")
        self.assertEqual(client.recv(100), b"back")


class DeafTests(ManyCase):
    """
    Peers that do not read.
    """

    def test_pitfall1_toxicsComeAndGo(self) -> None:
        """
        With 200 links whose peers are deaf and whose buffers are full, toxics are added,
        changed and removed 1,000 times, and every call is answered.
        """
        backend = self.listen()
        upstream = f"127.0.0.1:{backend.getsockname()[1]}"
        item = {"name": "deaf", "listen": "127.0.0.1:0", "upstream": upstream}
        listen = self.ask("POST", "/proxies", item)["listen"]
        sides: list[socket.socket] = []
        for _ in range(200):
            client = self.connect(listen)
            behind, _ = backend.accept()
            sides += [client, self.opened.enter_context(behind)]
        for side in sides:
            side.setblocking(False)
        self.fill(sides)
        self.took.clear()
        for number in range(TIMES):
            stream = ("upstream", "downstream")[number % 2]
            kind, attributes = KINDS[number // 2 % len(KINDS)]
            toxic = {"type": kind, "stream": stream, "attributes": attributes}
            name = self.ask("POST", "/proxies/deaf/toxics", toxic)["name"]
            if number % 10 == 0:
                self.ask("PATCH", f"/proxies/deaf/toxics/{name}", {"toxicity": 0.5})
            self.ask("DELETE", f"/proxies/deaf/toxics/{name}")
        slowest = max(self.took)
        log.msg(f"{len(self.took)} calls, the slowest {slowest * 1000:.0f} ms")
        self.assertLess(slowest, BOUND)
        self.assertEqual(self.ask("GET", "/proxies/deaf")["toxics"], [])
        self.ask("DELETE", "/proxies/deaf")
        self.assertLess(self.took[-1], BOUND)
        self.until(lambda: all(self.over(side) for side in sides))

    def fill(self, sides: list[socket.socket]) -> None:
        """
        Send until nobody takes any more.
        """
        block = b"x" * 2**16
        quiet = 0
        while quiet < 5:
            sent = 0
            for side in sides:
                with contextlib.suppress(BlockingIOError):
                    sent += side.send(block)
            quiet = 0 if sent else quiet + 1
            time.sleep(0.02)

    def over(self, side: socket.socket) -> bool:
        """
        Whether a connection was reset.
        """
        try:
            while side.recv(2**20):
                pass
        except OSError as error:
            return error.errno != errno.EAGAIN
        return True


#: What is added, one after the other: what holds bytes back, and what does not.
KINDS: tuple[tuple[str, dict[str, int]], ...] = (
    ("latency", {"latency": 1000, "jitter": 500}),
    ("bandwidth", {"rate": 1}),
    ("slicer", {"average_size": 64, "size_variation": 8, "delay": 100}),
    ("slow_close", {"delay": 1000}),
    ("noop", {}),
)
