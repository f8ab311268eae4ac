"""
Tests for Toxiproxy's HTTP API.
"""

from __future__ import annotations

import socket
from typing import Any

from tests.control.toxiproxy_case import UPSTREAM, ToxiproxyCase
from tests.proxies.test_listener import answers
from vaurien_twisted import __version__


class ProxyTests(ToxiproxyCase):
    """
    C{/proxies} and C{/proxies/NAME}.
    """

    def test_none(self) -> None:
        """
        At first there are none.
        """
        answer = self.ask("GET", "/proxies")
        self.assertEqual((answer.status, answer.json), (200, {}))

    def test_create(self) -> None:
        """
        The answer has the whole proxy, with its real port.
        """
        told = self.create()
        listen = told["listen"]
        self.assertRegex(listen, r"\A127\.0\.0\.1:[1-9]\d*\Z")
        self.assertTrue(answers(listen))
        self.assertEqual(
            told,
            {
                "name": "db",
                "listen": listen,
                "upstream": UPSTREAM,
                "enabled": True,
                "protocol": "tcp",
                "connect_first": False,
                "toxics": [],
            },
        )
        self.assertEqual(self.ask("GET", "/proxies/db").json, told)
        self.assertEqual(self.ask("GET", "/proxies").json, {"db": told})

    def test_createWhole(self) -> None:
        """
        A proxy can be made with its protocol, toxics and rules, so that no connection
        escapes them; and disabled.
        """
        told = self.create(
            enabled=False,
            protocol="redis",
            toxics=[{"type": "latency", "attributes": {"latency": 5}}],
            rules=[{"behavior": "hang", "when": {"key": "x"}}],
        )
        self.assertEqual((told["enabled"], told["protocol"]), (False, "redis"))
        self.assertEqual(told["toxics"][0]["name"], "latency_downstream")
        self.assertEqual(told["listen"], "127.0.0.1:0")
        rules = self.ask("GET", "/proxies/db/rules").json["rules"]
        self.assertEqual([rule["when"] for rule in rules], [{"key": "x"}])

    def test_capitals(self) -> None:
        """
        Members are read in any case; a body of any type, and C{null} as nothing.
        """
        body = b'{"Name": "db", "UPSTREAM": "127.0.0.1:9", "toxics": null, "enabled": null}'
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = self.ask("POST", "/proxies", data=body, headers=form)
        self.assertEqual((answer.status, answer.json["enabled"]), (201, True))
        self.assertTrue(answer.json["listen"].startswith("127.0.0.1:"))

    def test_createRefused(self) -> None:
        """
        Missing fields, names in use and invalid values; no proxy is created.
        """
        self.create()
        for item, status, error in (
            ({"upstream": UPSTREAM}, 400, "missing required field: name"),
            ({"name": "x"}, 400, "missing required field: upstream"),
            ({"name": "db", "upstream": UPSTREAM}, 409, "proxy already exists"),
        ):
            self.assertRefused(self.ask("POST", "/proxies", item), status, error)
        place = self.busy()
        item = {"name": "x", "upstream": UPSTREAM, "listen": place}
        error = f"listen tcp {place}: bind: address already in use"
        self.assertRefused(self.ask("POST", "/proxies", item), 500, error)
        nowhere = self.ask("POST", "/proxies", {**item, "listen": "nowhere"})
        self.assertEqual((nowhere.status, nowhere.json["status"]), (400, 400))
        self.assertTrue(nowhere.json["error"].startswith("listen tcp: "), nowhere.body)
        for more, words in (
            ({"upstream": "nowhere"}, "not an address"),
            ({"enabld": True}, "did you mean 'enabled'?"),
            ({"enabled": 1}, "true or false"),
            ({"protocol": "htp"}, "did you mean 'http'?"),
            ({"toxics": [{"type": "x"}]}, "toxic 1: "),
        ):
            good = {"name": "x", "upstream": UPSTREAM, "listen": "127.0.0.1:0"}
            self.assertBadBody(self.ask("POST", "/proxies", {**good, **more}), words)
        for data in (b"", b"{", b"[]", b'{"name": "x", "name": "y"}', b"\xff"):
            self.assertBadBody(self.ask("POST", "/proxies", data=data))
        self.assertEqual(list(self.ask("GET", "/proxies").json), ["db"])

    def test_update(self) -> None:
        """
        POST and PATCH change the given fields; other fields that clients send back are ignored.
        """
        told = self.create(toxics=[{"type": "latency"}])
        for method in ("POST", "PATCH"):
            for enabled in (False, True):
                answer = self.ask(method, "/proxies/db", {"enabled": enabled})
                self.assertEqual((answer.status, answer.json), (200, {**told, "enabled": enabled}))
                self.assertEqual(answers(told["listen"]), enabled)
        answer = self.ask("POST", "/proxies/db", {**told, "upstream": "127.0.0.1:10"})
        self.assertEqual(answer.json, {**told, "upstream": "127.0.0.1:10"})
        moved = self.ask("PATCH", "/proxies/db", {"listen": "localhost:0", "name": "other"}).json
        self.assertEqual(moved["name"], "db")
        self.assertNotEqual(moved["listen"], told["listen"])
        self.assertFalse(answers(told["listen"]))

    def test_updateRefused(self) -> None:
        """
        What cannot be done has changed nothing.
        """
        told = self.create()
        self.assertRefused(self.ask("POST", "/proxies/x", {}), 404, "proxy not found")
        place = self.busy()
        error = f"listen tcp {place}: bind: address already in use"
        change = {"listen": place, "upstream": "127.0.0.1:10"}
        self.assertRefused(self.ask("PATCH", "/proxies/db", change), 500, error)
        for item, words in (
            ({"enabled": "no"}, "true or false"),
            ({"upstream": 5}, "it must be text"),
            ({"upstream": ""}, "must be an address"),
            ({"upstream": "nowhere"}, "not an address"),
            ({"enabeld": False}, "did you mean 'enabled'?"),
            ({"connect_first": True}, "cannot be changed"),
        ):
            self.assertBadBody(self.ask("PATCH", "/proxies/db", item), words)
        self.assertEqual(self.ask("GET", "/proxies/db").json, told)
        self.assertTrue(answers(told["listen"]))

    def test_delete(self) -> None:
        """
        Its port is free once that is answered.
        """
        told = self.create()
        answer = self.ask("DELETE", "/proxies/db")
        self.assertEqual((answer.status, answer.body), (204, b""))
        host, _, port = told["listen"].rpartition(":")
        with socket.socket() as fresh:
            fresh.bind((host, int(port)))
        for method in ("GET", "DELETE"):
            self.assertRefused(self.ask(method, "/proxies/db"), 404, "proxy not found")

    def test_names(self) -> None:
        """
        Names with what must be quoted in a path.
        """
        for name, path in (("a b", "a%20b"), ("ü?", "%C3%BC%3F"), ("toxics", "toxics")):
            self.create(name)
            self.assertEqual(self.ask("GET", f"/proxies/{path}").json["name"], name)
            self.assertEqual(self.ask("GET", f"/proxies/{path}/toxics").json, [])

    def test_elsewhere(self) -> None:
        """
        Unknown paths are refused in Toxiproxy's form, and so are requests of web
        pages.
        """
        answer = self.ask("GET", "/proxies/db/toxics/x/y")
        self.assertEqual((answer.status, answer.json["status"]), (404, 404))
        answer = self.ask("GET", "/proxies", headers={"Origin": "http://evil.example"})
        self.assertEqual((answer.status, answer.json["status"]), (403, 403))
        self.assertIn("evil.example", answer.json["error"])


