"""
Starting Vaurien as its users do.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest import TestCase as PlainTestCase
from unittest import TestResult

from tests.integration.children import (
    DEFAULTS,
    PATIENCE,
    ChildCase,
    alive,
    beside,
    note,
    port,
    readAll,
    report,
)
from tests.integration.servers import missing, poll
from tests.ports import freePort
from vaurien_twisted import Client, start_proxy, stop_proxy
from vaurien_twisted.client import launcher as process
from vaurien_twisted.client.launcher import ProxyError, ProxyProcess, launch


class ArticleTests(ChildCase):
    """
    What users were promised.
    """

    def test_unittest(self) -> None:
        """
        A plain C{unittest} starts the proxy on the port it wants, drives it and stops it.
        """
        control = freePort()
        self.patch(os, "environ", {**os.environ, "VAURIEN_URL": f"http://localhost:{control}"})
        seen: list[Any] = []

        class MyTest(PlainTestCase):
            def setUp(self) -> None:
                self.proxy_pid = start_proxy(
                    port=control, proxy_port=freePort(), log_output=log, timeout=PATIENCE
                )

            def tearDown(self) -> None:
                stop_proxy(self.proxy_pid)

            def runTest(self) -> None:
                client = Client()
                options = {"inject": True}
                with client.with_behavior("error", **options):
                    seen.append((client.get_behavior(), client.get_options()["inject"]))
                seen.append(client.get_behavior())
                seen.append(self.proxy_pid)

        log = os.path.abspath(self.mktemp())
        result = TestResult()
        MyTest().run(result)
        self.assertEqual((result.errors, result.failures), ([], []))
        self.assertEqual(seen[:2], [("error", True), "dummy"])
        self.assertIsInstance(seen[2], int)
        self.assertFalse(alive(seen[2]))

    def test_portInUse(self) -> None:
        """
        Where something listens already, the child's own words say so.
        """
        taken = port(self.listen())
        for proxy, control in ((taken, 0), (0, taken)):
            with self.assertRaises(ProxyError) as caught:
                start_proxy(
                    "127.0.0.1",
                    proxy,
                    http_host="127.0.0.1",
                    http_port=control,
                    log_output=os.devnull,
                    timeout=PATIENCE,
                )
            self.assertIn("in use", str(caught.exception))
            self.assertIn(str(taken), str(caught.exception))

    def test_unknownOption(self) -> None:
        """
        So do they where an option is misspelled, and they name the one that was meant.
        """
        with self.assertRaises(ProxyError) as caught:
            start_proxy(
                proxy_port=0, port=0, options=["--behavior-delay-slepe", "2"], timeout=PATIENCE
            )
        self.assertIn("--behavior-delay-slepe", str(caught.exception))
        self.assertIn("behavior-delay-sleep", str(caught.exception))

    def test_two(self) -> None:
        """
        Two proxies live side by side, each with a behavior of its own.
        """
        listening = self.listen()
        first, second = self.child(port(listening)), self.child(port(listening))
        self.assertEqual(len({first, second}), 2)
        self.client(first).set_behavior("blackout")
        self.assertEqual(self.client(second).get_behavior(), "dummy")
        self.assertEqual(readAll(self.connect(first.proxy_port)), b"")
        self._echo(second, listening)
        stop_proxy(first)
        self.assertFalse(alive(first))
        self._echo(second, listening)

    def test_soon(self) -> None:
        """
        A client is accepted once the process has begun; how soon is kept in the log.
        """
        listening = self.listen()
        began = time.monotonic()
        proxy = self.child(port(listening))
        self._echo(proxy, listening)
        taken = time.monotonic() - began
        note(f"start to first exchange: {taken:.2f} s")
        self.assertLess(taken, PATIENCE)

    def test_ends(self) -> None:
        """
        Stopping a proxy resets its links and frees its ports, without force.
        """
        self.patch(process, "STOPPING", PATIENCE)
        listening = self.listen()
        proxy = self.child(port(listening), "hang")
        client = self.connect(proxy.proxy_port)
        client.sendall(b"ask")
        self.accept(listening)
        child, _ = process._running[proxy]
        began = time.monotonic()
        stop_proxy(proxy)
        report("stopping a proxy", [time.monotonic() - began])
        self.assertEqual(child.returncode, 0)
        with self.assertRaises(ConnectionResetError):
            client.recv(1)
        with self.assertRaises(ConnectionRefusedError):
            self.connect(proxy.proxy_port)

    def test_twistd(self) -> None:
        """
        C{twistd vaurien} is the same service.
        """
        twistd = beside("twistd")
        self.assertIsNotNone(twistd)
        listening = self.listen()
        words = ["-n", "--pidfile=", f"--logfile={os.path.abspath(self.mktemp())}", "vaurien"]
        words += ["--proxy", "127.0.0.1:0", "--backend", f"127.0.0.1:{port(listening)}"]
        words += ["--http", "--http-host", "127.0.0.1", "--http-port", "0"]
        proxy = self.opened.enter_context(launch([twistd or "", *words], PATIENCE))
        self._echo(proxy, listening)
        own = self.child(port(listening))
        for path in ("/behaviors?verbose=1", "/behavior", "/backend"):
            told = self.client(proxy).request("GET", path)
            self.assertEqual(told, self.client(own).request("GET", path))
        self.client(proxy).set_behavior("blackout")
        self.assertEqual(readAll(self.connect(proxy.proxy_port)), b"")

    def _echo(self, proxy: ProxyProcess, listening: socket.socket) -> None:
        """
        Something goes through and back.
        """
        client = self.connect(proxy.proxy_port)
        client.sendall(b"there")
        backend = self.accept(listening)
        self.assertEqual(backend.recv(10), b"there")
        backend.sendall(b"back")
        self.assertEqual(client.recv(10), b"back")


class DemoTests(ChildCase):
    """
    C{vaurien --demo}, the first thing that anyone tries.
    """

    skip = missing("curl")

    def setUp(self) -> None:
        """
        Run it on free ports.
        """
        super().setUp()
        words = ["--demo", "--proxy", "127.0.0.1:0", "--http-host", "127.0.0.1", "--http-port", "0"]
        self.output = Path(self.mktemp()).absolute()
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", DEFAULTS, sys.executable, "-m", "vaurien_twisted", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.opened.callback(self._end)
        poll(self._invited, PATIENCE, "the demo")

    def _end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _said(self) -> str:
        return self.output.read_text()

    def _invited(self) -> bool:
        if self.process.poll() is not None:
            self.fail(f"the demo ended: {self._said()}")
        return "Ctrl-C ends" in self._said()

    def test_invitation(self) -> None:
        """
        The commands that it prints do what it says they do.
        """
        commands = [
            match.group(0).rstrip()
            for line in self._said().splitlines()
            if (match := re.search(r"(?:curl|vaurienctl|time curl) .*", line))
        ]
        self.assertEqual(len(commands), 6, commands)
        ask, fail, failed, slow, slowed, restore = commands
        self.assertIn("from the backend", self.shell(ask))
        self.shell(fail)
        self.assertRegex(self.shell(failed), r"^HTTP/1\.1 50[0234] ")
        self.shell(slow)
        began = time.monotonic()
        self.assertIn("from the backend", self.shell(slowed.removeprefix("time ")))
        self.assertGreaterEqual(time.monotonic() - began, 2)
        self.shell(restore)
        self.assertRegex(self.shell(ask), r"^HTTP/1\.1 200 ")

    def test_interrupted(self) -> None:
        """
        Ctrl-C ends it at once, and its ports with it.
        """
        found = re.search(r"http://(127\.0\.0\.1):(\d+)/", self._said())
        assert found is not None
        client = http.client.HTTPConnection(found[1], int(found[2]), timeout=PATIENCE)
        self.addCleanup(client.close)
        client.request("GET", "/")
        self.assertEqual(client.getresponse().status, 200)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE)
        self.assertNotIn("Traceback", self._said())
        with self.assertRaises(ConnectionRefusedError):
            self.connect(int(found[2]))

    def shell(self, command: str) -> str:
        """
        What a command of the invitation prints.
        """
        # Where vaurienctl is installed beside this Python, the shell should find it.
        path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
        ended = subprocess.run(
            ["sh", "-c", command],
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended.stdout
