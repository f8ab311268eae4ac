"""
Setting behaviors and ending connections on the web page.
"""

from __future__ import annotations

import re
import socket

from tests.integration.page_case import PageCase
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.model.options import specs
from vaurien_twisted.proxies.options import ProxyFields, ProxyOptions
from vaurien_twisted.rules.codec import fieldSpecs


class PageTests(PageCase):
    """
    What people do with the page.
    """

    def test_delay(self) -> None:
        """
        Set C{delay} by form: the requests after it are late, the list of decisions has
        them with their rule and reason, and the plots move.
        """
        proxy = self.proxy()
        with self.page(proxy) as page:
            self.live(page)
            self.assertIn("passes unchanged", page.inner_text("#chosen"))
            self.ask(proxy, "/before")
            latency = page.locator("#plots canvas[aria-label^=Duration]")
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
            row.locator(".story dd", has_text="delay").wait_for()
            self.assertIn("always", row.locator(".story").inner_text())
            # Durations are those of the last seconds, which a slow machine may miss.
            drawn = re.compile(r"Duration: mean ([3-9].. ms|\d\.\d s)")
            while not drawn.match(latency.get_attribute("aria-label")):
                self.ask(proxy, "/after?page=2")
            page.wait_for_function(
                "still => document.querySelector('#plots canvas[aria-label^=Duration]')"
                ".toDataURL() !== still",
                arg=still,
            )
            page.get_by_role("button", name="Back to normal").click()
            page.wait_for_selector("#rules .none")
            self.assertEqual(self.ask(proxy, "/again")[0], 200)
            decided = [e for e in self.client(proxy).journal() if e["kind"] == "decision"]
            late = [entry["description"] for entry in decided]
            self.assertEqual(set(late), {"GET /after?page=2"})

    def test_refused(self) -> None:
        """
        A bad option is refused with the service's reason at its field, which has the
        focus, and nothing has changed; a good one is taken then.
        """
        proxy = self.proxy()
        with self.page(proxy, refused=3) as page:
            self.live(page)
            sleep = page.locator("#form").get_by_label("Sleep")
            for given, reason in (("-1", "below the minimum 0"), ("soon", "must be a number")):
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
            page.wait_for_selector(".field .reason:visible:text('not an IP address')")
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
            # Its row stays while the pointer is there, so that no other comes under it.
            row.locator(".badge:text('ended')").wait_for()
            page.mouse.move(5, 5)
            row.wait_for(state="detached")
            self.assertTrue(page.get_by_text("No connection is open.").is_visible())

    def test_alone(self) -> None:
        """
        Rules can be set for one connection: others do not meet them.
        """
        proxy = self.proxy()
        client = self.connect(proxy.proxy_port)
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b"hello\n"):
            data = client.recv(65536)
            self.assertTrue(data, answer)
            answer += data
        with self.page(proxy) as page:
            self.live(page)
            page.get_by_role("button", name="Rules for connection 1 alone").click()
            page.wait_for_selector("#alone:text('For connection 1 alone')")
            page.get_by_label("Behavior", exact=True).select_option("error")
            page.locator("#form [name=code]").fill("503")
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
            page.wait_for_selector("#rules li.gone:nth-child(1)")
            page.mouse.move(5, 5)
            page.wait_for_selector("#rules li:nth-child(2)", state="detached")
            self.assertIn("error", page.inner_text("#rules"))

    def test_objects(self) -> None:
        """
        Numbers, null and names with colons of a rule stay what they are when it is changed.
        """
        proxy = self.proxy()
        client = Client(url=proxy.http_url)
        options = {
            "headers": {"Cache-Control": None, "X-Region": "eu"},
            "json": {"/items/0/price": -1},
            "replace": {"a: b": "c"},
        }
        client.request("PUT", "/rules", {"rules": [{"behavior": "patch", "options": options}]})
        with self.page(proxy) as page:
            self.live(page)
            page.get_by_role("button", name="Change rule 1, patch").click()
            page.locator("#form [name=status]").fill("503")
            page.get_by_role("button", name="Save").click()
            page.wait_for_selector("#rules li:nth-child(1):has-text('status 503')")
        [rule] = client.request("GET", "/rules")["rules"]
        told = {name: rule["options"][name] for name in options}
        self.assertEqual((told, rule["options"]["status"]), (options, 503))

    def test_toxics(self) -> None:
        """
        Toxics are told beside the rules, on the proxy's card too, and are removed one by one
        or with all that is in force.
        """
        proxy = self.proxy()
        client = Client(url=proxy.http_url)
        toxics = "/proxies/proxy/toxics"
        client.request(
            "POST",
            toxics,
            {"type": "latency", "attributes": {"latency": 30}, "toxicity": 0.5},
        )
        client.request("POST", toxics, {"type": "slow_close", "name": "last"})
        host, _, port = proxy.proxy_address.rpartition(":")
        connection = socket.create_connection((host, int(port)), timeout=120)
        self.addCleanup(connection.close)
        self.ask(proxy, "/one")
        client.request("POST", "/connections/1", {"rules": [{"behavior": "hang"}]})
        with self.page(proxy) as page:
            self.live(page)
            page.wait_for_selector("#rules li:nth-child(3)")
            alone = page.inner_text("#rules li:nth-child(3)")
            self.assertIn("hang", alone)
            self.assertIn("for connection 1 alone", alone)
            self.assertIn("3 in force", page.inner_text("#chosen-state"))
            shown = page.inner_text("#rules li:nth-child(1)")
            for word in ("latency_downstream", "50 %", "latency 30 ms", "toxic, downstream"):
                self.assertIn(word, shown)
            page.get_by_role("button", name="Remove toxic latency_downstream").click()
            page.mouse.move(5, 5)
            page.wait_for_selector("#rules li:nth-child(3)", state="detached")
            self.assertEqual(
                [toxic["name"] for toxic in client.request("GET", "/proxies/proxy")["toxics"]],
                ["last"],
            )
            page.get_by_role("button", name="Back to normal").click()
            page.wait_for_selector("#rules .none")
            page.wait_for_selector("#chosen-state:text('passes unchanged')")
            self.assertEqual(client.request("GET", "/proxies/proxy")["toxics"], [])
            self.assertEqual(client.request("GET", "/connections/1")["own"], [])

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
            targets = page.evaluate(
                "async () => (await (await fetch('protocols')).json())"
                ".protocols.http.targets.map(each => each.name)"
            )
            self.assertIn("path", targets)
            names = [name for name in fieldSpecs() if name != "when"]
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

    def test_newProxy(self) -> None:
        """
        A proxy is created with the fields that the service declares; what is refused is told
        at its field.
        """
        proxy = self.proxy()
        with self.page(proxy, refused=2) as page:
            self.live(page)
            page.get_by_role("button", name="New proxy").click()
            dialog = page.locator("#proxy-dialog")
            dialog.locator("[name=upstream]").wait_for()
            shown = dialog.locator("[name]").evaluate_all("all => all.map(e => e.name)")
            self.assertEqual(shown, [*specs(ProxyFields), *specs(ProxyOptions)])
            dialog.locator("[name=name]").fill("second")
            dialog.get_by_role("button", name="Create").click()
            dialog.locator(
                ".field .reason:visible:text('missing required field: upstream')"
            ).wait_for()
            dialog.locator("[name=upstream]").fill("nowhere")
            dialog.get_by_role("button", name="Create").click()
            dialog.locator(".reason:visible:text('not an address')").wait_for()
            dialog.locator("[name=upstream]").fill("127.0.0.1:9")
            dialog.locator("[name=listen]").fill("127.0.0.1:0")
            dialog.locator("[name=protocol]").select_option("redis")
            dialog.locator("[name=connect_first]").check()
            dialog.get_by_role("button", name="Create").click()
            page.wait_for_selector("#proxies [aria-checked=true] strong:text('second')")
            page.wait_for_selector("#chosen-title:text('second')")
            self.assertFalse(dialog.is_visible())
        told = self.client(proxy).request("GET", "/proxies/second")
        self.assertEqual((told["protocol"], told["connect_first"]), ("redis", True))
