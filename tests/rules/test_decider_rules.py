"""
Tests for L{vaurien_twisted.rules.decider}: what rules choose.
"""

from __future__ import annotations

from typing import Any

from tests.ruled import LINES, RuleCase, ruled
from tests.support import entries
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.compiled import COMMANDS_KEPT
from vaurien_twisted.rules.texts import WORDS


class WindowTests(RuleCase):
    """
    C{after} and C{times}.
    """

    def test_after(self) -> None:
        """
        The first matching exchanges pass; others do not count.
        """
        of = ruled({"behavior": "hang", "after": 2, "when": {"command": "GET"}})
        self.assertEqual(self.chosen(of, [1], command="GET"), [])
        self.assertEqual(self.chosen(of, range(2, 10), command="SET"), [])
        self.assertEqual(self.chosen(of, range(10, 14), command="GET"), [11, 12, 13])

    def test_times(self) -> None:
        """
        It applies so often, on whichever connections, and never again.
        """
        of = ruled({"behavior": "hang", "times": 3})
        self.assertEqual(self.chosen(of, [1, 2]), [1, 2])
        self.assertEqual(self.chosen(of, range(1, 9), Connection(2)), [1])

    def test_both(self) -> None:
        """
        After the first, so often.
        """
        of = ruled({"behavior": "hang", "after": 2, "times": 2})
        self.assertEqual(self.chosen(of, range(1, 10)), [3, 4])

    def test_timesAndPercent(self) -> None:
        """
        Only those that were drawn use the times up.
        """
        of = ruled({"behavior": "hang", "percent": 50})
        drawn = self.chosen(of, range(1, 100))
        of = ruled({"behavior": "hang", "percent": 50, "times": 5})
        self.assertEqual(self.chosen(of, range(1, 100)), drawn[:5])

    def test_passedDoNotCount(self) -> None:
        """
        An exchange that cannot carry the error passes, and does not count.
        """
        of = ruled({"behavior": "error", "options": {"code": "gone"}, "times": 1})
        self.assertEqual(self.chosen(of, range(1, 4), command="QUIET"), [])
        self.assertEqual(self.chosen(of, range(4, 8), command="GET"), [4])

    def test_timesAndWarmup(self) -> None:
        """
        What passes while the behavior warms up does not either.
        """
        of = ruled({"behavior": "error", "options": {"warmup": 2}, "times": 2})
        self.assertEqual(self.chosen(of, range(1, 9), command="GET"), [3, 4])

    def test_begunAnew(self) -> None:
        """
        A plan that is set begins to count at zero, also if it is the same.
        """
        of = ruled({"behavior": "hang", "after": 1, "times": 1})
        self.assertEqual(self.chosen(of, range(1, 5)), [2])
        of.setPlan(of.plan)
        self.assertEqual(self.chosen(of, range(5, 9)), [6])

    def test_shortened(self) -> None:
        """
        When another rule expires, counts continue, and draws do not change.
        """
        half = {"behavior": "delay", "percent": 50, "name": "half"}
        rules = [{"behavior": "hang", "for": 5}, half]
        of = ruled({"behavior": "hang", "percent": 0}, half)
        drawn = self.chosen(of, range(1, 50))
        of = ruled(*rules)
        self.assertEqual(self.chosen(of, range(1, 50)), list(range(1, 50)))
        of.shorten(of.plan.expire([next(of.plan.rules)]))
        self.assertEqual(self.chosen(of, range(1, 50)), drawn)

    def test_shortenedCounts(self) -> None:
        """
        A rule that had applied once of twice has one time left.
        """
        of = ruled({"behavior": "delay", "for": 5, "percent": 0}, {"behavior": "hang", "times": 2})
        self.assertEqual(self.chosen(of, [1]), [1])
        of.shorten(of.plan.expire([next(of.plan.rules)]))
        self.assertEqual(self.chosen(of, range(2, 9)), [2])


