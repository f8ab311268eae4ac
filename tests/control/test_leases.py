"""
Tests for the API of leases.
"""

from __future__ import annotations

from tests.control.support import Answer
from tests.control.test_vaurien import Faced


class LeasesTests(Faced):
    """
    C{/leases}, and faults that are set under a lease.
    """

    def test_life(self):
        """
        A lease is taken, listed, renewed and ended.
        """
        taken = self.ask(
            "POST", "/leases", {"name": "ci", "for": "20s"}, headers={"user-agent": ["py"]}
        )
        self.assertEqual((taken.status, taken.json["name"], taken.json["for"]), (201, "ci", 20.0))
        self.proxy.reactor.advance(15)
        [told] = self.ask("GET", "/leases").json["leases"]
        self.assertEqual((told["left"], told["owner"].split()[0]), (5.0, "py"))
        self.assertEqual(self.ask("PUT", "/leases/ci", {}).json["left"], 20.0)
        self.assertEqual(self.ask("PUT", "/leases/ci").json["left"], 20.0)
        self.assertEqual(self.ask("PUT", "/leases/ci", {"for": 5}).json["left"], 5.0)
        self.assertEqual(self.ask("DELETE", "/leases/ci").status, 200)
        for method in ("PUT", "DELETE"):
            answer = self.ask(method, "/leases/ci", {})
            self.assertEqual((answer.status, answer.error["location"]), (404, "path"))
        self.assertTrue(self.ask("POST", "/leases", {}).json["name"])

    def test_refused(self):
        """
        What cannot be a lease.
        """
        self.ask("POST", "/leases", {"name": "ci"})
        self.assertEqual(self.ask("POST", "/leases", {"name": "ci"}).status, 409)
        for body in ({"for": 0}, {"fro": 1}, {"name": "a/b"}, {"for": "soon"}, []):
            self.assertEqual(self.ask("POST", "/leases", body).status, 400, body)
        for body in ({"name": {}}, {"name": "ci", "for": -1}):
            self.assertEqual(self.ask("PUT", "/leases/ci", body).status, 400, body)

    def test_lifted(self):
        """
        All faults under a lease are removed when its owner stops renewing; others stay.
        """
        self.ask("POST", "/leases", {"name": "ci", "for": 10})
        self.ask("PUT", "/rules", [{"behavior": "hang", "name": "own"}])
        added = self.ask("POST", "/rules", {"behavior": "error", "lease": "ci"})
        self.assertEqual((added.status, added.json["name"]), (201, "error"))
        toxic = {"type": "latency", "lease": "ci", "for": "1m"}
        self.assertEqual(self.ask("POST", "/proxies/proxy/toxics", toxic).json["for"], 60.0)
        self.proxy.reactor.advance(10)
        told = self.ask("GET", "/rules").json["rules"]
        self.assertEqual([rule["name"] for rule in told], ["own"])
        self.assertEqual(self.ask("GET", "/proxies/proxy/toxics").json, [])
        entries = self.ask("GET", "/journal").json["journal"]
        self.assertIn("lease", [entry["kind"] for entry in entries])
        answer = self.ask("POST", "/rules", {"behavior": "error", "lease": "ci"})
        self.assertEqual((answer.status, answer.error["name"]), (400, "lease"))

    def test_behavior(self):
        """
        A behavior can have a lease and a time.
        """
        self.ask("POST", "/leases", {"name": "ci", "for": 10})
        for body in (
            {"name": "delay", "sleep": "2s", "lease": "ci", "for": "5s"},
            {"name": "delay", "options": {"sleep": 2}, "lease": "ci", "for": 5},
            {"name": "20:error,10:delay", "for": 5, "delay": {"sleep": 2}},
        ):
            self.assertEqual(self.ask("PUT", "/behavior", body).status, 200, body)
            told = self.ask("GET", "/behavior").json
            self.assertIn("delay", told["behavior"])
            self.assertIn('"for": 5.0', str(told["rules"]).replace("'", '"'))
            self.proxy.reactor.advance(5)
            self.assertEqual(self.ask("GET", "/behavior").json["behavior"], "dummy")

    def test_single(self):
        """
        Rules are added and removed one by one.
        """
        self.ask("POST", "/proxies/proxy/rules", {"behavior": "hang", "name": "one"})
        self.assertEqual(
            self.ask("POST", "/rules", {"behavior": "hang", "name": "one"}).status, 409
        )
        self.assertEqual(self.ask("POST", "/rules", {"behavior": "hnag"}).status, 400)
        self.assertEqual(self.ask("DELETE", "/proxies/proxy/rules/one").status, 200)
        answer = self.ask("DELETE", "/rules/one")
        self.assertEqual((answer.status, answer.error["location"]), (404, "path"))
        self.assertEqual(self.ask("GET", "/rules").json["rules"], [])


