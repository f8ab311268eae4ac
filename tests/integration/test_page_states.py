"""
The page in each of its states, looked at by axe-core: in both looks, on a wide screen and on a
phone's.
"""

from __future__ import annotations

from typing import Any

from tests.integration.page_case import PageCase
from tests.integration.test_page_abilities import SIZES
from vaurien_twisted.client.blocking import Client


class StatesTests(PageCase):
    """
    axe-core finds no serious fault.
    """

    def check(self, page: Any) -> None:
        """
        Look at the page in both looks.
        """
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.assertFaultless(page)

    def fits(self, page: Any, place: str, width: int) -> None:
        """
        Nothing sticks out of an element.
        """
        self.assertLessEqual(page.evaluate(f"document.querySelector('{place}').scrollWidth"), width)

    def test_inUse(self) -> None:
        """
        With rules, decisions, connections, an opened row, in each dialog, with a message, with a
        value that is refused, and with a list in which nothing matches.
        """
        proxy = self.proxy()
        client = Client(url=proxy.http_url)
        client.set_behavior("delay", sleep=0.01)
        client.proxy("proxy").add_toxic("latency", latency=1)
        held = self.connect(proxy.proxy_port)
        held.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        for size in SIZES:
            with self.page(proxy, refused=1, viewport=size) as page:
                self.live(page)
                page.keyboard.press("w")
                page.locator("#log li .line").first.click()
                page.wait_for_selector(".story dd")
                self.check(page)
                self.fits(page, "#connections .scroll", size["width"])
                for key in "aexy?":
                    page.keyboard.press(key)
                    page.wait_for_selector("dialog[open]")
                    self.check(page)
                    page.keyboard.press("Escape")
                    page.wait_for_selector("dialog[open]", state="detached")
                page.keyboard.press("n")
                page.wait_for_selector(".toast")
                self.check(page)
                page.keyboard.press("u")
                page.wait_for_selector("#rules li:nth-child(2)")
                page.locator("#form [name=sleep]").fill("long")
                page.locator("#form [name=sleep]").press("Control+Enter")
                page.wait_for_selector("#form .reason:visible")
                page.locator("#filter-text").fill("nothing")
                page.get_by_text("Nothing here matches the filters.").wait_for()
                self.check(page)

    def test_gone(self) -> None:
        """
        With no proxy, and when the service is gone.
        """
        proxy = self.proxy()
        Client(url=proxy.http_url).request("DELETE", "/proxies/proxy")
        with self.page(proxy, lost=True, deleted=True) as page:
            page.get_by_text("There is no proxy yet").wait_for()
            for size in SIZES:
                page.set_viewport_size(size)
                self.check(page)
            self.opened.close()
            page.get_by_text("Vaurien does not answer").wait_for()
            for size in SIZES:
                page.set_viewport_size(size)
                self.check(page)
                self.fits(page, "html", size["width"])

    def test_token(self) -> None:
        """
        When it asks for a token.
        """
        proxy = self.proxy(token="open-sesame")
        with self.page(proxy, refused=1) as page:
            page.wait_for_selector("#token-dialog[open]")
            for size in SIZES:
                page.set_viewport_size(size)
                self.check(page)
