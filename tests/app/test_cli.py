"""
Tests for L{vaurien_twisted.app.cli}, in this process and in another.
"""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

import vaurien_twisted
from vaurien_twisted import __version__
from vaurien_twisted.app import cli

#: Runs C{twistd} without a script of that name on the path.
TWISTD = ("-c", "from twisted.scripts.twistd import run; run()")

#: The time limit of a process, in seconds; only a hang takes so long.
LIMIT = 240


def environment() -> dict[str, str]:
    """
    One in which this package is found from any folder.
    """
    root = str(Path(vaurien_twisted.__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def run(*words: str, command: tuple[str, ...] = ("-m", "vaurien_twisted"), cwd: str = ".") -> Any:
    """
    Run Vaurien until it ends.
    """
    return subprocess.run(
        [sys.executable, *command, *words],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        stdin=subprocess.DEVNULL,
        env=environment(),
        cwd=cwd,
    )


class BusyPort:
    """
    A port that something listens on.
    """

    def __init__(self, test: SynchronousTestCase) -> None:
        self.socket = socket.socket()
        test.addCleanup(self.socket.close)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen()
        self.number: int = self.socket.getsockname()[1]


class ProcessTests(SynchronousTestCase):
    """
    C{python -m vaurien_twisted}: status and words when it cannot run.
    """

    def test_badInput(self) -> None:
        """
        Invalid input: status 2 and one line, without a traceback.
        """
        for words, reason in (
            (("--behavior", "60:error,50:delay"), "100 at most"),
            (("--protocol", "htp"), "did you mean 'http'?"),
            (("--proxy", "nowhere"), "--proxy: 'nowhere' is not an address"),
            (("--config", "/nonexistent/ini"), "cannot read /nonexistent/ini"),
        ):
            ended = run(*words)
            self.assertEqual(ended.returncode, 2, ended)
            self.assertEqual(len(ended.stderr.splitlines()), 1, ended)
            self.assertIn(reason, ended.stderr)
            self.assertEqual(ended.stdout, "")

    def test_proxyPortInUse(self) -> None:
        """
        Status 1 and one line with the address.
        """
        busy = BusyPort(self)
        ended = run("--proxy", f"127.0.0.1:{busy.number}")
        self.assertEqual(ended.returncode, 1, ended)
        self.assertEqual(
            ended.stderr,
            f"vaurien: cannot listen on 127.0.0.1:{busy.number}: address already in use; "
            "choose another address\n",
        )

    def test_controlPortInUse(self) -> None:
        """
        The same for the control service: Vaurien does not run without it.
        """
        busy = BusyPort(self)
        ended = run("--proxy", "127.0.0.1:0", "--http", "--http-port", str(busy.number))
        self.assertEqual(ended.returncode, 1, ended)
        self.assertIn(f"cannot listen on localhost:{busy.number}", ended.stderr)
        self.assertIn("choose another with --http-port", ended.stderr)
        self.assertEqual(len(ended.stderr.splitlines()), 1, ended)

    def test_twistd(self) -> None:
        """
        C{twistd vaurien} refuses the same, in its own manner.
        """
        busy = BusyPort(self)
        folder = self.mktemp()
        os.mkdir(folder)
        words = ("-n", "--pidfile=", "vaurien")
        ended = run(*words, "--seed", "lucky", command=TWISTD, cwd=folder)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("--seed: 'lucky' is not valid", ended.stdout + ended.stderr)
        ended = run(*words, "--proxy", f"127.0.0.1:{busy.number}", command=TWISTD, cwd=folder)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("address already in use", ended.stdout + ended.stderr)
        self.assertNotIn("Traceback", ended.stdout + ended.stderr)

    def test_runs(self) -> None:
        """
        It announces its addresses, logs its seed, relays bytes, and ends in order on a signal.
        """
        backend = BusyPort(self)
        reading, writing = os.pipe()
        words = ["--proxy", "127.0.0.1:0", "--backend", f"127.0.0.1:{backend.number}"]
        process = subprocess.Popen(
            [sys.executable, "-m", "vaurien_twisted", *words, "--announce", str(writing)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[writing],
            env=environment(),
        )
        self.addCleanup(process.kill)
        os.close(writing)
        with open(reading, encoding="utf-8") as pipe:
            told = json.loads(pipe.readline())
        host, _, port = told["proxy"].rpartition(":")
        self.assertIsNone(told["http"])
        backend.socket.settimeout(LIMIT)
        with socket.create_connection((host, int(port)), LIMIT) as client:
            accepted, _ = backend.socket.accept()
            with accepted:
                client.sendall(b"hello")
                accepted.settimeout(LIMIT)
                self.assertEqual(accepted.recv(100), b"hello")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=LIMIT)
        self.assertEqual(err, b"")
        self.assertIn(b"--seed", out)


class Beginner:
    """
    Keeps the observers to itself.
    """

    def __init__(self) -> None:
        self.observers: list[Any] = []

    def beginLoggingTo(self, observers: list[Any], **how: bool) -> None:
        """
        Keep them.
        """
        self.observers = observers


class RunningReactor:
    """
    The reactor of the tests, which runs already.

    @ivar ran: the number of calls of C{run}.
    @ivar stops: the functions to call before its end.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.ran = 0
        self.stops: list[Any] = []

    def run(self) -> None:
        """
        Count it.
        """
        self.ran += 1

    def addSystemEventTrigger(self, phase: str, event: str, what: Any) -> None:
        """
        Keep it.
        """
        self.stops.append(what)

    def callWhenRunning(self, what: Any, *arguments: Any) -> None:
        """
        It runs.
        """
        what(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


class MainTests(TestCase):
    """
    L{cli.main} in this process.
    """

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.out, self.err = io.StringIO(), io.StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(sys, "stderr", self.err)
        self.reactor = RunningReactor(reactor)
        self.beginner = Beginner()
        self.patch(cli, "globalLogBeginner", self.beginner)
        self.addCleanup(self.stop)

    async def stop(self) -> None:
        """
        Stop the started services.
        """
        for stop in self.reactor.stops:
            await maybeDeferred(stop)

    def test_runs(self) -> None:
        """
        The service is started and the reactor run; the log goes to standard output.
        """
        cli.main(["--proxy", "127.0.0.1:0", "--http", "--http-port", "0"], self.reactor)
        self.assertEqual(self.reactor.ran, 1)
        self.assertEqual(len(self.beginner.observers), 1)
        self.assertEqual(len(self.reactor.stops), 1)

    def test_logFile(self) -> None:
        """
        With a log file nothing is logged to standard output.
        """
        path = self.mktemp()
        cli.main(["--proxy", "127.0.0.1:0", "--log-output", path], self.reactor)
        self.assertEqual(self.beginner.observers, [])
        self.assertIn("proxy: tcp on", Path(path).read_text())

    def test_demo(self) -> None:
        """
        The demo suggests commands with its real ports.
        """
        cli.main(["--demo", "--proxy", "127.0.0.1:0", "--http-port", "0"], self.reactor)
        self.assertIn("Try this in another shell", self.out.getvalue())
        self.assertNotIn("127.0.0.1:0/", self.out.getvalue())

    def test_refused(self) -> None:
        """
        Status 2 for invalid input; nothing runs.
        """
        ended = self.assertRaises(SystemExit, cli.main, ["--behavior", "eror"], self.reactor)
        self.assertEqual(ended.code, 2)
        self.assertIn("did you mean 'error'?", self.err.getvalue())
        self.assertEqual(self.reactor.ran, 0)

    def test_cannotListen(self) -> None:
        """
        A port in use ends it before it runs.
        """
        busy = BusyPort(self)
        words = ["--proxy", f"127.0.0.1:{busy.number}"]
        ended = self.assertRaises(SystemExit, cli.main, words, self.reactor)
        self.assertIn("address already in use", str(ended.code))
        self.assertEqual(self.reactor.ran, 0)

    def test_version(self) -> None:
        """
        C{--version} prints Vaurien's version, with status 0.
        """
        ended = self.assertRaises(SystemExit, cli.main, ["--version"])
        self.assertEqual((ended.code, self.out.getvalue()), (0, f"{__version__}\n"))

    def test_ownArguments(self) -> None:
        """
        Without arguments those of the process count.
        """
        self.patch(sys, "argv", ["vaurien", "--seed", "lucky"])
        self.assertRaises(SystemExit, cli.main)
        self.assertIn("--seed", self.err.getvalue())
