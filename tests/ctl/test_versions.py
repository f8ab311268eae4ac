"""
Tests for L{vaurien_twisted.ctl.versions}: services that are older or newer.
"""

from __future__ import annotations

import contextlib
import io
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted import __version__
from vaurien_twisted.ctl.main import main


class Stub(BaseHTTPRequestHandler):
    """
    A service that only has C{/version} and C{/proxies}.
    """

    version = ""

    def do_GET(self) -> None:
        """
        Answer or refuse.
        """
        told: dict[str, Any] = {"/version": {"version": self.version}, "/proxies": {"db": {}}}
        error = {"location": "path", "name": self.path, "description": f"there is no {self.path!r}"}
        refusal = {"status": "error", "errors": [error]}
        body = json.dumps(told.get(self.path, refusal)).encode()
        self.send_response(200 if self.path in told else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """
        Print nothing.
        """


class VersionTests(SynchronousTestCase):
    """
    The messages of C{vaurienctl} about them.
    """

    def said(self, version: str, *words: str) -> str:
        """
        The reason of a command that a service of this version cannot do.
        """
        self.patch(Stub, "version", version)
        server = HTTPServer(("127.0.0.1", 0), Stub)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        output = io.StringIO()
        url = f"http://127.0.0.1:{server.server_port}"
        with contextlib.redirect_stderr(output), contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(main(["--host", url, *words]), 1)
        return output.getvalue()

    def test_lacks(self) -> None:
        """
        It names the missing path, the version of the service, and what to do.
        """
        for version, age in (("1.9", "older"), ("99.0", "newer")):
            for words, path in (
                (["state"], "/state"),
                (["explain", "3"], "/explain"),
                (["connections"], "/connections"),
                (["get-rules"], "/rules"),
                (["list-behaviors"], "/behaviors"),
            ):
                said = self.said(version, *words)
                self.assertIn(f"has no {path}", said)
                self.assertIn(
                    f"vaurien {version} is {age} than this vaurienctl, {__version__}", said
                )

    def test_same(self) -> None:
        """
        A service of the same version may be another build, or return no version.
        """
        for version in (__version__, ""):
            self.assertIn("it is another version than this", self.said(version, "state"))

    def test_normal(self) -> None:
        """
        The message says what to use instead.
        """
        for words in (["normal"], ["normal", "--all"]):
            self.assertIn(
                "use set-behavior dummy, toxic remove and reset", self.said("1.9", *words)
            )
