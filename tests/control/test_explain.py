"""
Tests for the API that explains; the explanations have their own tests.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.watched import watched


class ExplainTests(SynchronousTestCase):
    """
    C{/explain}.
    """

    def test_hitAndMiss(self) -> None:
        """
        Of two connections that a rule meets half of, each has its reason.
        """
        seen, asker = watched({"behavior": "error", "percent": 50, "when": {"command": "GET"}})
        told = {}
        for number in range(1, 20):
            seen.connect().ask(b"GET a\n")
            answer = asker.ask("GET", f"/explain?connection={number}&exchange=1&proxy=proxy").json
            told.setdefault(answer["hit"], answer)
        for hit, answer in told.items():
            [rule] = answer["rules"]
            self.assertEqual(rule["applied"], hit)
            self.assertEqual(rule["drew"] < 50, hit)
            self.assertIn(f"drew {rule['drew']:.2f} for 50 percent", rule["reason"])
        self.assertEqual(set(told), {True, False})

    def test_notThere(self) -> None:
        """
        An exchange or connection that does not exist yet cannot be explained.
        """
        seen, asker = watched()
        seen.connect().ask(b"GET a\n")
        for query, name in (
            ("connection=2&exchange=1", "connection"),
            ("connection=1&exchange=9", "exchange"),
            ("connection=1&proxy=x", "proxy"),
        ):
            answer = asker.ask("GET", f"/explain?{query}")
            self.assertEqual((answer.status, answer.error["name"]), (404, name), query)

    def test_unsaid(self) -> None:
        """
        The connection must be given.
        """
        _, asker = watched()
        answer = asker.ask("GET", "/explain?exchange=1")
        self.assertEqual((answer.status, answer.error["name"]), (400, "connection"))
        self.assertIn("connection=N", answer.error["description"])

    def test_badQuery(self) -> None:
        """
        Numbers that are none.
        """
        _, asker = watched()
        answer = asker.ask("GET", "/explain?connection=one")
        self.assertEqual((answer.status, answer.error["location"]), (400, "querystring"))
