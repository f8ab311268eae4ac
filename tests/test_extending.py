"""
Tests for the tutorial's package, C{docs/examples/vaurien-memo}: it does what the page says.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.relays.support import MemoryEndpoint, Wire, always
from vaurien_twisted import Client, start_proxy
from vaurien_twisted.model.decision import Rule
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.rules.plan import Draw, Plan
from vaurien_twisted.rules.registry import Registry, loadRegistry

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "vaurien-memo"

#: Prints what the registry of a process has beside the package's own names.
FIND = """
from vaurien_twisted.rules.registry import loadRegistry
registry = loadRegistry()
print(registry.behavior("stutter").options.__name__, registry.wire("memo1").name)
"""


def memoParts() -> tuple[Any, Any]:
    """
    The tutorial's behavior and wire protocol, without installing them.
    """
    with patch.object(sys, "path", [str(EXAMPLE), *sys.path]):
        stutter = importlib.import_module("vaurien_memo.stutter")
        wire = importlib.import_module("vaurien_memo.wire")
    return stutter.Stutter(), wire.Memo()


def memoRegistry() -> Registry:
    """
    The registry as it is where the tutorial's package is installed.
    """
    stutter, memo = memoParts()
    registry = loadRegistry()
    return Registry(
        {**registry.behaviors, stutter.name: stutter}, {**registry.wires, memo.name: memo}
    )


def childEnvironment(*paths: Path) -> dict[str, str]:
    """
    The environment of a process that imports from C{paths} first, then from here.
    """
    searched = os.pathsep.join(str(path) for path in (*paths, ROOT))
    return {**os.environ, "PYTHONPATH": searched, "PYTHONDONTWRITEBYTECODE": "1"}


def run(*words: str, env: dict[str, str], cwd: Path | str = "/") -> str:
    """
    Run Python with C{words}; what it printed, errors included.

    @raise AssertionError: it failed.
    """
    done = subprocess.run(
        [sys.executable, *words], env=env, cwd=cwd, capture_output=True, text=True, timeout=500
    )
    if done.returncode:
        raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class InMemoryTests(SynchronousTestCase):
    """
    The two parts in a relay.
    """

    def setUp(self) -> None:
        """
        A relay that speaks memo.
        """
        self.stutter, memo = memoParts()
        self.clock = Clock()
        endpoint = MemoryEndpoint()
        self.factory = RelayFactory(self.clock, endpoint, wire=memo, seed=1)
        self.client = Wire()
        self.relay = self.factory.buildProtocol(None)
        self.relay.makeConnection(self.client)
        self.backend, self.answers = endpoint.wires[0], endpoint.protocols[0]

    def test_stutters(self) -> None:
        """
        Of three requests in one segment the third is held back for the pause.
        """
        options = self.stutter.options(every=3, pause=2.0)
        self.factory.setPlan(Plan((Draw((Rule(self.stutter, options),)),)))
        self.relay.dataReceived(b"PUT a b\nGET a\nGET c\n")
        self.assertEqual(self.backend.heard(), b"PUT a b\nGET a\n")
        self.clock.advance(1.9)
        self.assertEqual(self.backend.heard(), b"")
        self.clock.advance(0.2)
        self.assertEqual(self.backend.heard(), b"GET c\n")

    def test_error(self) -> None:
        """
        An error is a line of the protocol, in its request's place among the replies.
        """
        self.relay.dataReceived(b"GET a\n")
        self.assertEqual(self.backend.heard(), b"GET a\n")
        self.factory.setPlan(always(loadRegistry().behavior("error")))
        self.relay.dataReceived(b"GET b\n")
        self.assertEqual((self.backend.heard(), self.client.heard()), (b"", b""))
        self.answers.dataReceived(b"NOTE ")
        self.answers.dataReceived(b"first\n")
        self.assertEqual(self.client.heard(), b"NOTE first\nERR busy try again later\n")


#: How long any one thing may take, in seconds: only what would never end takes so long.
PATIENCE = 120.0


class MemoServer:
    """
    Answers C{OK} to every line of one connection.
    """

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(PATIENCE)
        self.port = self._socket.getsockname()[1]
        self.lines: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        connection.settimeout(PATIENCE)
        # The proxy's own end resets what is open.
        reset = contextlib.suppress(ConnectionResetError)
        with connection, connection.makefile("rb") as lines, reset:
            for line in lines:
                self.lines.append(line)
                connection.sendall(b"OK\n")

    def stop(self) -> None:
        """
        Wait for the connection's end, and free the port.
        """
        self._thread.join(PATIENCE)
        self._socket.close()


class InstalledTests(SynchronousTestCase):
    """
    The package where a process finds it.
    """

    def test_process(self) -> None:
        """
        Vaurien, started with the package on its path, relays memo and says its errors.
        """
        place = Path(self.mktemp()).resolve()
        for name in ("vaurien_memo", "vaurien_twisted"):
            shutil.copytree(EXAMPLE / name, place / name)
        server = MemoServer()
        self.addCleanup(server.stop)
        options = ["--behavior", "stutter", "--behavior-stutter-pause", "0"]
        with (
            patch.dict(os.environ, childEnvironment(place)),
            start_proxy(
                proxy_port=0,
                port=0,
                protocol="memo",
                backend_host="127.0.0.1",
                backend_port=server.port,
                options=options,
                log_level="error",
                timeout=PATIENCE,
            ) as proxy,
        ):
            client = Client(url=proxy.http_url)
            self.assertEqual(client.get_behavior(), "stutter")
            self.assertEqual(client.get_options(), {"every": 3, "pause": 0.0, "jitter": 0.0})
            talk = socket.create_connection(("127.0.0.1", proxy.proxy_port), timeout=PATIENCE)
            with talk, talk.makefile("rb") as replies:
                talk.sendall(b"PUT a b\n")
                self.assertEqual(replies.readline(), b"OK\n")
                client.set_behavior("error")
                talk.sendall(b"GET a\n")
                self.assertEqual(replies.readline(), b"ERR busy try again later\n")
        server.stop()
        self.assertEqual(server.lines, [b"PUT a b\n"])

    def test_package(self) -> None:
        """
        pip installs it: both modules, the plugin where it is looked for, and nothing
        that hides Vaurien's own package.  Its own tests pass there.
        """
        if importlib.util.find_spec("setuptools") is None:
            raise SkipTest("setuptools is needed to build the package without a download")
        place = Path(self.mktemp()).resolve()
        # Building writes beside the sources.
        source = shutil.copytree(EXAMPLE, place / "source")
        installed = place / "installed"
        alone = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
        pip = ["-m", "pip", "install", "--quiet", *alone, "--target", str(installed), str(source)]
        run(*pip, env=dict(os.environ))
        found = {str(path.relative_to(installed)) for path in installed.rglob("*.py")}
        self.assertEqual(
            found,
            {
                "vaurien_memo/__init__.py",
                "vaurien_memo/stutter.py",
                "vaurien_memo/test_memo.py",
                "vaurien_memo/wire.py",
                "vaurien_twisted/plugins/vaurien_memo_plugin.py",
            },
        )
        env = childEnvironment(installed)
        self.assertEqual(run("-c", FIND, env=env), "StutterOptions memo\n")
        trial = ["-m", "twisted.trial", "--temp-directory", str(place / "trial")]
        self.assertIn("PASSED (successes=4)", run(*trial, "vaurien_memo.test_memo", env=env))
