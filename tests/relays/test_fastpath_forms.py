"""
Tests for links of mysql, postgresql and memcache that pass over exchanges to which nothing
can happen: of two links, one of which has a rule that must be looked at for every exchange,
nobody can tell which one it is.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.exchanges import (
    BOUND,
    COPIES,
    DATA,
    FAILED,
    MEMCACHE,
    MYSQL_PROBES,
    PARSED,
    POSTGRESQL,
    POSTGRESQL_OPENING,
    POSTGRESQL_PROBES,
    PREPARE,
    RUNS,
    Unit,
    cached,
    execution,
    mysql,
    mysqlOpening,
    prepared,
    unit,
)
from tests.relays.support import REGISTRY, Pair
from tests.wire.mysql.script import err, ok, query, table
from tests.wire.postgresql.conversation_parts import READY, SYNC, bind, execute, message, parse
from tests.wire.postgresql.conversation_parts import query as select
from vaurien_twisted.relays.fastpath import KEPT
from vaurien_twisted.relays.pausing import PAUSE
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.mysql.packets import packet
from vaurien_twisted.wire.postgresql.transaction import FAILING

#: Never applies, but matches all exchanges, so that each has to be decided.
ASKED = {"behavior": "error", "after": 10**6}

#: What rules look at, by protocol: some of it matches.
LOOKED: dict[str, list[dict[str, Any]]] = {
    "memcache": [{"key": "k"}, {"key": "never*"}, {"command": "get", "key": "[k-z]*"}, {}],
    "mysql": [{"sql": "^select 1"}, {"sql": "never"}, {"command": "COM_QUERY", "sql": "x"}, {}],
    # What is copied is called after its statement only if that speaks of a COPY.
    "postgresql": [
        {"command": ["Query", "Execute", "Parse"], "sql": "^select 1"},
        {"sql": "never"},
        {"command": ["Query", "Execute"], "sql": "9"},
        {"command": "Query"},
    ],
}

#: What hypothesis draws itself is mostly small, so that it would choose the same again.
SEEDS = st.integers(0, 2**32 - 1)

#: What goes to the backend in the place of a request, and its answer: of C{postgresql} as a
#: transaction is, or may be, open, of C{memcache} as a quiet command may still be answered.
SUBSTITUTES = {select(FAILING): FAILED + READY, b"mn\r\n": b"MN\r\n"}

#: Errors after which the session goes on; that of C{mysql} leaves the transaction alone.
ERRORS: dict[str, dict[str, Any]] = {
    "memcache": {"behavior": "error"},
    "mysql": {"behavior": "error", "options": {"code": 1205}},
    "postgresql": {"behavior": "error", "options": {"code": "40001"}},
}

Rules = list[dict[str, Any]]


class Both:
    """
    Two links that are given the same, one of which may pass over exchanges.
    """

    def __init__(self, case: SynchronousTestCase, wire: str) -> None:
        self.case = case
        self.wire = wire
        self.pairs = (Pair(wire), Pair(wire))
        self.setRules([])

    def setRules(self, rules: Rules) -> None:
        """
        Put rules in force on both.
        """
        ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire(self.wire))
        for pair, more in zip(self.pairs, ([], [ASKED]), strict=True):
            pair.factory.setPlan(planFromRules(ruleBuilder, rules + more))
        plans = [pair.factory.decider.plan for pair in self.pairs]
        self.case.assertIsNone(plans[1].commands)

    def give(self, who: str, *parts: bytes) -> tuple[bytes, bytes]:
        """
        One of the two ends says something, in one go: what the backend and the client hear.
        """
        heard: list[list[bytes]] = [[], []]
        for part in parts:
            for pair, each in zip(self.pairs, heard, strict=True):
                if who == "client":
                    pair.relay.dataReceived(part)
                else:
                    pair.backendProtocol.dataReceived(part)
                each += [pair.backend.heard(), pair.client.heard()]
            if self.wire != "postgresql":
                # There whole messages wait for what comes with them, where a rule may look.
                self.case.assertEqual(heard[0], heard[1], (who, part[:200]))
        told = []
        for pair, each in zip(self.pairs, heard, strict=True):
            pair.clock.advance(PAUSE)
            each += [pair.backend.heard(), pair.client.heard()]
            self.case.assertEqual(pair.client.ended, [])
            told.append((b"".join(each[::2]), b"".join(each[1::2]), pair.relay.link.exchanges))
        self.case.assertEqual(told[0], told[1], (who, parts[:1]))
        if who == "client" and len(parts) == 1 and len(parts[0]) <= KEPT:
            # The text of a statement may have become known since its execution was decided.
            last = [pair.relay.link.snapshot.last.partition(" ")[0] for pair in self.pairs]
            self.case.assertEqual(last[0], last[1], parts)
        return told[0][:2]

    @property
    def journal(self) -> list[dict[str, Any]]:
        """
        What happened, which is the same on both.  Only the fast path has times and sizes that
        several exchanges share.
        """
        journals = [
            [
                {name: entry[name] for name in entry.keys() - {"rule", "time", "timing"}}
                for entry in pair.factory.journal.since()
            ]
            for pair in self.pairs
        ]
        self.case.assertEqual(journals[0], journals[1])
        return journals[0]


def cut(dice: random.Random, data: bytes) -> list[bytes]:
    """
    Mostly whole, else in parts of some size.
    """
    size = dice.choice((len(data), len(data), len(data), 1, 7, 30, 300))
    if len(data) > 5000:
        size = max(size, 500, len(data) // 30)
    return [data[at : at + size] for at in range(0, len(data), max(size, 1))]


def replies(asked: list[Unit], heard: bytes) -> bytes:
    """
    What the backend answers that heard C{heard} of these requests.
    """
    said = []
    for (_, request), (_, reply) in asked:
        substitute = next((each for each in SUBSTITUTES if heard.startswith(each)), b"")
        # A request may go on in other words, and a barrier may be the link's own.
        if heard.startswith(request) or (reply and not substitute and request not in SUBSTITUTES):
            said.append(reply)
            heard = heard[len(request) :]
        elif substitute:
            said.append(SUBSTITUTES[substitute])
            heard = heard[len(substitute) :]
    return b"".join(said)


class FormsTests(SynchronousTestCase):
    """
    For each protocol.
    """

    def converse(self, dice: random.Random, both: Both, units: list[Unit]) -> None:
        """
        Some of the units one after the other, those of two turns also several at a time.
        """
        for _ in range(dice.randrange(1, 8)):
            chosen = dice.choice(units)
            if len(chosen) == 2:
                several = [dice.choice(units) for _ in range(dice.choice((0, 0, 0, 1, 3, 20)))]
                asked = [chosen, *(each for each in several if len(each) == 2)]
                turns = [
                    ("client", b"".join(each[0][1] for each in asked)),
                    ("backend", b"".join(each[1][1] for each in asked)),
                ]
                if dice.random() < 0.3:
                    # One after the other, though no answer has come.
                    turns[:1] = [each[0] for each in asked]
                heard = b"".join(
                    both.give(who, part)[0] for who, data in turns[:-1] for part in cut(dice, data)
                )
                turns = [("backend", replies(asked, heard))]
            else:
                turns = chosen
            for who, data in turns:
                both.give(who, *cut(dice, data))

    def check(
        self,
        dice: random.Random,
        both: Both,
        units: list[Unit],
        probes: list[bytes],
        watched: list[tuple[str, bytes]],
    ) -> None:
        """
        A conversation under one set of rules after the other, then the probes.

        @param watched: commands, and requests that are one.
        """
        for _ in range(dice.randrange(1, 5)):
            command, request = dice.choice(watched)
            rules: Rules = [{**ERRORS[both.wire], "when": {"command": command}}]
            more = [self.looks(dice, both.wire) for _ in range(dice.choice((0, 1, 3)))]
            plain = [
                each
                for each in units
                if not any(self.says(both.wire, command, said) for _, said in each[::2])
            ]
            if dice.random() < 0.3:
                both.setRules(more)
                self.converse(dice, both, plain)
            else:
                both.setRules(rules + more)
                # It is answered in the backend's place.
                refused = [unit(request, b"")] * (len(plain) // 5)
                self.converse(dice, both, plain + refused)
            if dice.random() < 0.5:
                before = len(both.journal)
                both.setRules(rules)
                there, back = both.give("client", request)
                if there in SUBSTITUTES:
                    there, back = both.give("backend", SUBSTITUTES[there])
                self.assertEqual(there, b"")
                self.assertNotEqual(back, b"")
                self.assertEqual(len(both.journal), before + 1)
        both.setRules([ERRORS[both.wire]])
        for probe in probes:
            before = len(both.journal)
            there, _ = both.give("client", probe)
            if there in SUBSTITUTES:
                there, _ = both.give("backend", SUBSTITUTES[there])
            self.assertEqual(there, b"")
            self.assertEqual(len(both.journal), before + 1)
        self.assertNotIn("opaque", [entry["kind"] for entry in both.journal])

    def looks(self, dice: random.Random, wire: str) -> dict[str, Any]:
        """
        A rule that changes no bytes, of which some say what happens to whole chunks.
        """
        if dice.random() < 0.3:
            return {**ERRORS[wire], "when": LOOKED[wire][1]}
        return {
            "behavior": "delay",
            "options": {"sleep": 0},
            "when": dice.choice(LOOKED[wire]),
            "percent": dice.choice((100, 100, 30)),
        }

    def says(self, wire: str, command: str, said: bytes) -> bool:
        """
        Whether one of the requests may be this command, so that it would not be answered.
        """
        if wire == "memcache":
            return command.encode() in said
        if wire == "mysql":
            return said[4:5] in {"COM_INIT_DB": b"\2", "COM_STMT_EXECUTE": b"\x17"}.get(
                command, b""
            )
        return command == "Parse" and said[:1] == b"P"

    @given(SEEDS)
    @settings(max_examples=100, deadline=None)
    def test_memcache(self, seed: int) -> None:
        """
        Lines and data blocks, some quiet, some wrong.
        """
        both = Both(self, "memcache")
        watched = [("incr", b"incr n 1\r\n"), ("get", b"get k\r\n"), ("ms", b"ms k 1\r\nx\r\n")]
        self.check(
            random.Random(seed), both, MEMCACHE, [b"get k\r\n", b"set k 0 0 1\r\nx\r\n"], watched
        )

    def test_memcacheValue(self) -> None:
        """
        A value that is not written as usual is one nevertheless.
        """
        both = Both(self, "memcache")
        both.give("client", b"get k\r\n" * 3)
        both.give("backend", b"VALUE  k 0 1\r\nx\r\nEND\r\n")
        both.setRules([{**ERRORS["memcache"], "when": {"command": "incr"}}])
        self.assertEqual(both.give("client", b"incr n 1\r\n"), (b"", b""))
        self.assertEqual(both.give("backend", b"END\r\n"), (b"", b"END\r\n"))
        self.assertIn(b"END\r\nSERVER_ERROR", both.give("backend", b"END\r\n")[1])

    def test_memcacheBarrier(self) -> None:
        """
        The answer to a barrier that nobody asked for is nobody's.
        """
        both = Both(self, "memcache")
        both.give("client", b"get k\r\n" * 2)
        both.give("backend", b"MN\r\n")
        both.give("backend", b"END\r\nMN\r\n")
        both.setRules([{**ERRORS["memcache"], "when": {"command": "incr"}}])
        self.assertEqual(both.give("client", b"incr n 1\r\n"), (b"", b""))
        self.assertIn(b"END\r\nSERVER_ERROR", both.give("backend", b"END\r\n")[1])

    @given(SEEDS, st.booleans(), st.booleans())
    @settings(max_examples=100, deadline=None)
    def test_mysql(self, seed: int, deprecated: bool, cache: bool) -> None:
        """
        Queries, statements that are prepared, results of all shapes, files.
        """
        both = Both(self, "mysql")
        for who, data in mysqlOpening(deprecated, cache):
            both.give(who, data)
        watched = [
            ("COM_PING", packet(0, b"\x0e")),
            ("COM_INIT_DB", packet(0, b"\2shop")),
            # It tells the types of the parameters, which the server is then owed.
            ("COM_STMT_EXECUTE", execution(1, b"\3\0")),
        ]
        units = mysql(deprecated) + (cached(deprecated) * 5 if cache else [])
        self.check(random.Random(seed), both, units, [*MYSQL_PROBES, query()], watched)

    def test_mysqlOwed(self) -> None:
        """
        An execution that must tell the server the types of its parameters is not passed over.
        """
        both = Both(self, "mysql")
        for who, data in (*mysqlOpening(True), *unit(PREPARE, prepared(1, True))):
            both.give(who, data)
        rules: Rules = [{**ERRORS["mysql"], "when": {"command": "COM_STMT_EXECUTE"}}]
        both.setRules(rules)
        both.give("client", execution(1, b"\3\0"))
        both.setRules([])
        self.assertEqual(both.give("client", execution(1))[0], execution(1, b"\3\0"))
        both.give("backend", table(deprecated=True))
        self.assertEqual(both.give("client", execution(1))[0], execution(1))

    def test_mysqlLong(self) -> None:
        """
        A command of several packets is not passed over, nor is a row.
        """
        both = Both(self, "mysql")
        for who, data in mysqlOpening(True):
            both.give(who, data)
        both.give("client", b"\xff\xff\xff\0\3" + b"x" * 0xFFFFFE)
        both.give("client", packet(1, b""))
        both.give("backend", err(2))
        result = table(1, 1, deprecated=True)
        # Behind the definition: packet 3, which goes on in packet 4.
        row = b"\xff\xff\xff\3" + b"\xfe" * 0xFFFFFF + packet(4, b"")
        both.give("client", query())
        both.give("backend", result[:-18] + row + ok(5, 2, 0xFE))
        both.give("client", query() * 2)
        both.give("backend", result * 2)

    @given(SEEDS)
    @settings(max_examples=100, deadline=None)
    def test_postgresql(self, seed: int) -> None:
        """
        Queries, groups of messages, names given to statements and portals, COPY.
        """
        both = Both(self, "postgresql")
        for who, data in POSTGRESQL_OPENING:
            both.give(who, data)
        watched = [
            ("Parse", parse("select 9", "n") + SYNC),
            ("FunctionCall", b"F\0\0\0\x08\0\0\0\7"),
        ]
        probes = [*POSTGRESQL_PROBES, select("select 1")]
        units = [each for each in POSTGRESQL if each[0][1][:1] != b"F"]
        self.check(random.Random(seed), both, units, probes, watched)

    def test_copied(self) -> None:
        """
        What is copied is called after its statement, which is not passed over, however it
        is asked.
        """
        rules: Rules = [
            {"behavior": "delay", "options": {"sleep": 1}, "when": {"command": "CopyData"}}
        ]
        both = Both(self, "postgresql")
        for who, data in POSTGRESQL_OPENING:
            both.give(who, data)
        both.setRules(rules)
        both.give("client", parse("copy t from stdin", "c") + SYNC)
        both.give("backend", PARSED + READY)
        for request, ready, copied in (
            (select("Copy t from stdin"), b"", DATA + message("c")),
            (bind("c") + execute() + SYNC, BOUND, DATA + message("c") + SYNC),
            (parse("copy u from stdin") + RUNS, PARSED + BOUND, message("c") + SYNC),
        ):
            before = len(both.journal)
            both.give("client", request)
            both.give("backend", ready + COPIES)
            self.assertEqual(both.give("client", copied), (b"", b""))
            [entry] = both.journal[before:]
            self.assertIn("from stdin", entry["description"])
            for pair in both.pairs:
                pair.clock.advance(1)
                self.assertEqual(pair.backend.heard(), copied)
            both.give("backend", FAILED + READY)
