"""
Single exchanges on the page: those that passed, and each from its beginning to its end.
"""

from __future__ import annotations

from typing import Any

from tests.integration.page_case import PageCase
from tests.integration.test_page_abilities import SIZES
from vaurien_twisted.client.blocking import Client

#: A path that is shortened wherever it is listed.
LONG = "/" + "-".join(str(number) for number in range(100))


class ExchangesTests(PageCase):
    """
    The list of decisions with what passed, and its opened rows.
    """

    def story(self, page: Any, row: Any, words: str = "") -> str:
        """
        Open a row with the keyboard, read what it tells once it has C{words}, and close it.
        """
        row.focus()
        page.keyboard.press("Enter")
        row.locator(".story dd", has_text=words).first.wait_for()
        told: str = row.locator(".story").inner_text()
        page.keyboard.press("Enter")
        row.locator(".story").wait_for(state="detached")
        page.keyboard.press("Escape")
        return told

    def test_passed(self) -> None:
        """
        When asked, all recent requests that nothing was done to are listed, each with its
        duration; an opened one says when it came and was answered, and why no rule met it.
        """
        proxy = self.proxy("--behavior", "0:hang")
        for size, keys in zip(SIZES, (False, True), strict=True):
            with self.page(proxy, viewport=size) as page, self.connect(proxy.proxy_port) as client:
                self.live(page)
                with page.expect_response("**/passed?*"):
                    if keys:
                        page.keyboard.press("w")
                    else:
                        page.get_by_label("Passed too").check()
                # The service still has those of the page before.
                path = f"/fine-{size['width']}-"
                for number in range(5):
                    client.sendall(f"GET {path}{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                    # Requests that come together are one row.
                    reply = b""
                    while not reply.endswith(b"hello\n"):
                        reply += client.recv(65536)
                page.mouse.move(5, 5)
                rows = page.locator("#log li.passed", has_text=path)
                for number in range(5):
                    page.wait_for_selector(f"#log li.passed:has-text('{path}{number}')")
                self.assertEqual(rows.count(), 5)
                # On a slow machine a request may be listed before it is answered.
                self.assertRegex(rows.first.inner_text(), r"passed, (\S+ m?s|no answer so far)")
                told = self.story(page, rows.first, "in all")
                for words in (f"GET {path}4", "went to the backend", "in all", "0:hang"):
                    self.assertIn(words, told)

    def test_struck(self) -> None:
        """
        An opened decision says when the request came, how long it waited, when the reply began
        and ended and how large both were, and the words of an error; a long request is whole.
        """
        proxy = self.proxy()
        client = Client(url=proxy.http_url)
        with self.page(proxy) as page:
            self.live(page)
            client.set_behavior("delay", sleep=0.05)
            self.ask(proxy, LONG)
            row = page.locator("#log li:has(.effect:text('delayed'))")
            told = self.story(page, row, "in all")
            for words in (LONG, "delayed 0.05 s", "after it waited", "bytes", "in all"):
                self.assertIn(words, told)
            client.set_behavior("error", code="503", message="Try later")
            self.ask(proxy, "/second")
            told = self.story(page, page.locator("#log li:has(.effect:text('answered'))"))
            self.assertIn("answered 503: Try later", told)
            self.assertNotIn("went to the backend", told)

    def test_goesOn(self) -> None:
        """
        A row that was opened while its request waited tells the rest when it comes.
        """
        proxy = self.proxy("--behavior", "hang")
        with self.page(proxy) as page, self.connect(proxy.proxy_port) as held:
            self.live(page)
            held.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % LONG.encode())
            page.locator("#log li:has(.effect:text('left without')) .line").click()
            page.wait_for_selector(".story dd:has-text('left without an answer')")
            page.mouse.move(5, 5)
            with self.connect(proxy.proxy_port) as other:
                other.sendall(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
                page.wait_for_selector("#decisions-count:has-text('1 waiting')")
                self.assertEqual(page.locator("#log li:first-child.open").count(), 1)
            page.locator("#connections td.last button:has-text('...')").click()
            page.wait_for_selector(f"#connections td.last:has-text('{LONG}')")
            Client(url=proxy.http_url).normal()
            page.wait_for_selector(".story dd:has-text('after it waited')")
            page.wait_for_selector(".story dd:has-text('in all')")
