"""
Sockets that were opened by systemd, or by who does as it does.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import closing
from typing import Any

from tests.integration.children import PATIENCE, ChildCase, beside, port, readAll
from vaurien_twisted.client.blocking import Client

#: Takes the place of systemd (sd_listen_fds(3)): the sockets are the descriptors from 3 on,
#: and the variables are for the process that is told them.
ACTIVATE = """\
import os, sys
names = sys.argv[1]
os.environ.update(
    LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(1 + names.count(":")), LISTEN_FDNAMES=names
)
os.execv(sys.argv[2], sys.argv[2:])
"""


class ActivationTests(ChildCase):
    """
    Vaurien as systemd starts it.
    """

    def activate(self, sockets: dict[str, socket.socket], *words: str) -> dict[str, Any]:
        """
        Start it with these sockets, by name; what it announces.
        """
        reading, writing = os.pipe()
        # The descriptors may overlap with those wanted: move them out of the way first.
        given = [os.dup(each.fileno()) for each in sockets.values()]
        high = [os.dup2(each, 100 + place) for place, each in enumerate(given)]
        place = os.dup2(writing, 120)
        moves = "".join(f"os.dup2({each}, {3 + n});" for n, each in enumerate(high))
        script = f"import os\n{moves}\n{ACTIVATE}"
        command = [sys.executable, "-c", script, ":".join(sockets), beside("vaurien") or "vaurien"]
        process = subprocess.Popen(
            [*command, *words, "--announce", "120"],
            pass_fds=[*high, place],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for each in (*given, *high, place, writing):
            os.close(each)
        self.opened.callback(process.stdout.close if process.stdout else int)
        self.opened.callback(process.wait, PATIENCE)
        self.opened.callback(process.terminate)
        with os.fdopen(reading) as announced:
            line = announced.readline()
        if not line:
            raise AssertionError(process.stdout.read().decode() if process.stdout else "")
        told: dict[str, Any] = json.loads(line)
        return told

    def serve(self, listening: socket.socket, said: bytes = b"backend") -> None:
        """
        Answer the next connection.
        """
        with closing(self.accept(listening)) as connection:
            connection.sendall(said)

    def test_index(self) -> None:
        """
        The socket is accepted on, also for a client that came before.
        """
        ours = socket.create_server(("127.0.0.1", 0))
        self.opened.enter_context(ours)
        early = self.connect(port(ours))
        backend = self.listen()
        told = self.activate(
            {"web": ours},
            *("--proxy", "systemd:domain=INET:index=0"),
            *("--backend", f"127.0.0.1:{port(backend)}"),
        )
        self.assertEqual(told["proxy"], f"127.0.0.1:{port(ours)}")
        for client in (early, self.connect(port(ours))):
            self.serve(backend)
            self.assertEqual(readAll(client), b"backend")

    def test_name(self) -> None:
        """
        So it is by name, and a UNIX socket too; C{refuse} lets clients wait, as the socket is
        not ours to close, and serves them when it is over.
        """
        path = self.mktemp()
        other = self.opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        ours = self.opened.enter_context(socket.socket(socket.AF_UNIX))
        ours.bind(path)
        ours.listen()
        backend = self.listen()
        told = self.activate(
            {"other": other, "ours": ours},
            *("--proxy", "systemd:domain=UNIX:name=ours"),
            *("--backend", f"127.0.0.1:{port(backend)}"),
            *("--http", "--http-port", "0"),
        )
        self.assertEqual(told["proxy"], path)
        control = Client(url=f"http://{told['http']}")
        for _ in range(2):
            control.set_behavior("refuse")
            client = self.opened.enter_context(socket.socket(socket.AF_UNIX))
            client.settimeout(0.2)
            client.connect(path)
            self.assertRaises(TimeoutError, client.recv, 1)
            control.set_behavior("dummy")
            client.settimeout(PATIENCE)
            self.serve(backend)
            self.assertEqual(readAll(client), b"backend")

    def test_none(self) -> None:
        """
        Where systemd has passed no socket, that is said in a line.
        """
        words = ["--proxy", "systemd:domain=INET:index=0", "--backend", "127.0.0.1:1"]
        done = subprocess.run(
            [beside("vaurien") or "vaurien", *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        self.assertEqual(
            (done.returncode, done.stderr),
            (
                2,
                "vaurien: --proxy: 'systemd:domain=INET:index=0': systemd has passed no such "
                "socket\n",
            ),
        )
