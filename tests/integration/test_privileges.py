"""
Vaurien under C{twistd --uid}, which gives up the rights of root once all listens.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

import vaurien_twisted
from tests.integration.children import PATIENCE, ChildCase, port
from tests.integration.servers import poll
from vaurien_twisted.client.launcher import launch

#: A user without rights, on Debian and others.
NOBODY = "65534"


class PrivilegeTests(ChildCase):
    """
    From folders that only root can read.
    """

    if os.geteuid():
        skip = "this takes the rights of root"

    def test_pitfall44_uid(self) -> None:
        """
        Control, the page, metrics, rules, and new proxies of all kinds work, though neither
        the package nor the files that were named can be read any more.
        """
        folder = Path(tempfile.mkdtemp())
        self.opened.callback(shutil.rmtree, folder)
        package = Path(vaurien_twisted.__file__).parent
        shutil.copytree(package, folder / "vaurien_twisted")
        shutil.copytree(package.parent / "twisted", folder / "twisted")
        config = folder / "vaurien.ini"
        config.write_text("[vaurien]\ntoken = secret\n")
        folder.chmod(0o700)
        listening = self.listen()
        twistd = "import sys; from twisted.scripts.twistd import run; run()"
        command = [sys.executable, "-c", twistd, "-n", "--pidfile=", "--uid", NOBODY]
        command += ["--logfile", os.path.abspath(self.mktemp()), "vaurien"]
        command += ["--config", str(config), "--proxy", "127.0.0.1:0"]
        command += ["--backend", f"127.0.0.1:{port(listening)}", "--protocol", "redis"]
        command += ["--journal", str(folder / "journal")]
        command += ["--http", "--http-host", "127.0.0.1", "--http-port", "0"]
        paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
        proxy = self.opened.enter_context(
            launch(command, PATIENCE, {"PYTHONPATH": os.pathsep.join(paths)})
        )
        status = Path(f"/proc/{int(proxy)}/status")
        poll(lambda: f"Uid:\t{NOBODY}\t" in status.read_text(), PATIENCE, "the other user")
        self.port = proxy.http_port
        for path in (
            *("/", "/page/page.js", "/behavior", "/behaviors?verbose=1", "/metrics", "/state"),
            *("/journal", "/protocols/mysql", "/connections", "/proxies", "/rules"),
        ):
            self.assertIn(self.ask("GET", path)[0], (200, 404), path)
        self.assertEqual(self.ask("GET", "/")[0], 200)
        self.assertEqual(self.ask("GET", "/behavior", token="other")[0], 401)
        rules = [{"behavior": "error", "when": {"key": "a*"}}]
        self.assertEqual(self.ask("PUT", "/rules", rules)[0], 200)
        for number, (listen, upstream) in enumerate(
            (
                ("127.0.0.1:0", "tls:example.com:443"),
                ("haproxy:127.0.0.1:0", "proxied:v2:localhost:2"),
                ("tcp:0", "ssl:localhost:3"),
            )
        ):
            item = {"name": f"p{number}", "listen": listen, "upstream": upstream}
            created, said = self.ask("POST", "/proxies", item)
            self.assertEqual(created, 201, said)
        client = self.connect(proxy.proxy_port)
        backend = self.accept(listening)
        client.sendall(b"*1\r\n$4\r\nPING\r\n")
        self.assertEqual(backend.recv(100), b"*1\r\n$4\r\nPING\r\n")
        client.sendall(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n")
        backend.sendall(b"+PONG\r\n")
        self.assertEqual(client.recv(7), b"+PONG\r\n")
        self.assertEqual(client.recv(1), b"-")
        self.assertIn('"effect": "error', (folder / "journal").read_text())
        self.assertEqual(stat.S_IMODE((folder / "journal").stat().st_mode), 0o600)

    def ask(
        self, method: str, path: str, body: Any = None, token: str = "secret"
    ) -> tuple[int, bytes]:
        """
        Status and body of an answer.
        """
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        client.request(method, path, None if body is None else json.dumps(body), headers)
        answer = client.getresponse()
        said = answer.read()
        client.close()
        return answer.status, said