class ScopeTests(RuleCase):
    """
    C{scope}: whole connections.
    """

    def test_whole(self) -> None:
        """
        Of a connection all exchanges are chosen, or none; some are of each kind.
        """
        of = ruled({"behavior": "hang", "percent": 40, "scope": "connection"})
        sizes = [len(self.chosen(of, range(1, 6), Connection(n))) for n in range(1, 101)]
        self.assertEqual(set(sizes), {0, 5})
        self.assertTrue(25 < sizes.count(5) < 55, sizes.count(5))

    def test_matching(self) -> None:
        """
        Of a chosen connection only what matches.
        """
        of = ruled({"behavior": "hang", "scope": "connection", "when": {"command": "GET"}})
        met = Connection(1)
        for command, numbers in (("SET", []), ("GET", [1, 2])):
            self.assertEqual(self.chosen(of, [1, 2], met, command=command), numbers)

    def test_windows(self) -> None:
        """
        What counts are connections.
        """
        of = ruled({"behavior": "hang", "scope": "connection", "after": 1, "times": 2})
        told = [self.chosen(of, range(1, 4), Connection(n)) for n in range(1, 6)]
        self.assertEqual(told, [[], [1, 2, 3], [1, 2, 3], [], []])

    def test_numbers(self) -> None:
        """
        A behavior that counts still counts exchanges: after one error all is well.
        """
        of = ruled({"behavior": "transient", "scope": "connection"})
        self.assertEqual(self.chosen(of, range(1, 9), command="GET"), [1])

    def test_anew(self) -> None:
        """
        Another plan draws again; earlier draws are dropped.
        """
        of = ruled({"behavior": "hang", "scope": "connection", "times": 1})
        met = Connection(1)
        for _ in range(50):
            self.assertEqual(self.chosen(of, [1], met), [1])
            self.assertEqual([len(each) for each in of._chosen.values()], [1])
            of.setPlan(of.plan)

    def test_forgotten(self) -> None:
        """
        When a connection has ended, nothing is kept of it.
        """
        of = ruled({"behavior": "hang", "percent": 50, "scope": "connection"})
        for number in range(1, 50):
            self.chosen(of, [1], Connection(number))
            of.forget(Connection(number))
            of.forget(Connection(number))
        self.assertEqual(of._chosen, {})

    def test_alternatives(self) -> None:
        """
        A draw's alternatives share the connections between them.
        """
        draw = [
            {"behavior": "hang", "percent": 50, "scope": "connection"},
            {"behavior": "delay", "percent": 50, "scope": "connection"},
        ]
        of = ruled({"draw": draw})
        for number in range(1, 30):
            self.chosen(of, range(1, 4), Connection(number))
        rules = {}
        for entry in entries(of):
            rules.setdefault(entry["connection"], set()).add(entry["rule"])
        self.assertEqual(sorted(rules), list(range(1, 30)))
        self.assertEqual({len(each) for each in rules.values()}, {1})
        self.assertEqual(len(set.union(*rules.values())), 2)


class DrawTests(RuleCase):
    """
    Alternatives in one draw.
    """

    def test_shares(self) -> None:
        """
        Each has its share, and they exclude each other.
        """
        draw = [{"behavior": "hang", "percent": 20}, {"behavior": "delay", "percent": 10}]
        of = ruled({"draw": draw})
        self.chosen(of, range(1, 2001))
        rules = [entry["rule"] for entry in entries(of)]
        self.assertEqual(len(rules), len({entry["exchange"] for entry in entries(of)}))
        self.assertTrue(330 < rules.count("20:hang") < 470, rules.count("20:hang"))
        self.assertTrue(140 < len(rules) - rules.count("20:hang") < 260, len(rules))

    def test_apart(self) -> None:
        """
        An alternative that is not for an exchange leaves the others their shares.
        """
        first = {"behavior": "hang", "percent": 50, "when": {"command": "GET"}}
        second = {"behavior": "delay", "percent": 30}
        both, alone = ruled({"draw": [first, second]}), ruled({"draw": [first, second]})
        self.chosen(both, range(1, 200), command="GET")
        met = self.chosen(alone, range(1, 200), command="SET")
        delays = [e["exchange"] for e in entries(both) if e["rule"].startswith("30:delay")]
        self.assertEqual(met, delays)

    def test_expired(self) -> None:
        """
        So does one whose time is over.
        """
        draw = [{"behavior": "hang", "percent": 50, "for": 1}, {"behavior": "delay", "percent": 30}]
        of = ruled({"draw": draw})
        self.chosen(of, range(1, 200))
        delays = [e["exchange"] for e in entries(of) if e["rule"].startswith("30:delay")]
        of.shorten(of.plan.expire([next(of.plan.rules)]))
        self.assertEqual(self.chosen(of, range(1, 200)), delays)
        self.assertGreater(len(delays), 20)


