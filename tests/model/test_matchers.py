"""
Tests for L{vaurien_twisted.model.matchers}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.lines import Lines
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import COMMON, condition, every
from vaurien_twisted.model.options import Refused

TARGETS = Lines().targets


class Asked(SynchronousTestCase):
    """
    A base for tests of which exchanges match.
    """

    def matches(
        self,
        when: dict[str, Any],
        command: str = "GET",
        subject: str = "",
        client: str = "",
        unasked: bool = False,
    ) -> bool:
        """
        Whether this exchange matches C{when}.
        """
        predicate = condition(when, TARGETS, "lines")
        exchange = Exchange(1, command, subject, unasked=unasked)
        matched = predicate(Connection(1, client), exchange)
        self.assertIsInstance(matched, bool)
        return matched

    def refused(self, **when: Any) -> str:
        """
        Why it is.
        """
        refused: Refused = self.assertRaises(Refused, condition, when, TARGETS, "lines")
        self.assertEqual(refused.name, "when")
        self.assertNotIn("\n", refused.description)
        return refused.description


class KindTests(Asked):
    """
    What patterns of each kind match.
    """

    def test_word(self) -> None:
        """
        The whole word, in upper or lower case; of several, one.
        """
        for pattern in ("get", "GET", ["SET", "Get"]):
            self.assertTrue(self.matches({"command": pattern}), pattern)
        for pattern in ("GETS", "GE", "G*", "", ["SET", "DEL"]):
            self.assertFalse(self.matches({"command": pattern}), pattern)

    def test_wordOfDigits(self) -> None:
        """
        A number means its digits.
        """
        self.assertTrue(self.matches({"command": 421}, command="421"))

    def test_glob(self) -> None:
        """
        C{*}, C{?} and C{[…]}; all of the text, and upper case is not lower case.
        """
        for pattern, text, matched in (
            ("user:*", "user:7", True),
            ("user:*", "a-user:7", False),
            ("user:?", "user:7", True),
            ("user:?", "user:77", False),
            ("user:[0-3]", "user:2", True),
            ("user:[0-3]", "user:7", False),
            ("USER:*", "user:7", False),
            ("a.c", "abc", False),
            (["x*", "u*"], "user", True),
        ):
            self.assertEqual(self.matches({"key": pattern}, subject=text), matched, pattern)

    def test_globNothing(self) -> None:
        """
        Where an exchange has nothing to compare, not even C{*} matches.
        """
        self.assertFalse(self.matches({"key": "*"}, subject=""))

    def test_regex(self) -> None:
        """
        Found anywhere, in upper or lower case, over several lines.
        """
        sql = "update orders\n set paid = 1"
        for pattern in ("^UPDATE orders", "paid", "orders.*paid", ["^DELETE", "^UPDATE"]):
            self.assertTrue(self.matches({"sql": pattern}, subject=sql), pattern)
        for pattern in ("^paid", "^UPDATE items"):
            self.assertFalse(self.matches({"sql": pattern}, subject=sql), pattern)

    def test_network(self) -> None:
        """
        An address, or a network, of either family.
        """
        for pattern, client, matched in (
            ("10.0.0.7", "10.0.0.7", True),
            ("10.0.0.7", "10.0.0.8", False),
            ("10.0.0.0/8", "10.9.9.9", True),
            ("10.1.2.3/8", "10.9.9.9", True),
            ("10.0.0.0/8", "11.0.0.1", False),
            ("::1", "::1", True),
            ("fe80::/10", "fe80::1%eth0", True),
            ("0.0.0.0/0", "::1", False),
            ("0.0.0.0/0", "/tmp/socket", False),
            ("0.0.0.0/0", "", False),
            (["::1", "127.0.0.1"], "127.0.0.1", True),
        ):
            self.assertEqual(self.matches({"client": pattern}, client=client), matched, pattern)

    def test_mappedClient(self) -> None:
        """
        An IPv4 client of a socket for IPv6 is the client it is; it can be named as mapped too.
        """
        for pattern in ("127.0.0.0/8", "::ffff:127.0.0.1"):
            self.assertTrue(self.matches({"client": pattern}, client="::ffff:127.0.0.1"), pattern)
        self.assertFalse(self.matches({"client": "10.0.0.0/8"}, client="::ffff:127.0.0.1"))

    def test_pitfall44_mapped(self):
        """
        So it is where the network is written as IPv6 writes it.
        """
        for client in ("10.1.2.3", "::ffff:10.1.2.3", "::ffff:a01:203"):
            for pattern in ("::ffff:10.0.0.0/104", "::ffff:10.1.2.3", "::ffff:a01:203/128", "10/8"):
                pattern = pattern.replace("10/8", "10.0.0.0/8")
                self.assertTrue(self.matches({"client": pattern}, client=client), pattern)
            for pattern in ("::ffff:11.0.0.0/104", "::1", "fe80::/10"):
                self.assertFalse(self.matches({"client": pattern}, client=client), pattern)

    def test_fields(self) -> None:
        """
        Each name's value is a glob; names are the same in upper and lower case; all must match.
        """
        for pattern, matched in (
            ({"agent": "curl/*"}, True),
            ({"Agent": "curl/*"}, True),
            ({"agent": "wget"}, False),
            ({"missing": "*"}, False),
            ({"agent": "curl/*", "kind": "b"}, True),
            ({"agent": "curl/*", "kind": "c"}, False),
        ):
            subject = "agent:curl/8 kind:a kind:b"
            self.assertEqual(self.matches({"field": pattern}, subject=subject), matched, pattern)

    def test_direction(self) -> None:
        """
        Who begins the exchange.
        """
        self.assertTrue(self.matches({"direction": "client"}))
        self.assertFalse(self.matches({"direction": "backend"}))
        self.assertTrue(self.matches({"direction": "Backend"}, unasked=True))

    def test_all(self) -> None:
        """
        All that is named must match.
        """
        when = {"command": "GET", "key": "a*", "client": "::1"}
        self.assertTrue(self.matches(when, subject="ab", client="::1"))
        self.assertFalse(self.matches(when, "SET", "ab", "::1"))
        self.assertFalse(self.matches(when, subject="b", client="::1"))
        self.assertFalse(self.matches(when, subject="ab", client="::2"))

    def test_every(self) -> None:
        """
        All of several conditions are checked.
        """
        yes, no = (lambda c, e: True), (lambda c, e: False)
        for tests in ([], [yes], [yes, yes], [yes, yes, yes]):
            self.assertTrue(every(tests)(Connection(1), Exchange(1)))
            for place in range(len(tests)):
                mixed = [*tests[:place], no, *tests[place + 1 :]]
                self.assertFalse(every(mixed)(Connection(1), Exchange(1)))


class RefusedTests(Asked):
    """
    Patterns that are none.
    """

    def test_unknownTarget(self) -> None:
        """
        The nearest is named; those that all protocols have are known too.
        """
        words = self.refused(comand="GET")
        self.assertEqual(
            words,
            "protocol 'lines' has no matcher 'comand' for when: did you mean 'command'?",
        )
        self.assertIn("'client'", self.refused(clients="::1"))

    def test_notText(self) -> None:
        """
        Objects, null, true, fractions and an empty list are not patterns.
        """
        for target in ("command", "key", "sql", "client"):
            for pattern in ({}, None, True, 1.5, [None], [["a"]]):
                self.assertIn("it must be text", self.refused(**{target: pattern}))
            self.assertIn("the list is empty", self.refused(**{target: []}))

    def test_regex(self) -> None:
        """
        An invalid regular expression; the error has the reason.
        """
        self.assertIn("'a(' is not a regular expression: missing )", self.refused(sql="a("))
        self.assertIn("not a regular expression", self.refused(sql=["ok", "a{9999999999}"]))

    def test_network(self) -> None:
        """
        No address.
        """
        for pattern in ("localhost", "10.0.0.0/33", "10.0.0", "", 7):
            self.assertIn("not an IP address or network", self.refused(client=pattern))

    def test_direction(self) -> None:
        """
        A direction that there is not would never match, so it is refused.
        """
        self.assertIn("did you mean 'client'?", self.refused(direction="clients"))
        self.assertIn(
            "pick one of: backend, client, downstream, upstream", self.refused(direction="sideways")
        )

    def test_fields(self) -> None:
        """
        Something other than an object of names and values, or one that names nothing.
        """
        for pattern in ("agent", {}, [], 3, [{"a": "1", "b": "2"}]):
            self.assertIn("when 'field'", self.refused(field=pattern))
        self.assertIn("it must be text", self.refused(field={"agent": None}))


class DescribeTests(SynchronousTestCase):
    """
    Descriptions of matchers.
    """

    def test_described(self) -> None:
        """
        Name, kind and description as JSON, and the choices if there are any.
        """
        for target in (*TARGETS, *COMMON):
            told = target.describe()
            self.assertEqual(told.pop("choices", []), list(target.choices))
            self.assertEqual(sorted(told), ["description", "kind", "name"])
            self.assertTrue(told["description"].endswith("."), told)