class ProxiesTests(Faced):
    """
    Proxies that are created under a lease.
    """

    def setUp(self) -> None:
        """
        A lease is held.
        """
        super().setUp()
        self.ask("POST", "/leases", {"name": "ci", "for": 10})

    def create(self, name: str = "db", **more: object) -> Answer:
        """
        Create a proxy.
        """
        item = {"name": name, "upstream": "127.0.0.1:9", "listen": "127.0.0.1:0", **more}
        return self.ask("POST", "/proxies", item)

    def names(self) -> list[str]:
        """
        The proxies that there are.
        """
        return list(self.ask("GET", "/proxies").json)

    def test_deleted(self) -> None:
        """
        They are deleted when the lease is not renewed; the journal has each.  Others stay.
        """
        self.create("own")
        for name in ("db", "cache"):
            answer = self.create(name, lease="ci", toxics=[{"type": "latency", "lease": "ci"}])
            self.assertEqual((answer.status, answer.json["lease"]), (201, "ci"))
        self.assertEqual(self.ask("GET", "/proxies/db").json["lease"], "ci")
        self.assertNotIn("lease", self.ask("GET", "/proxies/own").json)
        self.proxy.reactor.advance(10)
        self.assertEqual(self.names(), ["proxy", "own"])
        entries = self.ask("GET", "/journal?kind=lease").json["journal"]
        self.assertEqual(
            [(entry["proxy"], entry["effect"]) for entry in entries],
            [
                ("", "the lease was not renewed"),
                ("db", "the proxy was deleted: its lease was not renewed"),
                ("cache", "the proxy was deleted: its lease was not renewed"),
            ],
        )

    def test_ended(self) -> None:
        """
        The same when the lease is ended, and of proxies of a list.
        """
        items = [{"name": "db", "upstream": "127.0.0.1:9", "listen": "127.0.0.1:0", "lease": "ci"}]
        self.assertEqual(self.ask("POST", "/populate", items).status, 201)
        self.assertEqual(self.names(), ["proxy", "db"])
        self.ask("DELETE", "/leases/ci")
        self.assertEqual(self.names(), ["proxy"])

    def test_changed(self) -> None:
        """
        A change under the same lease, such as one with all that was read, is not undone before.
        """
        told = self.create(lease="ci").json
        told["upstream"] = "127.0.0.1:10"
        self.assertEqual(self.ask("PATCH", "/proxies/db", told).status, 200)
        self.ask("POST", "/leases", {"name": "other"})
        self.ask("PATCH", "/proxies/db", {"enabled": False, "lease": "other"})
        self.ask("DELETE", "/leases/ci")
        self.ask("DELETE", "/leases/other")
        self.assertEqual(self.names(), ["proxy"])
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_deletedBefore(self) -> None:
        """
        One that was deleted, and created again without a lease, stays.
        """
        self.create(lease="ci")
        self.ask("DELETE", "/proxies/db")
        self.create()
        self.ask("DELETE", "/leases/ci")
        self.assertEqual(self.names(), ["proxy", "db"])

    def test_refused(self) -> None:
        """
        A lease that is not held, or is not text; C{null} means none.
        """
        for lease in ("ended", 5, [], {}):
            answer = self.create(lease=lease)
            self.assertEqual(answer.status, 400, lease)
            self.assertIn("lease", answer.json["error"])
        self.assertEqual(self.names(), ["proxy"])
        for name, lease in (("db", None), ("cache", "")):
            self.assertEqual(self.create(name, lease=lease).status, 201)