class ReasonTests(RuleCase):
    """
    Why, in the journal.
    """

    def reason(self, rule: dict[str, Any], number: int = 1, **what: str) -> str:
        """
        The reason why it applied to the last of C{count} exchanges.
        """
        of = ruled(rule)
        self.chosen(of, range(1, number + 1), **what)
        return str(entries(of)[-1]["reason"])

    def test_always(self) -> None:
        """
        No condition.
        """
        self.assertEqual(self.reason({"behavior": "hang"}), "always")

    def test_conditions(self) -> None:
        """
        All that had to hold.
        """
        rule = {"behavior": "hang", "when": {"command": "GET", "key": "a*"}, "after": 1, "times": 3}
        self.assertEqual(
            self.reason(rule, 3, command="GET", subject="abc"),
            "when command 'GET', when key 'a*', after 1, time 2 of 3",
        )

    def test_draw(self) -> None:
        """
        The drawn number is within the rule's share.
        """
        draw = [{"behavior": "hang", "percent": 50}, {"behavior": "delay", "percent": 25}]
        of = ruled({"draw": draw})
        self.chosen(of, range(1, 100))
        for entry in entries(of):
            words = entry["reason"].split()
            low, high = (0, 50) if entry["rule"] == "50:hang" else (50, 75)
            self.assertTrue(low <= float(words[1]) <= high, entry)
            share = ["for", f"{high - low}", "percent"] + (["from", "50", "on"] if low else [])
            self.assertEqual(words[2:], share)

    def test_bounded(self) -> None:
        """
        However long a rule is, what the journal keeps of it is not.
        """
        rule = {
            "behavior": "error",
            "options": {"message": "m" * 10_000},
            "when": {"sql": "x" * 1000},
        }
        of = ruled(rule)
        self.chosen(of, [1], subject="x" * 10_000)
        [entry] = entries(of)
        for name in ("rule", "reason", "description"):
            self.assertTrue(100 < len(entry[name]) <= WORDS, name)

    def test_connections(self) -> None:
        """
        The same number for all of a connection.
        """
        of = ruled({"behavior": "hang", "percent": 99, "scope": "connection", "times": 2})
        self.chosen(of, [1, 2])
        first, second = (entry["reason"] for entry in entries(of))
        self.assertEqual(first, second)
        self.assertRegex(first, r"^drew [0-9.]+ for 99 percent of connections, one of 2 conn")


class CommandTests(RuleCase):
    """
    Draws that are for other commands are not looked at again.
    """

    def test_case(self) -> None:
        """
        Commands are compared as in the rule.
        """
        of = ruled({"behavior": "hang", "when": {"command": ["get", "DEL"]}})
        for _ in range(2):
            for command, numbers in (("GET", [1]), ("del", [1]), ("SET", []), ("", [])):
                self.assertEqual(self.chosen(of, [1], command=command), numbers)

    def test_changed(self) -> None:
        """
        Another plan is for other commands.
        """
        of = ruled({"behavior": "hang", "when": {"command": "GET"}})
        self.assertEqual(self.chosen(of, [1], command="SET"), [])
        of.setPlan(planFromRules(LINES, [{"behavior": "hang", "when": {"command": "SET"}}]))
        self.assertEqual(self.chosen(of, [2], command="SET"), [2])
        self.assertEqual(self.chosen(of, [3], command="GET"), [])

    def test_draws(self) -> None:
        """
        Draws for other commands keep their places: the others are drawn as without them.
        """
        half = {"behavior": "hang", "percent": 50}
        other = {"behavior": "delay", "when": {"command": "SET"}}
        drawn = self.chosen(ruled({"behavior": "delay", "percent": 0}, half), range(1, 50))
        self.assertEqual(self.chosen(ruled(other, half), range(1, 50)), drawn)

    def test_manyCommands(self) -> None:
        """
        A client that makes commands up fills no memory, and is decided about all the same.
        """
        of = ruled({"behavior": "hang", "when": {"command": "LAST"}})
        for number in range(3 * COMMANDS_KEPT):
            self.assertEqual(self.chosen(of, [1], command=f"C{number}"), [])
        self.assertEqual(len(of._compiled._byCommand), COMMANDS_KEPT)
        self.assertEqual(self.chosen(of, [1], command="LAST"), [1])