class CollectionTests(ToxiproxyCase):
    """
    C{/populate}, C{/reset}, C{/version}.
    """

    def item(self, name: str, **more: Any) -> dict[str, Any]:
        """
        A proxy to be had.
        """
        return {"name": name, "listen": "127.0.0.1:0", "upstream": UPSTREAM, **more}

    def test_populate(self) -> None:
        """
        Proxies are created or unchanged, and returned in order.
        """
        items = [self.item("b"), self.item("a", enabled=False)]
        answer = self.ask("POST", "/populate", items)
        self.assertEqual(answer.status, 201)
        told = answer.json["proxies"]
        self.assertEqual([(p["name"], p["enabled"]) for p in told], [("b", True), ("a", False)])
        again = self.ask("POST", "/populate", items)
        self.assertEqual((again.status, again.json), (201, answer.json))
        changed = self.ask("POST", "/populate", [self.item("b", upstream="127.0.0.1:10")])
        self.assertEqual(changed.json["proxies"][0]["upstream"], "127.0.0.1:10")
        self.assertEqual(self.ask("POST", "/populate", []).json, {"proxies": []})

    def test_populateRefused(self) -> None:
        """
        Everything but the addresses is checked before the first is made.
        """
        for items, error in (
            ([self.item("a"), {"upstream": "x:1"}], "missing required field: name at proxy 2"),
            ([self.item("a"), {"name": "x"}], "missing required field: upstream at proxy 2"),
        ):
            self.assertRefused(self.ask("POST", "/populate", items), 400, error)
        for items, words in (
            ({}, "an array"),
            ([self.item("a"), 5], "must be an object"),
            ([self.item("a"), self.item("b", toxics=[{}])], "toxic 1: "),
        ):
            self.assertBadBody(self.ask("POST", "/populate", items), words)
        answer = self.ask("POST", "/populate", data=b"[")
        self.assertBadBody(answer)
        self.assertEqual(answer.json["proxies"], [])
        self.assertEqual(self.ask("GET", "/proxies").json, {})

    def test_populatePartly(self) -> None:
        """
        If a port is in use, the proxies before it remain, and the answer lists them with the
        reason.
        """
        place = self.busy()
        items = [self.item("a"), self.item("b", listen=place), self.item("c")]
        answer = self.ask("POST", "/populate", items)
        self.assertEqual(answer.status, 500)
        self.assertEqual(
            (answer.json["error"], answer.json["status"]),
            (f"listen tcp {place}: bind: address already in use", 500),
        )
        self.assertEqual([proxy["name"] for proxy in answer.json["proxies"]], ["a"])
        self.assertEqual(list(self.ask("GET", "/proxies").json), ["a"])

    def test_populateBadAddress(self) -> None:
        """
        The same where an address is not acceptable.
        """
        for bad in ({"upstream": "nowhere"}, {"listen": "stdio:"}):
            answer = self.ask("POST", "/populate", [self.item("a"), self.item("b", **bad)])
            self.assertEqual((answer.status, answer.json["status"]), (400, 400))
            self.assertEqual([proxy["name"] for proxy in answer.json["proxies"]], ["a"])
            self.assertEqual(list(self.ask("GET", "/proxies").json), ["a"])

    def test_logger(self) -> None:
        """
        The member C{Logger}, which Toxiproxy's own answers have, may be sent back.
        """
        self.create("a", Logger={})
        answer = self.ask("PATCH", "/proxies/a", {"name": "a", "Logger": {}, "enabled": False})
        self.assertEqual((answer.status, answer.json["enabled"]), (200, False))
        answer = self.ask("POST", "/populate", [self.item("b", Logger={})])
        self.assertEqual(answer.status, 201)

    def test_portZeroAgain(self) -> None:
        """
        A change to port 0 uses a new port; a change to the current port does not.
        """
        first = self.create("a", listen="localhost:0")["listen"]
        same = self.ask("PATCH", "/proxies/a", {"listen": first}).json["listen"]
        self.assertEqual(same, first)
        second = self.ask("PATCH", "/proxies/a", {"listen": "localhost:0"}).json["listen"]
        self.assertNotEqual(second, first)
        self.assertFalse(second.endswith(":0"))

    def test_portTaken(self) -> None:
        """
        The error about a port in use has the numeric address.
        """
        port = self.busy().rpartition(":")[2]
        item = self.item("a", listen=f"localhost:{port}")
        self.assertRefused(
            self.ask("POST", "/proxies", item),
            500,
            f"listen tcp 127.0.0.1:{port}: bind: address already in use",
        )

    def test_reset(self) -> None:
        """
        All are enabled, without toxics.
        """
        self.create("a", enabled=False)
        self.create("b", toxics=[{"type": "latency"}])
        answer = self.ask("POST", "/reset")
        self.assertEqual((answer.status, answer.body), (204, b""))
        told = self.ask("GET", "/proxies").json
        self.assertEqual([(p["enabled"], p["toxics"]) for p in told.values()], [(True, [])] * 2)

    def test_resetRefused(self) -> None:
        """
        A proxy that cannot be enabled is reported.
        """
        place = self.busy()
        self.create("a", enabled=False, listen=place)
        error = f"listen tcp {place}: bind: address already in use"
        self.assertRefused(self.ask("POST", "/reset"), 500, error)

    def test_methods(self) -> None:
        """
        HEAD and other methods that are not for a path get 405 without a body.
        """
        self.create()
        for method, path, allowed in (
            ("HEAD", "/proxies", "GET, POST"),
            ("HEAD", "/version", "GET"),
            ("HEAD", "/proxies/db/toxics/none", "DELETE, GET, PATCH, POST"),
            ("PUT", "/proxies/db", "DELETE, GET, PATCH, POST"),
            ("GET", "/reset", "POST"),
        ):
            answer = self.ask(method, path)
            self.assertEqual((answer.status, answer.body), (405, b""))
            self.assertEqual(answer.header("allow"), allowed)

    def test_version(self) -> None:
        """
        The version is that of Vaurien.
        """
        answer = self.ask("GET", "/version")
        self.assertEqual((answer.status, answer.json), (200, {"version": __version__}))


