"""
Tests for L{vaurien_twisted.rules.counts}, on a link in memory.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.session import Session
from tests.ruled import LINES
from vaurien_twisted.record.counters import Counters
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.compiled import REMEMBERING
from vaurien_twisted.rules.counts import countsToJSON
from vaurien_twisted.rules.tally import MISSES


def counts(session: Session) -> list[dict[str, Any]]:
    """
    The counts of the rules in force.
    """
    return list(countsToJSON(session.factory.decider))


def numbers(count: dict[str, Any]) -> tuple[Any, ...]:
    """
    The numbers of one rule.
    """
    return count["seen"], count["matched"], count["struck"], count.get("left")


class CountsTests(SynchronousTestCase):
    """
    The counts of a rule.
    """

    def test_struck(self) -> None:
        """
        Exchanges seen, matched and struck, and the remaining times.
        """
        session = Session()
        session.ask(b"GET before\n")
        session.setRules({"behavior": "error", "when": {"command": "GET"}, "times": 2})
        for line in (b"SET a\n", b"GET a\n", b"SET b\n"):
            session.ask(line)
        [count] = counts(session)
        self.assertEqual(numbers(count), (3, 1, 1, 1))
        self.assertEqual(count["rule"], "100:error")
        self.assertNotIn("reason", count)

    def test_nearest(self) -> None:
        """
        The nearest exchange of a rule that matched none, and the mismatch.
        """
        session = Session({"behavior": "error", "when": {"command": "GET", "key": "user:*"}})
        for key in (b"cart:1", b"USER:1", b"z"):
            session.ask(b"GET " + key + b"\n")
        [count] = counts(session)
        self.assertEqual(numbers(count)[1:3], (0, 0))
        self.assertEqual(count["nearest"], "GET USER:1")
        self.assertEqual(
            count["reason"], "key 'user:*' did not match: the pattern is case-sensitive"
        )

    def test_none(self) -> None:
        """
        No exchange was of the command; or none there was.
        """
        session = Session({"behavior": "error", "when": {"command": ["INCR", "DECR"]}})
        session.ask(b"GET a\n")
        [count] = counts(session)
        self.assertEqual((count["nearest"], count["reason"]), ("", "none was INCR or DECR"))

    def test_unlucky(self) -> None:
        """
        Why one that matched did not take effect.
        """
        for fields, words in (
            ({"after": 3}, "its window had not begun: 1 matched, and it begins after 3"),
            ({"percent": 0.0001}, "none was drawn at 0.0001 percent"),
        ):
            session = Session({"behavior": "error", "when": {"command": "GET"}, **fields})
            session.ask(b"GET a\n")
            self.assertEqual(counts(session)[0]["reason"], words)

    def test_bounded(self) -> None:
        """
        So much is remembered, and no more.
        """
        plan = planFromRules(
            LINES, [{"behavior": "hang", "when": {"key": f"{n}*"}} for n in range(100)]
        )
        session = Session()
        session.factory.setPlan(plan)
        for _ in range(MISSES + 10):
            session.ask(b"GET x\n")
        tallies = [session.factory.decider.tally((n, 0)) for n in range(100)]
        kept = [tally.misses for tally in tallies if tally.misses is not None]
        self.assertEqual((len(kept), len(kept[0])), (REMEMBERING, MISSES))


class EffectTests(SynchronousTestCase):
    """
    A fault counts when it takes effect.
    """

    def cutting(self, count: int) -> Session:
        """
        A reply of 7 bytes under a rule that cuts it.
        """
        session = Session(
            {
                "behavior": "error",
                "name": "cut",
                "options": {"at": "partial", "count": count},
            }
        )
        session.ask(b"GET a\n")
        session.answer(b"answer\n")
        return session

    def test_cut(self) -> None:
        """
        A reply that was long enough.
        """
        session = self.cutting(3)
        self.assertEqual(counts(session)[0]["struck"], 1)
        [entry] = [each for each in session.journal.since() if each["rule"].startswith("cut")]
        self.assertEqual(entry["kind"], "decision")
        self.assertEqual(sum(session.factory.counters.faults.values()), 1)

    def test_uncut(self) -> None:
        """
        A reply that was too short: nothing happened, and the journal and the counts have the
        reason.
        """
        session = self.cutting(1000)
        words = "not cut: the reply had 7 of 1,000 bytes"
        [count] = counts(session)
        self.assertEqual((numbers(count)[1:3], count["reason"]), ((1, 0), words))
        [entry] = session.journal.since()
        self.assertEqual((entry["kind"], entry["effect"]), ("missed", words))
        self.assertEqual((entry["exchange"], entry["description"]), (1, "GET a"))
        counters: Counters = session.factory.counters
        self.assertEqual(counters.faults, {})

    def stream(self, behavior: str, **options: object) -> list[int]:
        """
        How many connections a stream rule matched and struck, after an exchange.
        """
        session = Session()
        session.factory.setPlan(planFromRules(LINES, [{"behavior": behavior, "options": options}]))
        session.ask(b"GET a\n")
        session.answer(b"answer\n")
        session.clock.advance(1)
        [count] = counts(session)
        kinds = [each["kind"] for each in session.journal.since()]
        self.assertEqual(kinds, ["decision"] * count["struck"])
        return [count["matched"], count["struck"]]

    def test_streams(self) -> None:
        """
        Bytes that are slowed, changed, sliced or cut, and those that might have been.
        """
        for behavior, options, struck in (
            ("latency", {"latency": 10}, 1),
            ("latency", {}, 0),
            ("bandwidth", {"rate": 1_000_000}, 0),
            ("corrupt", {"rate": 1.0}, 1),
            ("corrupt", {"rate": 0.0}, 0),
            ("slicer", {"average_size": 2}, 1),
            ("slicer", {"average_size": 5000}, 0),
            ("limit_data", {"bytes": 3}, 1),
            ("limit_data", {"bytes": 3000}, 0),
            ("timeout", {"timeout": 0}, 1),
            ("lifetime", {"seconds": 0.5}, 1),
            ("lifetime", {"seconds": 50}, 0),
        ):
            with self.subTest(f"{behavior} {options}"):
                self.assertEqual(self.stream(behavior, **options), [1, struck])
