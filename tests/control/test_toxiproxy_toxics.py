"""
Tests for toxics in Toxiproxy's HTTP API.
"""

from __future__ import annotations

from typing import Any

from tests.control.support import Answer
from tests.control.toxiproxy_case import ToxiproxyCase


class ToxicTests(ToxiproxyCase):
    """
    C{/proxies/NAME/toxics} and below.
    """

    def setUp(self) -> None:
        super().setUp()
        self.create()

    def add(self, **item: Any) -> Answer:
        """
        Ask for a toxic.
        """
        return self.ask("POST", "/proxies/db/toxics", {"type": "latency", **item})

    def test_add(self) -> None:
        """
        Defaults are Toxiproxy's; later answers equal the first.
        """
        answer = self.add(attributes={"latency": 100})
        told = answer.json
        self.assertEqual(answer.status, 200)
        self.assertEqual(
            {**told, "attributes": None},
            {
                "attributes": None,
                "name": "latency_downstream",
                "type": "latency",
                "stream": "downstream",
                "toxicity": 1,
            },
        )
        self.assertEqual((told["attributes"]["latency"], told["attributes"]["jitter"]), (100, 0))
        self.assertEqual(self.ask("GET", "/proxies/db/toxics").json, [told])
        self.assertEqual(self.ask("GET", "/proxies/db/toxics/latency_downstream").json, told)
        self.assertEqual(self.ask("GET", "/proxies/db").json["toxics"], [told])

    def test_every(self) -> None:
        """
        Each of Toxiproxy's toxics accepts and returns its attributes in both streams.
        """
        for kind, attributes in (
            ("latency", {"latency": 1, "jitter": 2}),
            ("bandwidth", {"rate": 3}),
            ("slow_close", {"delay": 4}),
            ("timeout", {"timeout": 5}),
            ("timeout", {"timeout": 0}),
            ("reset_peer", {"timeout": 6}),
            ("slicer", {"average_size": 7, "size_variation": 1, "delay": 8}),
            ("limit_data", {"bytes": 9}),
            ("noop", {}),
        ):
            for stream in ("upstream", "downstream"):
                answer = self.add(type=kind, stream=stream, attributes=attributes)
                self.assertEqual(answer.status, 200, answer.body)
                told = answer.json
                self.assertEqual((told["type"], told["name"]), (kind, f"{kind}_{stream}"))
                self.assertEqual({**told["attributes"], **attributes}, told["attributes"])
                self.assertEqual(self.add(type=kind, stream=stream).status, 409)
                gone = self.ask("DELETE", f"/proxies/db/toxics/{kind}_{stream}")
                self.assertEqual((gone.status, gone.body), (204, b""))

    def test_order(self) -> None:
        """
        Toxics of the stream upstream come first.
        """
        for name, stream in (("a", "downstream"), ("b", "upstream"), ("c", "downstream")):
            self.add(name=name, stream=stream)
        told = self.ask("GET", "/proxies/db/toxics").json
        self.assertEqual([toxic["name"] for toxic in told], ["b", "a", "c"])

    def test_addRefused(self) -> None:
        """
        Toxiproxy's refusals; nothing is added.
        """
        stream = "stream was invalid, can be either upstream or downstream"
        self.assertRefused(self.add(stream="both"), 400, stream)
        self.assertRefused(self.add(type="latncy"), 400, "invalid toxic type")
        nowhere = self.ask("POST", "/proxies/x/toxics", {"type": "latency"})
        self.assertRefused(nowhere, 404, "proxy not found")
        for item, words in (
            ({"attributes": {"latency": "1"}}, "it must be a whole number"),
            ({"attributes": {"latncy": 1}}, "did you mean 'latency'?"),
            ({"toxicity": 2}, "above the maximum 1"),
            ({"toxicty": 1}, "did you mean 'toxicity'?"),
        ):
            self.assertBadBody(self.add(**item), words)
        self.assertBadBody(self.ask("POST", "/proxies/db/toxics", data=b"{"))
        self.assertEqual(self.ask("GET", "/proxies/db/toxics").json, [])

    def test_conflict(self) -> None:
        """
        A name is given once, in both streams; those with other names do not matter.
        """
        self.add(name="it")
        self.assertRefused(self.add(name="it", stream="upstream"), 409, "toxic already exists")
        self.assertEqual(self.add().status, 200)

    def test_update(self) -> None:
        """
        POST and PATCH change attributes and toxicity, and keep other values.
        """
        self.add(attributes={"latency": 100, "jitter": 10}, toxicity=0.5)
        path = "/proxies/db/toxics/latency_downstream"
        for method, number in (("POST", 1), ("PATCH", 2)):
            answer = self.ask(method, path, {"attributes": {"latency": number}})
            attributes = answer.json["attributes"]
            self.assertEqual(answer.status, 200)
            self.assertEqual((attributes["latency"], attributes["jitter"]), (number, 10))
            self.assertEqual(answer.json["toxicity"], 0.5)
        told = self.ask("POST", path, {"toxicity": 0, "name": "x", "stream": "upstream"}).json
        self.assertEqual(
            (told["toxicity"], told["name"], told["stream"]),
            (0, "latency_downstream", "downstream"),
        )
        self.assertEqual(self.ask("GET", path).json, told)

    def test_missing(self) -> None:
        """
        Unknown toxics, and invalid changes.
        """
        for method in ("GET", "POST", "PATCH", "DELETE"):
            for path, error in (("db", "toxic not found"), ("x", "proxy not found")):
                answer = self.ask(method, f"/proxies/{path}/toxics/it", {})
                self.assertRefused(answer, 404, error)
        told = self.add().json
        path = "/proxies/db/toxics/latency_downstream"
        self.assertBadBody(self.ask("POST", path, {"attributes": {"latency": -1}}), "minimum")
        self.assertBadBody(self.ask("POST", path, data=b""))
        self.assertEqual(self.ask("GET", path).json, told)
