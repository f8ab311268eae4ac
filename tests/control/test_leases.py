"""
Tests for the API of leases.
"""

from __future__ import annotations

from tests.control.test_vaurien import Faced


class LeasesTests(Faced):
    """
    C{/leases}, and what can be set under one.
    """

    def test_life(self):
        """
        A lease is taken, told, renewed and ended.
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
        What was set under a lease is lifted when its owner stops renewing, whatever it is;
        what others set stays.
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
