"""
Tests for C{/connections}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.watched import watched
from vaurien_twisted.metrics.observe import describeConnection


class ConnectionsTests(SynchronousTestCase):
    """
    C{/connections}.
    """

    def setUp(self) -> None:
        """
        Three clients.
        """
        self.seen, self.asker = watched()
        self.ask = self.asker.ask
        self.clients = [self.seen.connect() for _ in range(3)]

    def test_list(self) -> None:
        """
        All that are open, oldest first.
        """
        told = self.ask("GET", "/connections").json
        self.assertEqual(
            told["connections"],
            [describeConnection(self.seen.proxy, each.relay.link) for each in self.clients],
        )
        self.assertEqual([each["id"] for each in told["connections"]], [1, 2, 3])
        self.assertEqual(told["total"], 3)

    def test_some(self) -> None:
        """
        The connections of one proxy, up to the limit.
        """
        told = self.ask("GET", "/connections?proxy=proxy&limit=2").json
        self.assertEqual(([each["id"] for each in told["connections"]], told["total"]), ([1, 2], 3))

    def test_one(self) -> None:
        """
        One by its number.
        """
        self.assertEqual(self.ask("GET", "/connections/2?proxy=proxy").json["id"], 2)

    def test_close(self) -> None:
        """
        One is closed, and no other.
        """
        answer = self.ask("DELETE", "/connections/2")
        self.assertEqual((answer.status, answer.json), (200, {"status": "ok"}))
        self.assertEqual([each.wire.ended for each in self.clients], [[], ["lose"], []])

    def test_reset(self) -> None:
        """
        One is reset.
        """
        self.assertEqual(self.ask("DELETE", "/connections/3?proxy=proxy&reset=1").status, 200)
        self.assertEqual([each.wire.ended for each in self.clients], [[], [], ["abort"]])

    def test_rules(self) -> None:
        """
        A connection has its own rules until an empty list removes them.
        """
        rules = [{"behavior": "hang", "when": {"command": "GET"}}]
        self.assertEqual(self.ask("POST", "/connections/1", {"rules": rules}).status, 200)
        self.assertEqual([each.ask(b"GET a\n") for each in self.clients[:2]], [b"", b"GET a\n"])
        self.assertEqual(self.ask("GET", "/connections/1").json["own"], rules)
        self.assertEqual(self.ask("POST", "/connections/1", {"rules": []}).status, 200)
        self.assertEqual(self.clients[0].backend.heard(), b"GET a\n")

    def test_badRules(self) -> None:
        """
        Rules that are not acceptable change nothing.
        """
        for body, words in (
            ({"rules": [{"behavior": "hagn"}]}, "did you mean 'hang'?"),
            ({"rules": {}}, "a list"),
            ({}, "a list"),
            ({"rule": []}, "did you mean 'rules'?"),
        ):
            answer = self.ask("POST", "/connections/1", body)
            self.assertEqual(answer.status, 400, body)
            self.assertIn(words, answer.error["description"])
        self.assertFalse(self.clients[0].relay.link.hasOwnPlan)

    def test_notThere(self) -> None:
        """
        Unknown connections and proxies have other messages than closed connections.
        """
        self.clients[0].relay.connectionLost()
        self.seen.endpoint.protocols[0].connectionLost()
        for path, location, words in (
            ("/connections/1", "path", "is closed"),
            ("/connections/4", "path", "has not been opened yet"),
            ("/connections/x", "path", "'x' is not the number of a connection"),
            ("/connections/2?proxy=prox", "querystring", "did you mean 'proxy'?"),
        ):
            for method in ("GET", "DELETE"):
                answer = self.ask(method, path)
                self.assertEqual((answer.status, answer.error["location"]), (404, location))
                self.assertIn(words, answer.error["description"])
        self.assertEqual(self.ask("GET", "/connections?proxy=x").status, 404)

    def test_badQuery(self) -> None:
        """
        Words that are not known, and values that are none.
        """
        for query, name in (("rest=1", "rest"), ("reset=maybe", "reset")):
            answer = self.ask("DELETE", f"/connections/2?{query}")
            self.assertEqual((answer.status, answer.error["name"]), (400, name))
        self.assertEqual(self.ask("GET", "/connections?limit=0").error["name"], "limit")
        self.assertEqual([each.wire.ended for each in self.clients], [[], [], []])
