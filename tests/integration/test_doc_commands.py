"""
The C{vaurienctl} commands of README and the documentation, carried out on a real service.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
from pathlib import Path
from threading import Thread

from tests.integration.children import ChildCase, port
from tests.test_docs import DOCS, PAGES, blocks, commands
from vaurien_twisted.ctl.commands import OF_PROXIES
from vaurien_twisted.ctl.main import main

#: The proxies of the service: the first, those that pages name, and one of each other protocol.
PROXIES = {
    "proxy": "http",
    "cache": "redis",
    "db": "mysql",
    "mail": "smtp",
    "objects": "memcache",
    "books": "postgresql",
    "other": "tcp",
}

#: Commands that do not end, that want a browser, or that want a file which is not there.
LEFT_OUT = ("watch", "open", "experiment")

#: Options that say where the service is, each with a value.
ELSEWHERE = ("--host", "--http-port")

#: What is said of a connection that a page speaks of, and that is closed by now.
GONE = ("is closed", "has had")

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class DocCommandsTests(ChildCase):
    """
    Every command, in the order of its page.
    """

    def setUp(self) -> None:
        """
        A service with a backend.
        """
        super().setUp()
        backend = self.listen()
        Thread(target=_serve, args=(backend,), daemon=True).start()
        self.backend = f"127.0.0.1:{port(backend)}"
        service = self.child(port(backend), proxies={})
        self.service = self.client(service)
        self.patch(os, "environ", {**os.environ, "VAURIEN_URL": str(service.http_url)})
        self.rules = self.mktemp()
        Path(self.rules).write_text("[]")

    def stage(self) -> None:
        """
        Have a proxy of each protocol, which a page may have deleted, and three connections of two
        requests each.
        """
        for proxy in self.service.list_proxies():
            proxy.delete()
        for name, protocol in PROXIES.items():
            self.service.create_proxy(name, self.backend, protocol=protocol)
        listen = str(self.service.proxy("proxy").info()["listen"])
        for _ in range(3):
            client = self.connect(int(listen.rpartition(":")[2]))
            for _ in range(2):
                client.sendall(REQUEST)
                client.recv(4096)

    def run_(self, words: list[str]) -> tuple[int, str]:
        """
        Run a command: its exit status, and what it says on standard error.
        """
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            try:
                return main(words), said.getvalue()
            except SystemExit as ended:
                return int(ended.code or 0), said.getvalue()

    def attempt(self, words: list[str]) -> tuple[int, str]:
        """
        Run a command as a page has it; if it names no proxy, on the first whose protocol knows
        what it is about.
        """
        words = list(words)
        for option in ELSEWHERE:
            if option in words:
                place = words.index(option)
                del words[place : place + 2]
        if words[0] == "set-rules":
            example = DOCS / "examples" / "cookbook" / words[1]
            words[1] = str(example) if example.exists() else self.rules
        if words[0] == "create":
            self.run_(["delete", words[1]])
            words += ["--listen", "127.0.0.1:0"]
        if words[0] not in OF_PROXIES or "--proxy" in words or "--all" in words:
            return self.run_(words)
        found: list[tuple[int, str]] = []
        for name in PROXIES:
            found.append(self.run_([*words, "--proxy", name]))
            if found[-1][0] == 0:
                return found[-1]
        return found[0]

    def test_commands(self) -> None:
        """
        Each is done.
        """
        count = 0
        # The behaviors of extending.rst are of a package that is not installed.
        for page in (each for each in PAGES if each.name != "extending.rst"):
            self.stage()
            for block in (each for each in blocks(page) if each.kind == "console"):
                for words in commands(block.text):
                    names = [word.rpartition("/")[2] for word in words[:2]]
                    if "vaurienctl" not in names or "$" in "".join(words):
                        continue
                    own = words[names.index("vaurienctl") + 1 :]
                    if own[0] in LEFT_OUT:
                        continue
                    status, said = self.attempt(own)
                    gone = own[0] in ("explain", "kill") and any(word in said for word in GONE)
                    self.assertTrue(status == 0 or gone, f"{block.place}: {own}: {said}")
                    count += 1
        self.assertGreater(count, 60)


def _serve(backend: socket.socket) -> None:
    """
    Answer each request of each connection.
    """
    while True:
        try:
            connection, _ = backend.accept()
        except OSError:
            return
        Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        while connection.recv(4096):
            connection.sendall(ANSWER)
