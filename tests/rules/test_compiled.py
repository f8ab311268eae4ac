"""
Tests for L{vaurien_twisted.rules.compiled}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.ruled import LINES
from tests.rules.reference import ReferenceDecider
from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.toxics import Toxics, toxicFromJSON

COMMANDS = ["GET", "get", "SET", "QUIET", ""]
SUBJECTS = ["a1", "b2 x", "", "a" * 200]

#: Behaviors with their options.
BEHAVIORS: list[tuple[str, dict[str, Any]]] = [
    ("dummy", {}),
    ("delay", {"sleep": 0.5}),
    ("delay", {"before": False}),
    ("hang", {}),
    ("abort", {}),
    ("blackout", {}),
    ("error", {"code": "busy"}),
    ("error", {}),
    ("error", {"at": "reply", "inject": True}),
    ("error", {"warmup": 2, "at": "partial", "count": 3}),
    ("error", {"code": "gone", "at": "greeting"}),
    ("transient", {"agitate": 2}),
    ("latency", {"latency": 5}),
]

WHENS: list[dict[str, Any]] = [
    {},
    {"command": "GET"},
    {"command": ["set", "QUIET"]},
    {"key": "a*"},
    {"command": "get", "key": "a*"},
    {"sql": "x$"},
    {"client": "10.0.0.0/8"},
    {"direction": "client", "command": "GET"},
    {"sql": ["x" * 400, "1"]},
]


@some.composite
def rules(draw: some.DrawFn, most: float = 100.0) -> dict[str, Any]:
    """
    A rule as users write it.
    """
    behavior, options = draw(some.sampled_from(BEHAVIORS))
    rule: dict[str, Any] = {"behavior": behavior, "options": options}
    rule["percent"] = min(most, draw(some.sampled_from([100, 100, 50, 33.3, 1, 0])))
    rule["name"] = draw(some.sampled_from(["", "", "one", "two"]))
    if behavior == "latency":
        return rule
    rule["when"] = draw(some.sampled_from(WHENS))
    rule["after"] = draw(some.sampled_from([0, 0, 1, 3]))
    rule["times"] = draw(some.sampled_from([None, None, 1, 3]))
    rule["for"] = draw(some.sampled_from([None, None, 5]))
    rule["scope"] = draw(some.sampled_from(["exchange", "connection"]))
    return rule


def plans() -> some.SearchStrategy[Plan]:
    """
    Plans of single rules and of draws.
    """
    draws = some.lists(rules(most=33.3), min_size=1, max_size=3).map(lambda each: {"draw": each})
    return some.lists(some.one_of(rules(), rules(), draws), min_size=1, max_size=5).map(
        lambda items: planFromRules(LINES, items)
    )


def toxics() -> some.SearchStrategy[Toxics]:
    """
    Toxics of different names.
    """
    one = some.fixed_dictionaries(
        {
            "name": some.sampled_from(["near", "far"]),
            "type": some.sampled_from(["delay", "error", "latency", "transient"]),
            "toxicity": some.sampled_from([1, 0.4]),
        }
    )
    return some.lists(one, max_size=3, unique_by=lambda each: str(each["name"])).map(
        lambda items: Toxics(tuple(toxicFromJSON(LINES, each) for each in items))
    )


#: Some exchanges in a row, of one command or of all in turn.
BURST = some.tuples(
    some.just("decide"),
    some.integers(1, 4),
    some.integers(0, 4),
    some.integers(0, 1),
    some.integers(1, 12),
)

STEPS = some.lists(
    some.one_of(
        *[BURST] * 5,
        some.tuples(some.just("connect"), some.integers(1, 4)),
        some.tuples(some.just("end"), some.integers(1, 4)),
        some.tuples(some.just("set"), plans()),
        some.tuples(some.just("toxics"), toxics()),
        some.tuples(some.just("toxics"), toxics()),
        some.tuples(some.just("expire")),
    ),
    min_size=4,
    max_size=25,
)


class Both:
    """
    The decider and the reference decider, with the same input.
    """

    def __init__(self, plan: Plan, seed: int) -> None:
        self.clock = Clock()
        self.journal = Journal(self.clock.seconds)
        self.decider = Decider("proxy", LINES.wire, seed, self.journal)
        self.reference = ReferenceDecider(LINES.wire, seed)
        self.own, self.toxics = plan, Toxics()
        self.numbers = dict.fromkeys(range(1, 5), 0)
        self.set(plan)

    def _whole(self) -> Plan:
        return Plan(self.own.draws + tuple(toxic.draw for toxic in self.toxics))

    def set(self, plan: Plan) -> None:
        """
        Another plan with the same toxics.
        """
        self.own = plan
        for each in (self.decider, self.reference):
            each.setPlan(self._whole())

    def toxic(self, toxics: Toxics) -> None:
        """
        Other toxics with the same plan.
        """
        self.toxics = toxics
        for each in (self.decider, self.reference):
            each.amend(self._whole())

    def expire(self) -> None:
        """
        The time of the rules that have one is over.
        """
        over: list[Rule] = [rule for rule in self.own.rules if rule.lasting is not None]
        self.own = self.own.expire(over)
        for each in (self.decider, self.reference):
            each.shorten(self._whole())

    def ask(self, number: int, command: str, subject: str, bare: bool = False) -> tuple[Any, Any]:
        """
        Both decisions about one exchange.
        """
        connection = Connection(number, f"10.0.0.{number}" if number > 1 else "::1")
        if not bare:
            self.numbers[number] += 1
        exchange = Exchange(0 if bare else self.numbers[number], command, subject)
        exchange.replies = command != "QUIET"
        decide = self.decider.decideConnection if bare else self.decider.decide
        decision = decide(connection, exchange)
        if exchange.outcome is not None:
            # As if the reply were long enough to be cut.
            exchange.outcome(0)
        return decision, self.reference.decide(connection, exchange, bare)

    def end(self, number: int) -> None:
        """
        A connection has ended.
        """
        for each in (self.decider, self.reference):
            each.forget(Connection(number))

    def entries(self) -> list[dict[str, Any]]:
        """
        The entries of the decider's journal, without the times and the words of effects.
        """
        return [
            {name: fact for name, fact in entry.items() if name not in ("time", "words")}
            for entry in self.journal.since()
        ]


class DifferentialTests(SynchronousTestCase):
    """
    A compiled plan decides as one that is looked through, whatever changes meanwhile.
    """

    maxDiff = None

    @settings(deadline=None, max_examples=200)
    @given(plans(), some.integers(0, 3), STEPS)
    def test_same(self, plan: Plan, seed: int, steps: list[Any]) -> None:
        """
        The decisions and the journal are the same.
        """
        both = Both(plan, seed)
        for kind, *more in steps:
            if kind == "decide":
                number, first, step, count = more
                for place in (first + each * step for each in range(count)):
                    asked = COMMANDS[place % 5], SUBJECTS[place % 4]
                    self.assertEqual(*both.ask(number, *asked))
            elif kind == "connect":
                self.assertEqual(*both.ask(more[0], "connect", "", bare=True))
            else:
                {"end": both.end, "set": both.set, "toxics": both.toxic}.get(kind, both.expire)(
                    *more
                )
        self.assertEqual(both.entries(), both.reference.entries)

    def test_dummyShares(self) -> None:
        """
        A dummy among alternatives takes its share of the exchanges from the others.
        """
        both = Both(
            planFromRules(
                LINES,
                [
                    {
                        "draw": [
                            {"behavior": "dummy", "percent": 50, "scope": "connection"},
                            {"behavior": "hang", "percent": 50},
                        ]
                    }
                ],
            ),
            7,
        )
        for number in range(1, 5):
            for _ in range(20):
                self.assertEqual(*both.ask(number, "GET", ""))
        self.assertEqual(both.entries(), both.reference.entries)
        self.assertGreater(len(both.entries()), 5)

    def test_choosesAnew(self) -> None:
        """
        Connections are drawn again when a plan is set, when a toxicity changes, and when they have
        ended.
        """
        plan = planFromRules(LINES, [{"behavior": "hang", "scope": "connection", "times": 2}])
        half, most = (
            Toxics((toxicFromJSON(LINES, {"type": "delay", "toxicity": share}),))
            for share in (0.5, 0.9)
        )
        both = Both(plan, 7)
        changes: list[Callable[[], None]] = [
            lambda: both.toxic(half),
            lambda: both.toxic(most),
            lambda: both.end(1),
            lambda: both.set(Plan()),
            lambda: both.set(plan),
            lambda: both.toxic(Toxics()),
            lambda: both.toxic(half),
        ]
        for change in changes:
            for _ in range(2):
                for number in (1, 2, 3, 4):
                    self.assertEqual(*both.ask(number, "GET", ""))
            change()
        self.assertEqual(both.entries(), both.reference.entries)
