"""
The web page in a real browser: Debian's Chromium, driven by Playwright.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.integration.children import PATIENCE, ChildCase, Parallel
from tests.integration.servers import find, missing
from tests.integration.support import optional
from tests.integration.toxiproxy_case import MODULES
from vaurien_twisted.client.launcher import ProxyProcess
from vaurien_twisted.client.starting import start_proxy

playwright = optional("playwright.sync_api")

#: What a browser says itself of every answer with such a status, whatever the page does.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 40[01] ")

#: What it says of a proxy that was just deleted, about which something was being asked.
MISSING = re.compile(r"Failed to load resource: the server responded with a status of 404 ")

#: What it says where the service is gone.
LOST = re.compile(r"Failed to load resource: net::ERR_(CONNECTION|INCOMPLETE|EMPTY)_")


#: What axe-core finds serious.
FAULTS = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.filter(each => ["serious", "critical"].includes(each.impact))
    .map(each => `${each.id}: ${each.nodes.map(node => node.html).join(" ")}`);
}"""


class Backend(ThreadingHTTPServer):
    """
    Serves until the test is over.
    """

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """
        Connections are reset here; that is no failure.
        """


class Hello(BaseHTTPRequestHandler):
    """
    Answers every path.
    """

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """
        A greeting.
        """
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")

    def log_message(self, format: str, *args: object) -> None:
        """
        Nothing of it is worth a word.
        """


class PageCase(ChildCase):
    """
    Tests of the page before a backend that answers every path.
    """

    if missing("chromium"):
        skip = missing("chromium")
    elif playwright is None:
        skip = "not installed: Python's playwright"

    def proxy(self, *options: str, **more: Any) -> ProxyProcess:
        """
        A proxy of http before a backend that answers every path.
        """
        backend = Backend(("127.0.0.1", 0), Hello)
        self.opened.callback(backend.server_close)
        self.opened.callback(backend.shutdown)
        Parallel(backend.serve_forever)
        proxy = start_proxy(
            "127.0.0.1",
            0,
            "127.0.0.1",
            backend.server_port,
            "http",
            http_host="127.0.0.1",
            options=options,
            log_output=os.path.abspath(self.mktemp()),
            timeout=PATIENCE,
            **{"http_port": 0, **more},
        )
        return self.opened.enter_context(proxy)

    @contextmanager
    def page(
        self,
        proxy: ProxyProcess,
        refused: int = 0,
        lost: bool = False,
        deleted: bool = False,
        **look: Any,
    ) -> Iterator[Any]:
        """
        The page, live.  Its console must stay empty but for what the browser says of so
        many refusals, and of lost connections or deleted proxies where they are meant to be.
        """
        said: list[str] = []
        look.setdefault("viewport", {"width": 1280, "height": 900})
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=find("chromium"),
                args=["--no-sandbox", "--disable-dev-shm-usage"],
                timeout=PATIENCE * 1000,
            )
            page = browser.new_page(**look)
            page.set_default_timeout(PATIENCE * 1000)
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.goto(f"http://127.0.0.1:{proxy.http_port}/")
            yield page
            browser.close()
        if deleted:
            said = [text for text in said if not MISSING.match(text)]
        if lost:
            said = [text for text in said if not LOST.match(text)]
        self.assertEqual([text for text in said if not REFUSED.match(text)], [])
        self.assertEqual(len(said), refused, said)

    def live(self, page: Any) -> None:
        """
        Wait until the page has what it asks for first.
        """
        page.wait_for_selector("#link[data-state=live]")
        page.wait_for_selector("#form [name=sleep]")

    def assertFaultless(self, page: Any) -> None:
        """
        Fail if axe-core finds a serious fault.
        """
        axe = MODULES / "axe-core" / "axe.min.js"
        if axe.exists():
            page.evaluate(axe.read_text(encoding="utf-8"))
            self.assertEqual(page.evaluate(FAULTS), [])

    def ask(self, proxy: ProxyProcess, path: str) -> tuple[int, float]:
        """
        One request through the proxy: its status, and how many seconds it took.
        """
        begun = time.monotonic()
        connection = HTTPConnection("127.0.0.1", proxy.proxy_port, timeout=PATIENCE)
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status, time.monotonic() - begun
