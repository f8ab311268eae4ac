"""
Tests for the API of the journal.
"""

from __future__ import annotations

from tests.control.support import Asker
from tests.control.test_vaurien import Faced
from vaurien_twisted.control.journal import JournalAPI
from vaurien_twisted.control.site import ControlRoot
from vaurien_twisted.model.exchange import Connection, Exchange


class JournalTests(Faced):
    """
    C{/journal}.
    """

    def note(self, count: int) -> None:
        """
        Something happened, so often.
        """
        for number in range(count):
            self.proxy.journal.record("decision", "proxy", 1, exchange=number, effect="hang")

    def ids(self, query: str = "") -> tuple[list[int], int]:
        """
        The ids of the entries in an answer, and the last id.
        """
        answer = self.ask("GET", f"/journal{query}")
        self.assertEqual(answer.status, 200, answer.body)
        return [entry["id"] for entry in answer.json["journal"]], answer.json["last"]

    def test_nothing(self):
        """
        Nothing happened yet.
        """
        self.assertEqual(self.ask("GET", "/journal").json, {"journal": [], "last": 0})

    def test_filters(self):
        """
        By proxy, connection, kind, rule and time, and the newest.
        """
        record = self.proxy.journal.record
        record("decision", "a", 1, rule="slow: 100:delay")
        record("decision", "b", 2, rule="100:hang")
        record("set", "a", 0)
        self.proxy.reactor.advance(10)
        record("decision", "a", 1, rule="slower: 100:delay")
        for query, ids in (
            ("proxy=a", [1, 3, 4]),
            ("proxy=a&kind=decision", [1, 4]),
            ("connection=2", [2]),
            ("rule=slow", [1]),
            ("after=5", [4]),
            ("latest=2", [3, 4]),
            ("latest=1&proxy=b", [2]),
            ("since=1&limit=1&proxy=a", [3]),
            ("kind=none", []),
        ):
            self.assertEqual(self.ids(f"?{query}"), (ids, 4), query)

    def test_entries(self):
        """
        Entries are returned as they were recorded.
        """
        self.note(1)
        told = self.ask("GET", "/journal").json
        self.assertEqual(told, {"journal": self.proxy.journal.since(), "last": 1})
        self.assertEqual(told["journal"][0]["effect"], "hang")

    def test_since(self):
        """
        Those after one that is known.
        """
        self.note(5)
        self.assertEqual(self.ids("?since=3"), ([4, 5], 5))
        self.assertEqual(self.ids("?since=5"), ([], 5))
        self.assertEqual(self.ids("?since=99"), ([], 5))

    def test_limit(self):
        """
        The oldest entries come first, so that a client can read all in parts; the default limit is
        a thousand.
        """
        self.note(1200)
        self.assertEqual(self.ids("?limit=2"), ([1, 2], 1200))
        self.assertEqual(self.ids("?since=2&limit=2"), ([3, 4], 1200))
        self.assertEqual(len(self.ids()[0]), 1000)
        self.assertEqual(len(self.ids("?limit=10000")[0]), 1200)

    def test_forgotten(self):
        """
        Dropped entries are not returned; ids continue.
        """
        self.note(10_005)
        ids, last = self.ids("?limit=10000")
        self.assertEqual((ids[0], len(ids), last), (6, 10_000, 10_005))

    def test_refused(self):
        """
        Numbers that are none or out of bounds, and words that are not known.
        """
        for query, name, words in (
            ("since=x", "since", "a whole number"),
            ("since=-1", "since", "minimum 0"),
            ("since=%ff", "since", "a whole number"),
            ("limit=0", "limit", "minimum 1"),
            ("limit=10001", "limit", "maximum 10000"),
            ("sinec=1", "sinec", "did you mean 'since'?"),
        ):
            answer = self.ask("GET", f"/journal?{query}")
            self.assertEqual(answer.status, 400, query)
            self.assertEqual(
                (answer.error["location"], answer.error["name"]), ("querystring", name)
            )
            self.assertIn(words, answer.error["description"])

    def test_elsewhere(self):
        """
        A journal of another kind cannot be read.
        """
        answer = Asker(ControlRoot([JournalAPI(object())], [])).ask("GET", "/journal")
        self.assertEqual((answer.status, answer.error["location"]), (404, "path"))

    def test_decisions(self):
        """
        The journal has the decisions of the proxy's own decider, with their reasons.
        """
        self.ask("PUT", "/rules", [{"behavior": "hang", "times": 1}])
        self.proxy.relays.decider.decide(Connection(3), Exchange(4))
        [entry] = self.ask("GET", "/journal").json["journal"]
        self.assertEqual((entry["connection"], entry["exchange"]), (3, 4))
        self.assertEqual((entry["effect"], entry["reason"]), ("hold", "time 1 of 1"))