class BesideTests(ToxiproxyCase):
    """
    Vaurien's own routes, for each of several proxies.
    """

    def test_each(self) -> None:
        """
        Without a name they speak of the first proxy, with one of that.
        """
        for name in ("one", "two"):
            self.create(name)
        self.assertEqual(self.ask("PUT", "/proxies/two/behavior", {"name": "hang"}).status, 200)
        self.assertEqual(self.ask("GET", "/behavior").json["behavior"], "dummy")
        self.assertEqual(self.ask("GET", "/proxies/two/behavior").json["behavior"], "hang")
        self.ask("PUT", "/rules", [{"behavior": "delay"}])
        told = self.ask("GET", "/proxies/one/rules").json["rules"]
        self.assertEqual([rule["behavior"] for rule in told], ["delay"])
        self.ask("PUT", "/proxies/two/backend", {"backend": "127.0.0.1:10"})
        self.assertEqual(self.ask("GET", "/backend").json, {"backend": UPSTREAM})
        self.assertEqual(self.ask("GET", "/proxies/two").json["upstream"], "127.0.0.1:10")

    def test_none(self) -> None:
        """
        A proxy that is not there is refused in Vaurien's form; what needs none works.
        """
        for path, words in (("/behavior", "create one"), ("/proxies/x/rules", "'x'")):
            answer = self.ask("GET", path)
            self.assertEqual((answer.status, answer.error["location"]), (404, "path"))
            self.assertIn(words, answer.error["description"])
        self.assertEqual(self.ask("GET", "/behaviors").status, 200)
        self.assertEqual(self.ask("GET", "/protocols").json["protocol"], "")

    def test_toxicsApart(self) -> None:
        """
        The routes of rules do not speak of toxics, and leave them.
        """
        self.create(toxics=[{"type": "latency"}])
        self.assertEqual(self.ask("GET", "/rules").json["rules"], [])
        self.ask("PUT", "/behavior", {"name": "hang"})
        self.assertEqual(len(self.ask("GET", "/proxies/db/toxics").json), 1)
