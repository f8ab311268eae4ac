"""
Tests for L{vaurien_twisted.stdio}, and for C{vaurienctl} at terminals and pipes of all kinds;
C{vaurien} at them is in L{tests.integration.test_signals}.
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.app.test_cli import LIMIT, environment

#: Runs C{vaurienctl}, after something else.
RUN = "import sys; from vaurien_twisted.ctl.main import main; sys.exit(main())"

NAME = "d\u00e4\u2028\x1b[2Jb"

PROXY = {
    "name": NAME,
    "listen": "127.0.0.1:1",
    "upstream": "\u20ac:2",
    "enabled": True,
    "protocol": "tcp",
    "toxics": [],
    "open": 0,
    "exchanges": 0,
    "faults": 0,
    "received": {"upstream": 0, "downstream": 0},
    "sent": {"upstream": 0, "downstream": 0},
    "rules": [],
}


class Service(BaseHTTPRequestHandler):
    """
    Answers as a service might whose names nobody has checked.
    """

    answers: ClassVar[dict[str, Any]] = {
        "/proxies": {NAME: PROXY},
        "/state": {"version": "2", "seed": 1, "proxies": [PROXY]},
        "/connections": {"connections": []},
        "/behavior": {"behavior": "hang", "options": {}},
        "/proxies/db": PROXY,
        "/proxies/db/rules": {"rules": []},
    }

    def do_GET(self) -> None:
        """
        Answer.
        """
        body = json.dumps(self.answers[self.path.partition("?")[0]]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: Any) -> None:
        """
        Say nothing.
        """


class CtlTests(SynchronousTestCase):
    """
    C{vaurienctl} in a process of its own.
    """

    def setUp(self) -> None:
        """
        A service.
        """
        server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join, LIMIT)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}"

    def ctl(
        self, *words: str, before: str = "", terminal: bool = False, **variables: str
    ) -> tuple[int, bytes, bytes]:
        """
        Run it; status, output and errors.
        """
        command = [sys.executable, "-c", f"{before}\n{RUN}", *words]
        given = {"VAURIEN_URL": self.url, "PYTHONUTF8": "0", **variables}
        how: dict[str, Any] = {
            "env": {**environment(), **given},
            "stderr": subprocess.PIPE,
            "stdin": subprocess.DEVNULL,
        }
        if not terminal:
            ended = subprocess.run(command, stdout=subprocess.PIPE, timeout=LIMIT, **how)
            return ended.returncode, ended.stdout, ended.stderr
        master, slave = pty.openpty()
        process = subprocess.Popen(command, stdout=slave, **how)
        os.close(slave)
        said = b""
        try:
            while part := os.read(master, 65536):
                said += part
        except OSError:
            # The other end is closed.
            pass
        os.close(master)
        _, err = process.communicate(timeout=LIMIT)
        return process.returncode, said, err

    def test_pitfall36_encodings(self) -> None:
        """
        What the output's encoding lacks is escaped, in pipes and on terminals.
        """
        for variables in (
            {"PYTHONIOENCODING": "ascii"},
            {"PYTHONIOENCODING": "latin-1"},
            {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
            {"LC_ALL": "POSIX"},
        ):
            for terminal in (False, True):
                for words in (("list",), ("top",), ("list", "--json")):
                    if words == ("top",) and terminal:
                        variables = {**variables, "TERM": "dumb"}
                    status, out, err = self.ctl(*words, terminal=terminal, **variables)
                    self.assertEqual((status, err), (0, b""), (variables, words))
                    self.assertIn(b"[2Jb", out)

    def test_pitfall44_controlCharacters(self) -> None:
        """
        Nothing that a terminal would obey gets there.
        """
        for words in (("list",), ("top",), ("list", "--json")):
            for terminal in (False, True):
                _, out, _ = self.ctl(*words, terminal=terminal, TERM="dumb")
                self.assertNotIn(b"\x1b", out)
                self.assertNotIn("\u2028".encode(), out)
        status, _, err = self.ctl("get-behavior", VAURIEN_URL="http://\x1b[2J/")
        self.assertEqual(status, 1)
        self.assertNotIn(b"\x1b", err)

    def test_pitfall36_narrow(self) -> None:
        """
        A terminal of one column, of none, or of nonsense is written to.
        """
        for columns in ("1", "0", "-5", "x", "10000"):
            for words in (("list",), ("top",), ("--help",), ("list", "--help")):
                status, out, err = self.ctl(
                    *words, terminal=True, COLUMNS=columns, LINES=columns, TERM="dumb"
                )
                self.assertEqual((status, err), (0, b""), (columns, words))
                self.assertTrue(out)

    def test_pitfall36_closedPipe(self) -> None:
        """
        Who reads the output may end first.
        """
        for words in ("list", "top", "--help", "list --json", "get-behavior", "inspect db"):
            ctl = f"{sys.executable} -c '{RUN}' {words}"
            for unbuffered in ("", "1"):
                ended = self.shell(f"{ctl} | head -c 1; {ctl} | true; {ctl} >&-", unbuffered)
                self.assertEqual(ended.stderr, b"", words)
                self.assertEqual(len(ended.stdout), 1, words)

    def test_pitfall36_proxyClosedPipe(self) -> None:
        """
        The same of what C{vaurien} tells and then ends.
        """
        for words in ("--help", "--version"):
            vaurien = f"{sys.executable} -m vaurien_twisted {words}"
            for unbuffered in ("", "1"):
                ended = self.shell(f"{vaurien} | head -c 1; {vaurien} | true", unbuffered)
                self.assertEqual((ended.stderr, len(ended.stdout)), (b"", 1), words)
            ended = self.shell(f"{vaurien} >/dev/full", "")
            expected = (1, b"vaurien: cannot write: No space left on device\n")
            self.assertEqual((ended.returncode, ended.stderr), expected)

    def test_pitfall36_full(self) -> None:
        """
        What cannot be written is told in one line.
        """
        for words in ("list", "top", "list --json", "get-behavior"):
            for unbuffered in ("", "1"):
                ended = self.shell(f"{sys.executable} -c '{RUN}' {words} >/dev/full", unbuffered)
                self.assertEqual(
                    (ended.returncode, ended.stderr),
                    (1, b"vaurienctl: cannot write: No space left on device\n"),
                )

    def shell(self, command: str, unbuffered: str) -> subprocess.CompletedProcess[bytes]:
        """
        Run a command of the shell.
        """
        return subprocess.run(
            command,
            shell=True,
            env={**environment(), "VAURIEN_URL": self.url, "PYTHONUNBUFFERED": unbuffered},
            capture_output=True,
            timeout=LIMIT,
            stdin=subprocess.DEVNULL,
        )

    def test_pitfall36_noTermios(self) -> None:
        """
        Where there is no termios, as on Windows, all else works.
        """
        before = "import sys; sys.modules['termios'] = sys.modules['tty'] = None"
        status, _, err = self.ctl("list", before=before)
        self.assertEqual((status, err), (0, b""))
        ended = self.ctl("top", before=f"{before}\n{ONCE}", terminal=True, TERM="xterm")
        self.assertEqual((ended[0], ended[2]), (0, b""))
        self.assertIn(b"vaurien 2, seed 1", ended[1])


#: Ends C{top} at its first wait.
ONCE = """
import time
def sleep(seconds):
    raise KeyboardInterrupt
time.sleep = sleep
"""
