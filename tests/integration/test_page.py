"""
The web page in a real browser: Debian's Chromium, driven by Playwright.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.integration.children import PATIENCE, ChildCase, Parallel
from tests.integration.servers import find, missing
from tests.integration.support import optional
from vaurien_twisted.process import ProxyProcess, start_proxy
from vaurien_twisted.rules import RuleFields, fieldSpecs

playwright = optional("playwright.sync_api")

#: What a browser says itself of every answer with such a status, whatever the page does.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 40[01] ")

LOST = re.compile(r"Failed to load resource: net::ERR_(CONNECTION|INCOMPLETE|EMPTY)_")

#: How many rows the list of decisions has at most.
ROWS = 250


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


class PageTests(ChildCase):
    """
    What people do with the page.
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
        self, proxy: ProxyProcess, refused: int = 0, lost: bool = False, **look: Any
    ) -> Iterator[Any]:
        """
        The page, live.  Its console must stay empty but for what the browser says of so
        many refusals, and of lost connections where they are meant to be.
        """
        said: list[str] = []
        look.setdefault("viewport", {"width": 1280, "height": 900})
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=find("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
            page = browser.new_page(**look)
            page.set_default_timeout(PATIENCE * 1000)
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.goto(f"http://127.0.0.1:{proxy.http_port}/")
            yield page
            browser.close()
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

    def test_delay(self) -> None:
        """
        Set C{delay} by form: the requests after it are late, the list of decisions has
        them with their rule and reason, and the plots move.
        """
        proxy = self.proxy()
        with self.page(proxy) as page:
            self.live(page)
            self.assertIn("passes unchanged", page.inner_text("#proxies"))
            self.ask(proxy, "/before")
            latency = page.locator("#plots canvas[aria-label^=Latency]")
            pixels = "canvas => canvas.toDataURL()"
            still = latency.evaluate(pixels)
            page.get_by_label("Behavior", exact=True).select_option("delay")
            page.locator("#form").get_by_label("Sleep").fill("0.3")
            page.get_by_role("button", name="Apply").click()
            page.wait_for_selector("#rules strong:text('delay')")
            self.assertIn("sleep 0.3 s", page.inner_text("#rules"))
            status, seconds = self.ask(proxy, "/after?page=2")
            self.assertEqual(status, 200)
            self.assertGreaterEqual(seconds, 0.3)
            row = page.locator("#log li", has_text="GET /after?page=2")
            row.wait_for()
            self.assertIn("100:delay sleep=0.3", row.inner_text())
            self.assertEqual(page.locator("#log li", has_text="/before").count(), 0)
            row.click()
            row.locator(".reason-why").wait_for()
            self.assertEqual(row.locator(".reason-why").inner_text(), "always")
            page.wait_for_function(
                "() => [...document.querySelectorAll('#plots canvas')]"
                ".some(each => /^Latency: mean 3\\d\\d ms/.test(each.ariaLabel))"
            )
            self.assertNotEqual(latency.evaluate(pixels), still)
            page.get_by_role("button", name="Back to normal").click()
            page.wait_for_selector("#rules .none")
            self.assertLess(self.ask(proxy, "/again")[1], 0.3)

    def test_refused(self) -> None:
        """
        A bad option is refused with the service's reason at its field, which has the
        focus, and nothing has changed; a good one is taken then.
        """
        proxy = self.proxy()
        with self.page(proxy, refused=3) as page:
            self.live(page)
            sleep = page.locator("#form").get_by_label("Sleep")
            for given, reason in (("-1", "below the minimum 0"), ("soon", "number is wanted")):
                sleep.fill(given)
                sleep.press("Enter")
                page.wait_for_selector(f".field .reason:visible:text('{reason}')")
                self.assertEqual(sleep.get_attribute("aria-invalid"), "true")
                self.assertTrue(sleep.evaluate("field => field === document.activeElement"))
                self.assertEqual(page.inner_text("#rules"), "Everything passes unchanged.")
            sleep.fill("0.01")
            self.assertIsNone(sleep.get_attribute("aria-invalid"))
            page.get_by_text("Only for some requests").click()
            page.locator("#form").get_by_label("Client").fill("nowhere")
            sleep.press("Enter")
            page.wait_for_selector(".field .reason:visible:text('not an address')")
            page.locator("#form").get_by_label("Client").fill("127.0.0.0/8")
            sleep.press("Enter")
            page.wait_for_selector("#rules small:text('client 127.0.0.0/8')")
            self.assertEqual(page.locator(".reason:visible").count(), 0)

    def test_kill(self) -> None:
        """
        A connection that waits is listed with what it waits for, and its button ends it.
        """
        proxy = self.proxy("--behavior", "hang")
        client = self.connect(proxy.proxy_port)
        client.sendall(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
        with self.page(proxy) as page:
            self.live(page)
            row = page.locator("#connections tbody tr")
            row.locator(".badge:text('waiting')").wait_for()
            self.assertIn("hang", row.inner_text())
            self.assertIn("GET /held", row.inner_text())
            page.get_by_role("button", name="Close connection 1").click()
            self.assertEqual(client.recv(1), b"")
            client.close()
            row.wait_for(state="detached")
            self.assertTrue(page.get_by_text("No connection is open.").is_visible())

    def test_alone(self) -> None:
        """
        Rules can be set for one connection: others do not meet them.
        """
        proxy = self.proxy()
        client = self.connect(proxy.proxy_port)
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(b" 200 ", client.recv(65536))
        with self.page(proxy) as page:
            self.live(page)
            page.get_by_role("button", name="Rules for connection 1 alone").click()
            page.wait_for_selector("#alone:text('For connection 1 alone')")
            page.get_by_label("Behavior", exact=True).select_option("error")
            page.get_by_label("Code").fill("503")
            page.get_by_role("button", name="Apply").click()
            page.wait_for_selector("#rules strong:text('error')")
            self.assertEqual(self.ask(proxy, "/other")[0], 200)
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b" 503 ", client.recv(65536))
            client.close()
            page.wait_for_selector("#alone", state="hidden")
            self.assertEqual(page.inner_text("#rules"), "Everything passes unchanged.")

    def test_rules(self) -> None:
        """
        Rules join those in force, can be changed with what they say, and removed.
        """
        proxy = self.proxy()
        with self.page(proxy) as page:
            self.live(page)
            page.locator("#form").get_by_label("Sleep").fill("0.1")
            page.get_by_role("button", name="Apply").click()
            page.get_by_label("Behavior", exact=True).select_option("error")
            page.get_by_text("When and how often").click()
            page.get_by_label("Times").fill("2")
            page.get_by_role("button", name="Add").click()
            page.wait_for_selector("#rules li:nth-child(2)")
            self.assertEqual([self.ask(proxy, "/x")[0] // 100 for _ in range(3)], [5, 5, 2])
            page.get_by_role("button", name="Change rule 1, delay").click()
            sleep = page.locator("#form").get_by_label("Sleep")
            self.assertEqual(sleep.input_value(), "0.1")
            sleep.fill("0.2")
            page.get_by_role("button", name="Save").click()
            page.wait_for_selector("#rules li:nth-child(1):has-text('sleep 0.2 s')")
            self.assertIn("2 times", page.inner_text("#rules"))
            # A rule's limits are seen, whichever behavior is picked for the next.
            times = page.locator("#form").get_by_label("Times")
            self.assertFalse(times.is_visible())
            page.get_by_role("button", name="Change rule 2, error").click()
            self.assertEqual((times.is_visible(), times.input_value()), (True, "2"))
            page.get_by_label("Behavior", exact=True).select_option("hang")
            self.assertTrue(times.is_visible())
            page.get_by_role("button", name="Cancel").click()
            self.assertFalse(times.is_visible())
            page.get_by_role("button", name="Remove rule 1, delay").click()
            page.wait_for_selector("#rules li:nth-child(2)", state="detached")
            self.assertIn("error", page.inner_text("#rules"))

    def test_declared(self) -> None:
        """
        The form has what the service declares: each option of each behavior, the
        protocol's targets and errors, and the fields of a rule as they are.
        """
        proxy = self.proxy()
        told = self.client(proxy).list_behaviors()
        with self.page(proxy) as page:
            self.live(page)
            select = page.get_by_label("Behavior", exact=True)
            self.assertEqual(select.locator("option").all_inner_texts(), sorted(told))
            details = page.evaluate(
                "async () => (await (await fetch('behaviors?verbose=1')).json()).details"
            )
            targets = ["command", "method", "path", "header", "client", "direction"]
            fields = page.evaluate("async () => (await import('./page/ruleform.js')).RULE_FIELDS")
            names = [field["name"] for field in fields]
            for name in told:
                select.select_option(name)
                shown = page.locator("#form [name]").evaluate_all("all => all.map(e => e.name)")
                options = [option["name"] for option in details[name]["options"]]
                self.assertEqual(shown, [*options, names[0], *targets, *names[1:]], name)
            select.select_option("error")
            codes = page.locator("#form datalist option").evaluate_all(
                "all => all.map(e => e.value)"
            )
            self.assertIn("503", codes)
        declared = fieldSpecs()
        self.assertEqual({*names, "when"}, set(declared), RuleFields)
        for field in fields:
            spec = declared[field["name"]].describe()
            for fact in ("type", "default", "choices"):
                self.assertEqual(field.get(fact), spec.get(fact), field["name"])

    def test_keyboard(self) -> None:
        """
        All can be done without a pointer, and the focus can be seen.
        """
        proxy = self.proxy("--behavior", "delay", "--behavior-delay-sleep", "0.01")
        self.ask(proxy, "/one")
        with self.page(proxy) as page:
            self.live(page)
            focused = "() => document.activeElement.id"
            page.keyboard.press("?")
            self.assertTrue(page.get_by_text("Keyboard shortcuts").is_visible())
            page.keyboard.press("Escape")
            page.keyboard.press("/")
            self.assertEqual(page.evaluate(focused), "filter-text")
            page.keyboard.type("nothing like this")
            page.get_by_text("Nothing here matches the filters.").wait_for()
            page.keyboard.press("Control+a")
            page.keyboard.press("Delete")
            page.keyboard.press("Escape")
            page.wait_for_selector("#log li")
            page.keyboard.press("l")
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
            page.wait_for_selector("#log li.open .reason-why:visible")
            page.keyboard.press("b")
            self.assertEqual(page.evaluate(focused), "behavior")
            outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            self.assertEqual(outline, "solid")
            page.keyboard.type("hang")
            page.keyboard.press("Control+Enter")
            page.wait_for_selector("#rules strong:text('hang')")
            page.keyboard.press("Escape")
            page.keyboard.press("n")
            page.wait_for_selector("#rules .none")

    def test_flood(self) -> None:
        """
        Of thousands of decisions in a second the page shows some, says how many it left
        out, and still answers; its filters find what it holds.
        """
        proxy = self.proxy("--behavior", "error")
        with self.page(proxy) as page:
            self.live(page)

            def flood(number: int) -> None:
                with socket.create_connection(("127.0.0.1", proxy.proxy_port), PATIENCE) as client:
                    request = b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n"
                    Parallel(lambda: client.sendall(request * number))
                    client.settimeout(PATIENCE)
                    seen = 0
                    while seen < number and (data := client.recv(1 << 20)):
                        seen += data.count(b"HTTP/1.1 ")

            self.ask(proxy, "/first")
            page.wait_for_selector("#log li")
            flood(5000)
            page.wait_for_function(
                "() => /[1-9],\\d\\d\\d left out/"
                ".test(document.querySelector('#decisions-count').textContent)"
            )
            rows = page.locator("#log li").count()
            self.assertLessEqual(rows, ROWS)
            self.assertGreater(rows, 1)
            self.ask(proxy, "/last")
            page.get_by_placeholder("Text").fill("/last")
            page.wait_for_function("() => document.querySelectorAll('#log li').length === 1")
            self.assertIn("GET /last", page.inner_text("#log"))

    def test_hostile(self) -> None:
        """
        What clients send is shown as the text that it is.
        """
        proxy = self.proxy("--behavior", "delay", "--behavior-delay-sleep", "0.01")
        path = "/<img/src=x/onerror=document.title='broken'><b>bold</b>"
        with self.page(proxy) as page:
            self.live(page)
            with self.connect(proxy.proxy_port) as client:
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                self.assertTrue(client.recv(1))
            page.wait_for_selector("#log li")
            self.assertIn(path, page.inner_text("#log li"))
            self.assertEqual(page.locator("#log b, #log img").count(), 0)
            self.assertEqual(page.title(), "Vaurien")

    def test_phone(self) -> None:
        """
        On a phone's width nothing sticks out and buttons are large enough to touch; the
        look follows the system's, or is chosen and stays so.
        """
        proxy = self.proxy()
        client = self.connect(proxy.proxy_port)
        client.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        look = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
        with self.page(proxy, reduced_motion="reduce", **look) as page:
            self.live(page)
            page.wait_for_selector("#connections tbody tr")
            wide = "() => document.documentElement.scrollWidth"
            self.assertEqual(page.evaluate(wide), 390)
            for button in page.locator("main button:visible").all():
                self.assertGreaterEqual(button.bounding_box()["height"], 36)
            ground = "() => getComputedStyle(document.body).backgroundColor"
            dark = page.evaluate(ground)
            page.emulate_media(color_scheme="light")
            light = page.evaluate(ground)
            self.assertNotEqual(light, dark)
            page.get_by_role("button", name="Look").click()
            page.get_by_role("button", name="Look").click()
            self.assertEqual(page.evaluate(ground), dark)
            page.reload()
            self.live(page)
            self.assertEqual(page.evaluate(ground), dark)

    def test_startedAnew(self) -> None:
        """
        Where the service is gone the page says so; it goes on by itself with the next
        one on that port.
        """
        first = self.proxy()
        self.assertIsNotNone(first.http_port)
        with self.page(first, lost=True) as page:
            self.live(page)
            self.opened.close()
            page.wait_for_selector("#link[data-state=lost]")
            second = self.proxy("--behavior", "hang", http_port=first.http_port)
            page.wait_for_selector("#link[data-state=live]")
            page.wait_for_selector("#rules strong:text('hang')")
            self.assertEqual(second.http_port, first.http_port)

    def test_token(self) -> None:
        """
        With a token set the page is there and shows nothing before it is given; a wrong
        one is asked for again; it is kept for the tab.
        """
        proxy = self.proxy(token="open-sesame")
        with self.page(proxy, refused=2) as page:
            token = page.get_by_label("Token", exact=True)
            token.wait_for()
            self.assertEqual(page.inner_text("#proxies"), "")
            token.fill("wrong")
            token.press("Enter")
            page.get_by_text("The service did not accept this token.").wait_for()
            token.fill("open-sesame")
            token.press("Enter")
            self.live(page)
            page.reload()
            self.live(page)
