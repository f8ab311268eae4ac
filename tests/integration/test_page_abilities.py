"""
What the page can do, by mouse and by keyboard, on a wide screen and on a phone's, with no proxy,
one and fifty.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

from tests.integration.children import PATIENCE
from tests.integration.page_case import PageCase
from tests.ports import freePort
from vaurien_twisted.app.config_file import readConfig
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.launcher import ProxyProcess

#: A wide screen and a phone's.
SIZES = ({"width": 1280, "height": 900}, {"width": 390, "height": 844})

#: What is set before it is copied: rules with all sorts of values.
RULES = [
    {"behavior": "error", "options": {"code": "503"}, "percent": 20.0, "name": "it's down"},
    {"behavior": "delay", "options": {"sleep": 0.5}, "when": {"path": ["/a*", "/b c"]}, "times": 3},
]


class AbilitiesTests(PageCase):
    """
    What people do with proxies, toxics and what is in force.
    """

    def asking(self, proxy: ProxyProcess) -> Client:
        """
        A client of the service.
        """
        return Client(url=proxy.http_url)

    def names(self, proxy: ProxyProcess) -> list[str]:
        """
        The names of the proxies.
        """
        return list(self.asking(proxy).request("GET", "/proxies"))

    def create(self, page: Any, name: str) -> None:
        """
        Fill in the dialog for a new proxy.
        """
        page.locator("#proxy-dialog [name=name]").fill(name)
        page.locator("#proxy-dialog [name=upstream]").fill("127.0.0.1:9")
        page.locator("#proxy-dialog [name=upstream]").press("Enter")
        page.wait_for_selector(f"#chosen-title:text-is('{name}')")

    def test_noProxy(self) -> None:
        """
        With no proxy the page says what one is and makes one, with the mouse and with a key.
        """
        proxy = self.proxy()
        client = self.asking(proxy)
        for size, name in zip(SIZES, ("first", "second"), strict=True):
            for each in self.names(proxy):
                client.request("DELETE", f"/proxies/{each}")
            with self.page(proxy, viewport=size) as page:
                page.get_by_text("There is no proxy yet").wait_for()
                self.assertFalse(page.locator("#plots").is_visible())
                if name == "first":
                    page.locator("#none").get_by_role("button", name="New proxy").click()
                else:
                    page.keyboard.press("a")
                self.create(page, name)
                self.assertFalse(page.locator("#none").is_visible())
                self.assertTrue(page.locator("#plots").is_visible())
        self.assertEqual(self.names(proxy), ["second"])

    def test_proxy(self) -> None:
        """
        A proxy is pointed elsewhere, switched off and deleted, and each of it undone: with the
        mouse, then with keys.
        """
        proxy = self.proxy()
        client = self.asking(proxy)
        client.set_behavior("hang")
        before = client.request("GET", "/proxies/proxy")
        undo = "#toasts button:text('Undo')"

        def told(name: str) -> object:
            return client.request("GET", "/proxies/proxy")[name]

        for size, keys in zip(SIZES, (False, True), strict=True):
            with self.page(proxy, deleted=True, viewport=size) as page:

                def act(selector: str, key: str, page: Any = page, keys: bool = keys) -> None:
                    if keys:
                        page.keyboard.press(key)
                    else:
                        page.locator(selector).last.click()

                self.live(page)
                act("#proxy-edit", "e")
                upstream = page.locator("#proxy-dialog [name=upstream]")
                upstream.fill("127.0.0.1:9")
                upstream.press("Enter")
                page.wait_for_selector("#chosen-way:has-text('127.0.0.1:9')")
                self.assertEqual(told("upstream"), "127.0.0.1:9")
                act(undo, "u")
                page.wait_for_selector(f"#chosen-way:has-text('{before['upstream']}')")
                act("#proxy-switch", "o")
                page.wait_for_selector("#chosen-state:text-is('switched off')")
                self.assertIs(told("enabled"), False)
                act(undo, "u")
                page.wait_for_selector("#chosen-state:text-is('hang')")
                act("#proxy-delete", "d")
                page.get_by_text("There is no proxy yet").wait_for()
                self.assertEqual(self.names(proxy), [])
                # With the pointer there is time to reach it: no key is for what is not there.
                page.locator(undo).last.click()
                page.wait_for_selector("#chosen-state:text-is('hang')")
            self.assertEqual(client.request("GET", "/proxies/proxy"), before)

    def test_toxic(self) -> None:
        """
        Toxics are added, changed and removed; what was removed comes back.
        """
        proxy = self.proxy()
        client = self.asking(proxy).proxy("proxy")
        for size, keys in zip(SIZES, (False, True), strict=True):
            with self.page(proxy, refused=1, viewport=size) as page:
                self.live(page)
                if keys:
                    page.keyboard.press("x")
                else:
                    page.get_by_role("button", name="New toxic").click()
                dialog = page.locator("#toxic-dialog")
                dialog.get_by_label("type").select_option("latency")
                latency = dialog.locator("[name=latency]")
                latency.fill("-1")
                latency.press("Enter")
                dialog.locator(".reason:visible:text('below the minimum 0')").wait_for()
                latency.fill("30")
                latency.press("Enter")
                page.wait_for_selector("#rules .words:text('latency 30 ms')")
                page.get_by_role("button", name="Change toxic latency_downstream").click()
                latency.fill("40")
                latency.press("Enter")
                page.wait_for_selector("#rules .words:text('latency 40 ms')")
                remove = page.get_by_role("button", name="Remove toxic latency_downstream")
                remove.focus() if keys else remove.hover()
                page.keyboard.press("Enter") if keys else remove.click()
                page.wait_for_selector("#chosen-state:text-is('passes unchanged')")
                self.assertEqual(client.toxics(), [])
                page.keyboard.press("u")
                page.wait_for_selector("#rules .words:text('latency 40 ms')")
                [toxic] = client.toxics()
                self.assertEqual(toxic["attributes"]["latency"], 40)
                page.keyboard.press("n")
                page.wait_for_selector("#rules .none")

    def test_undo(self) -> None:
        """
        What removes rules can be undone: back to normal, which lifts everything, and
        replacing all.  The message that offers it goes by itself.
        """
        proxy = self.proxy()
        client = self.asking(proxy)
        client.set_rules(RULES)
        before = client.get_rules()
        client.proxy("proxy").add_toxic("latency", latency=30)
        with self.page(proxy) as page:
            self.live(page)
            page.wait_for_selector("#rules li:nth-child(3)")
            page.get_by_role("button", name="Back to normal").click()
            page.wait_for_selector("#rules .none")
            self.assertEqual(client.proxy("proxy").toxics(), [])
            page.get_by_role("button", name="Undo").click()
            page.wait_for_selector("#rules li:nth-child(3)")
            self.assertEqual(client.get_rules(), before)
            page.get_by_role("button", name="Replace all 2").click()
            page.wait_for_selector("#rules li:nth-child(3)", state="detached")
            page.keyboard.press("u")
            page.wait_for_selector("#rules li:nth-child(3)")
            self.assertEqual(client.get_rules(), before)
            page.get_by_text("In force again").last.wait_for()
            page.mouse.move(5, 5)
            page.wait_for_selector(".toast", state="detached")

    def test_fifty(self) -> None:
        """
        With fifty proxies the plots are on the screen, a proxy is found by a word, and nothing
        sticks out; the one that was found is switched off, set and put back to normal, with the
        mouse, then with keys.
        """
        proxy = self.proxy()
        client = self.asking(proxy)
        for number in range(49):
            client.create_proxy(f"service-{number}", "127.0.0.1:9")
        for size, keys in zip(SIZES, (False, True), strict=True):
            with self.page(proxy, viewport=size) as page:
                self.live(page)
                box = page.locator("#plots canvas").first.bounding_box()
                self.assertLess(box["y"] + box["height"], size["height"])
                self.assertEqual(
                    page.evaluate("() => document.documentElement.scrollWidth"), size["width"]
                )
                page.keyboard.press("f")
                page.keyboard.type("service-48")
                page.keyboard.press("Enter")
                page.wait_for_selector("#chosen-title:text-is('service-48')")
                self.assertEqual(page.locator("#proxies [role=radio]:visible").count(), 1)
                self.assertFaultless(page)
                page.keyboard.press("Escape")

                def act(selector: str, key: str, page: Any = page, keys: bool = keys) -> None:
                    if keys:
                        page.keyboard.press(key)
                    else:
                        page.locator(selector).last.click()

                act("#proxy-switch", "o")
                page.wait_for_selector("#chosen-state:text-is('switched off')")
                act("#toasts button:text('Undo')", "u")
                page.wait_for_selector("#chosen-state:text-is('passes unchanged')")
                if keys:
                    page.keyboard.press("b")
                    page.keyboard.type("hang")
                    page.keyboard.press("Control+Enter")
                else:
                    page.get_by_label("Behavior", exact=True).select_option("hang")
                    page.get_by_role("button", name="Apply").click()
                page.wait_for_selector("#rules strong:text('hang')")
                if keys:
                    page.keyboard.press("Escape")
                self.assertEqual(client.proxy("service-48").get_behavior(), "hang")
                act("#normal", "n")
                page.wait_for_selector("#rules .none")

    def test_copyAs(self) -> None:
        """
        What is in force, copied as a command or a program, puts it in force again; as a file,
        a Vaurien that is started with it has it.
        """
        proxy = self.proxy()
        client = self.asking(proxy)
        client.set_rules(RULES)
        client.proxy("proxy").add_toxic("latency", "slow", toxicity=0.5, latency=30)
        before = [client.get_rules(), client.proxy("proxy").toxics()]
        texts = {}
        with self.page(proxy) as page:
            self.live(page)
            page.wait_for_selector("#rules li:nth-child(3)")
            page.keyboard.press("y")
            for form in ("vaurienctl", "curl", "Python", "ini", "JSON"):
                page.locator("#copy-forms").get_by_label(form, exact=True).check(force=True)
                texts[form] = page.inner_text("#copy-text")
            page.get_by_role("button", name="Copy", exact=True).click()
            page.wait_for_selector("#copy-said:not(:empty)")
        path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
        for form in ("vaurienctl", "curl", "Python"):
            client.normal()
            command = [sys.executable, "-"] if form == "Python" else ["sh", "-e"]
            done = subprocess.run(
                command,
                input=texts[form],
                env={**os.environ, "PATH": path},
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            self.assertEqual((done.returncode, done.stderr.count("Traceback")), (0, 0), done)
            self.assertEqual([client.get_rules(), client.proxy("proxy").toxics()], before, form)
        for form, ending in (("ini", "ini"), ("JSON", "json")):
            file = os.path.abspath(f"{self.mktemp()}.{ending}")
            with open(file, "w", encoding="utf-8") as written:
                written.write(texts[form])
            given = readConfig(file)
            self.assertEqual(len(given.proxies) + len(given.declared), 1, form)
            text = texts[form].replace(proxy.proxy_address, f"127.0.0.1:{freePort()}")
            # The command line's own proxy has this name there.
            for old, new in (
                *(("[proxy:proxy]", "[proxy:copied]"), ("proxy = proxy", "proxy = copied")),
                ('"name": "proxy"', '"name": "copied"'),
            ):
                text = text.replace(old, new)
            with open(file, "w", encoding="utf-8") as written:
                written.write(text)
            other = self.proxy("--config", file)
            [own] = [p for p in self.asking(other).state()["proxies"] if p["name"] == "copied"]
            self.assertEqual(len(own["rules"]) + len(own["toxics"]), 3, form)

    def test_history(self) -> None:
        """
        The plots of a page that is opened later have what was before, with a mark where
        something was set; the time range changes by mouse and by key.
        """
        proxy = self.proxy()
        client = self.asking(proxy)
        client.set_behavior("delay", sleep=0.01)
        for _ in range(3):
            self.ask(proxy, "/early")
        with self.page(proxy) as page:
            self.live(page)
            page.wait_for_function(
                "() => /set: 100:delay/.test(document.querySelector('#plots-told').textContent)"
            )
            page.get_by_label("10 min").check(force=True)
            self.assertTrue(page.locator("#range [value='600']").is_checked())
            page.keyboard.press("r")
            self.assertTrue(page.locator("#range [value='60']").is_checked())
            page.keyboard.press("g")
            page.keyboard.press("ArrowLeft")
            page.keyboard.press("ArrowLeft")
            page.wait_for_function(
                "() => /^(at |.*set)/.test(document.querySelector('#plots-told').textContent)"
            )

    def test_experiment(self) -> None:
        """
        The experiment that runs is named with its phase, which is a band on the plots; then its
        outcome is told.
        """
        proxy = self.proxy()
        client = self.asking(proxy)
        phase = {"name": "dead", "what": "down on db", "begin": time.time() - 20}
        told = {"title": "MySQL dies", "begun": time.time() - 20, "phases": [phase]}
        drawn = "() => document.querySelector('#plots canvas').toDataURL()"
        with self.page(proxy, reduced_motion="reduce") as page:
            self.live(page)
            before = page.evaluate(drawn)
            client.request("PUT", "/experiment", told)
            page.wait_for_selector("#experiment:has-text('MySQL dies')")
            self.assertIn("dead (down on db)", page.inner_text("#experiment"))
            page.wait_for_function(f"before => ({drawn})() !== before", arg=before)
            self.assertFaultless(page)
            phase["end"] = time.time()
            client.request("PUT", "/experiment", {**told, "outcome": "held"})
            page.wait_for_selector("#experiment:has-text('its conditions held')")

    def test_own(self) -> None:
        """
        The rules of a single connection are changed and removed where they are listed, and
        come back.
        """
        proxy = self.proxy()
        client = self.asking(proxy)
        held = self.connect(proxy.proxy_port)
        held.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        held.recv(1)
        client.request("POST", "/connections/1", {"rules": [{"behavior": "hang"}]})
        with self.page(proxy) as page:
            self.live(page)
            page.get_by_role("button", name="Remove the rules of connection 1").click()
            page.wait_for_selector("#chosen-state:text-is('passes unchanged')")
            page.keyboard.press("u")
            page.mouse.move(5, 5)
            page.get_by_role("button", name="Change the rules of connection 1").click()
            page.wait_for_selector("#set-title:text-is('In force on connection 1')")
            page.get_by_role("button", name="Back to the proxy's").click()
            page.wait_for_selector("#set-title:text-is('In force')")
