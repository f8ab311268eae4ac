"""
Tests for L{vaurien_twisted.control.json_body}.
"""

from __future__ import annotations

import attrs
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.test.requesthelper import DummyRequest

from vaurien_twisted.control.json_body import readQuery
from vaurien_twisted.control.responses import Problem
from vaurien_twisted.model.options import option


@attrs.frozen
class Query:
    """
    A query of a test's own.
    """

    count: int = option(int, 3, "How many.", minimum=1)
    name: str = option(str, "", "Whose.")


def asked(**words: list[bytes]) -> Query:
    """
    Parameters of a query.
    """
    request = DummyRequest([b"place"])
    request.path = b"/place"
    request.args = {name.encode(): found for name, found in words.items()}
    return readQuery(request, Query)


class QueryTests(SynchronousTestCase):
    """
    L{readQuery}.
    """

    def test_read(self) -> None:
        """
        Missing parameters have their defaults; of repeated ones the last counts.
        """
        self.assertEqual(asked(), Query())
        self.assertEqual(asked(count=[b"4", b"5"], name=[b"\xc3\xa4"]), Query(count=5, name="ä"))

    def test_refused(self) -> None:
        """
        The fault is in the query, and named.
        """
        for words, told in (
            ({"count": [b"0"]}, "minimum 1"),
            ({"cuont": [b"1"]}, "the query of /place"),
            ({"count": [b"\xff"]}, "a whole number"),
        ):
            problem = self.assertRaises(Problem, asked, **words)
            self.assertEqual((problem.status, problem.location), (400, "querystring"))
            self.assertIn(told, problem.description)
            self.assertIn(problem.name, words)
