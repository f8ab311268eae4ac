"""
Vaurien in a process of its own, and sockets to torment it with.
"""

from __future__ import annotations

import os
import resource
import shutil
import socket
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

from twisted.python import log
from twisted.trial.unittest import SynchronousTestCase

from tests.integration.support import PATIENCE
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.launcher import ProxyProcess
from vaurien_twisted.client.starting import start_proxy

#: Runs a command with what ends a process at its default: a child inherits what is ignored, and
#: shells have what they run in the background ignore SIGINT.
DEFAULTS = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


class ChildCase(SynchronousTestCase):
    """
    Tests of a proxy in a child.  What they open is closed at their end.
    """

    def setUp(self) -> None:
        """
        Nothing is open.
        """
        self.opened = ExitStack()
        self.addCleanup(self.opened.close)

    def child(self, backend: int, behavior: str = "dummy", **more: Any) -> ProxyProcess:
        """
        A proxy before the port C{backend} of this machine.
        """
        log = self.mktemp()
        more = {"log_output": os.path.abspath(log), **more}
        options = ["--seed", "7", "--behavior", behavior, *more.pop("options", ())]
        proxy = start_proxy(
            "127.0.0.1",
            0,
            "127.0.0.1",
            backend,
            http_host="127.0.0.1",
            http_port=0,
            options=options,
            timeout=PATIENCE,
            **more,
        )
        return self.opened.enter_context(proxy)

    def client(self, proxy: ProxyProcess) -> Client:
        """
        Its client.
        """
        return Client(url=proxy.http_url, timeout=PATIENCE)

    def listen(self) -> socket.socket:
        """
        A backend.
        """
        listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        listening.settimeout(PATIENCE)
        return self.opened.enter_context(listening)

    def connect(self, port: int) -> socket.socket:
        """
        A client.
        """
        return self.opened.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))

    def accept(self, listening: socket.socket) -> socket.socket:
        """
        The backend's side of a link.
        """
        connection, _ = listening.accept()
        connection.settimeout(PATIENCE)
        return self.opened.enter_context(connection)

    def pair(
        self, behavior: str = "dummy", **more: Any
    ) -> tuple[ProxyProcess, socket.socket, socket.socket]:
        """
        A proxy, a client of it and the backend's side of that client's link.
        """
        listening = self.listen()
        proxy = self.child(port(listening), behavior, **more)
        client = self.connect(proxy.proxy_port)
        return proxy, client, self.accept(listening)

    def sides(
        self, behavior: str = "dummy", **more: Any
    ) -> Iterator[tuple[str, socket.socket, socket.socket]]:
        """
        Which side is to begin, a client of one proxy and the backend's side of its link:
        first for the client, then for the backend.
        """
        listening = self.listen()
        proxy = self.child(port(listening), behavior, **more)
        for first in ("client", "backend"):
            client = self.connect(proxy.proxy_port)
            yield first, client, self.accept(listening)


class Parallel(Thread):
    """
    Runs C{work} beside the test.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._result: Any = None
        self._failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        """
        Work.
        """
        try:
            self._result = self._work()
        except BaseException as failure:
            self._failure = failure

    def result(self, seconds: float = PATIENCE) -> Any:
        """
        What it returned; what it raised is raised again.

        @raise TimeoutError: it is still at work after so long.
        """
        self.join(seconds)
        if self.is_alive():
            raise TimeoutError(f"still at work after {seconds:g} s")
        if self._failure is not None:
            raise self._failure
        return self._result


def port(listening: socket.socket) -> int:
    """
    Where it listens.
    """
    number: int = listening.getsockname()[1]
    return number


def readAll(connection: socket.socket) -> bytes:
    """
    Everything up to the end.
    """
    with connection.makefile("rb") as stream:
        return stream.read()


def reset(connection: socket.socket) -> None:
    """
    Close with RST instead of FIN.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hangUp(connection: socket.socket) -> None:
    """
    End both directions, also for a thread that is sending; the peer may have been faster.
    """
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def memory(pid: int) -> int:
    """
    The resident memory of a process, in bytes.
    """
    for line in Path(f"/proc/{int(pid)}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"process {pid} tells no VmRSS")


def alive(pid: int) -> bool:
    """
    Whether the process is there.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def allowFiles(number: int) -> None:
    """
    Let this process, and those it starts, open so many files.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(number, hard), hard))


def beside(name: str) -> str | None:
    """
    A program installed where this Python is, or elsewhere.
    """
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")
    return shutil.which(name, path=path)


def report(what: str, times: Sequence[float]) -> None:
    """
    Keep how long something took, given in seconds, in trial's log.
    """
    most, middle = 1000 * max(times), 1000 * median(times)
    note(f"{what}: median {middle:.1f} ms, most {most:.1f} ms")


def note(figure: str) -> None:
    """
    Keep a figure in trial's log.
    """
    log.msg(f"measured: {figure}")
