"""
The web page under all sorts of circumstances.
"""

from __future__ import annotations

import socket

from tests.integration.children import PATIENCE, Parallel
from tests.integration.page_case import PageCase
from tests.ports import freePort

#: How many rows the list of decisions has at most.
ROWS = 250


class PageUseTests(PageCase):
    """
    By keyboard, on a phone, under load, with hostile clients, with a token.
    """

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
            page.wait_for_selector("#log li.open .story dd:visible")
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
                "() => /[1-9][\\d,]* left out/"
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
            page.locator("#log li", has_text="GET").wait_for()
            self.assertIn(path, page.inner_text("#log"))
            self.assertEqual(page.locator("#log b, #log img").count(), 0)
            self.assertEqual(page.title(), "proxy - Vaurien")

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
        first = self.proxy(http_port=freePort())
        with self.page(first, lost=True) as page:
            self.live(page)
            self.opened.close()
            page.wait_for_selector("#link[data-state=lost]")
            page.get_by_text("Vaurien does not answer").wait_for()
            self.assertTrue(page.evaluate("() => document.querySelector('#set').inert"))
            second = self.proxy("--behavior", "hang", http_port=first.http_port)
            page.wait_for_selector("#link[data-state=live]")
            page.wait_for_selector("#rules strong:text('hang')")
            page.wait_for_selector("#gone", state="hidden")
            self.assertFalse(page.evaluate("() => document.querySelector('#set').inert"))
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
            self.assertEqual(page.inner_text("#chosen-title"), "")
            token.fill("wrong")
            token.press("Enter")
            page.get_by_text("The service did not accept this token.").wait_for()
            token.fill("open-sesame")
            token.press("Enter")
            self.live(page)
            page.reload()
            self.live(page)
