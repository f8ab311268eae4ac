"""
Tests for links that pass over exchanges because no rule matches them, and for what waits in
batches: of two links, one of which looks at every exchange in the slow way, nobody can tell
which one it is.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.model.exchange import PassedBatch
from vaurien_twisted.relays.ends import LinkState
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.fastpath import MOST_DECIDED

#: Matches every exchange and never applies, so that all have to be decided.
ASKED = {"behavior": "error", "after": 10**6}

SEEDS = st.integers(0, 2**32 - 1)

Rules = list[dict[str, Any]]


def get(key: str, command: str = "GET") -> bytes:
    """
    A Redis command with one key.
    """
    words = (command.encode(), key.encode())
    return b"*2\r\n" + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def http(target: str, method: str = "GET", fields: str = "") -> bytes:
    """
    A request without a body.
    """
    return f"{method} {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode()


#: By protocol: requests, replies, and what rules look at.
SPOKEN: dict[str, tuple[list[bytes], list[bytes], list[dict[str, Any]]]] = {
    "redis": (
        [
            get("user:1"),
            get("user:2"),
            get("other"),
            get("caf\u00e9"),
            get("user:1", "INCR"),
            get("user:1", "DEL"),
            b"*3\r\n$3\r\nSET\r\n$6\r\nuser:1\r\n$2\r\nhi\r\n",
            b"*3\r\n$4\r\nMGET\r\n$1\r\na\r\n$6\r\nuser:1\r\n",
            b"*1\r\n$4\r\nPING\r\n",
            b"PING\r\n",
        ],
        [b"+OK\r\n", b"$3\r\nxxx\r\n", b"$-1\r\n", b":1\r\n", b"*1\r\n:2\r\n"],
        [
            {"key": "user:*"},
            {"key": "never"},
            {"command": "GET", "key": "user:2"},
            {"command": ["SET", "INCR"]},
            {"client": "203.0.113.9"},
        ],
    ),
    "http": (
        [
            http("/a"),
            http("/a?b=c"),
            http("/api/x"),
            http("/a", "DELETE"),
            http("/a", "HEAD"),
            http("/h", fields="X-Tenant: acme\r\n"),
            b"POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
        ],
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
            b"HTTP/1.1 204 No\r\n\r\n",
        ],
        [
            {"path": "/api/*"},
            {"path": "/never"},
            {"header": {"X-Tenant": "a*"}},
            {"method": "DELETE"},
            {"command": "GET", "path": "/a"},
        ],
    ),
}

#: What may be done; all keep the connection.
FAULTS: list[dict[str, Any]] = [
    {"behavior": "error"},
    {"behavior": "delay", "options": {"sleep": 0.25}},
    {"behavior": "delay", "options": {"sleep": 0}},
    {"behavior": "delay", "options": {"sleep": 0.5}},
    {"behavior": "delay", "options": {"sleep": 0, "before": False}},
    {"behavior": "delay", "options": {"sleep": 0.25, "before": False}},
    {"behavior": "hang"},
]

#: What does nothing but let exchanges wait, in the same way each.
WAITS = [FAULTS[1], *(each for each in FAULTS if each["behavior"] == "hang"), FAULTS[2], FAULTS[3]]


class SelectTests(SynchronousTestCase):
    """
    The fast way and the slow way.
    """

    def setRules(self, pairs: tuple[Pair, Pair], wire: str, rules: Rules) -> None:
        """
        Put rules in force on both.
        """
        builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire(wire))
        for pair, more in zip(pairs, ([], [ASKED]), strict=True):
            pair.factory.setPlan(planFromRules(builder, rules + more))

    def journal(self, pair: Pair) -> list[dict[str, Any]]:
        """
        What happened, without what says which of the two it is; only the fast path has times and
        sizes that several exchanges share.
        """
        return [
            {name: entry[name] for name in entry.keys() - {"time", "timing"}}
            for entry in pair.factory.journal.since()
        ]

    def held(self, link: Any) -> Any:
        """
        What keeps the oldest waiting exchange back, and its number.
        """
        exchange, step = link.snapshot.held or (None, None)
        return None if exchange is None else (exchange.number, exchange.description, step.command)

    def play(self, wire: str, dice: random.Random) -> None:
        """
        A conversation cut at random, on which rules change and time passes.
        """
        requests, replies, conditions = SPOKEN[wire]
        pairs = (Pair(wire), Pair(wire))
        self.setRules(pairs, wire, [])
        plain = [reply for reply in replies if wire == "http" or dice.random() < 0.7] or replies
        awaited = 0
        for _ in range(dice.randrange(4, 40)):
            act = dice.random()
            if act < 0.15:
                # What only waits can be decided for whole chunks.
                faults = FAULTS if dice.random() < 0.6 else WAITS
                rules = [
                    {**dice.choice(faults), "when": dice.choice(conditions)}
                    for _ in range(dice.randrange(3))
                ]
                if dice.random() < 0.3:
                    rules.append({"behavior": "error", "percent": dice.choice((5, 10, 20))})
                for rule in rules:
                    if dice.random() < 0.3:
                        rule["percent"] = dice.choice((5, 20, 60))
                if dice.random() < 0.6:
                    rules.insert(dice.randrange(len(rules) + 1), dice.choice(faults[1:]))
                self.setRules(pairs, wire, rules)
            elif act < 0.3:
                for pair in pairs:
                    pair.clock.advance(0.25)
            elif act < 0.65:
                chosen = [dice.choice(requests) for _ in range(dice.choice((1, 1, 4, 16)))]
                data = b"".join(chosen)
                size = dice.choice((len(data), len(data), 9))
                for at in range(0, len(data), size):
                    pairs[0].relay.dataReceived(data[at : at + size])
                # Here nothing is written together.
                for request in chosen:
                    pairs[1].relay.dataReceived(request)
            else:
                count = min(awaited, dice.choice((1, 4, 16)))
                if wire == "http":
                    count = min(count, 1)
                answers = [dice.choice(plain) for _ in range(count)]
                awaited -= count
                data = b"".join(answers)
                # A body that no request has asked for is not of the protocol.
                cut = dice.choice((0, 0, dice.randrange(len(data) + 1))) if wire == "redis" else 0
                for part in filter(None, (data[:cut], data[cut:])):
                    pairs[0].backendProtocol.dataReceived(part)
                for answer in answers:
                    pairs[1].backendProtocol.dataReceived(answer)
            backends = [pair.backend.heard() for pair in pairs]
            clients = [pair.client.heard() for pair in pairs]
            self.assertEqual(backends[0], backends[1])
            self.assertEqual(clients[0], clients[1])
            awaited += sum(backends[0].count(mark) for mark in (b"*1\r\n$", b"*2\r\n$", b"*3\r\n$"))
            awaited += backends[0].count(b" HTTP/1.1") - backends[0].count(b"HEAD ")
            links = [pair.relay.link for pair in pairs]
            if links[0] is None or links[0].state.value != links[1].state.value:
                break
            self.assertEqual(links[0].exchanges, links[1].exchanges)
            # Of several waits those of whole chunks are over together.
            faults = [len(link.snapshot.faults) for link in links]
            self.assertEqual(faults[0], faults[1])
            for name in ("state", "last"):
                told = [getattr(link.snapshot, name) for link in links]
                # Of what was passed over, an opaque link knows nothing.
                if name != "last" or links[0].state is not LinkState.OPAQUE:
                    self.assertEqual(told[0], told[1], name)
            self.assertEqual(self.held(links[0]), self.held(links[1]))
        self.assertEqual(self.journal(pairs[0]), self.journal(pairs[1]))
        counters = [pair.factory.counters for pair in pairs]
        self.assertEqual(counters[0].faults, counters[1].faults)
        self.assertEqual(counters[0].duration.fine, counters[1].duration.fine)
        tallies = [pair.factory.decider.tally for pair in pairs]
        for place in range(len(pairs[0].factory.decider.plan.draws)):
            told = [tally((place, 0)) for tally in tallies]
            for name in ("seen", "applied", "struck", "decided"):
                self.assertEqual(getattr(told[0], name), getattr(told[1], name), name)
        added = [each.added for each in counters]
        self.assertEqual(added[0].count, added[1].count)
        self.assertAlmostEqual(added[0].total, added[1].total)

    @settings(deadline=None, max_examples=150)
    @given(SEEDS)
    def test_pitfall42_redis(self, seed: int) -> None:
        """
        Redis, with rules by key.
        """
        self.play("redis", random.Random(seed))

    @settings(deadline=None, max_examples=150)
    @given(SEEDS)
    def test_pitfall42_http(self, seed: int) -> None:
        """
        HTTP, with rules by path and by field.
        """
        self.play("http", random.Random(seed))

    def test_many(self) -> None:
        """
        Where something happens to very many in one chunk, they are decided one by one.
        """
        pair = Pair("redis", "delay", options={"sleep": 0})
        pair.ask(get("a"))
        for count, together in ((MOST_DECIDED, True), (MOST_DECIDED + 1, False)):
            self.assertEqual(len(pair.ask(get("a") * count)), count * len(get("a")))
            waiting = pair.relay.link._framed.exchanges.state.replyOrder.waiting
            self.assertEqual(isinstance(waiting[-1], PassedBatch), together)
        self.assertEqual(pair.factory.counters.faults, {("delay", ""): 2 * MOST_DECIDED + 2})

    def test_divided(self) -> None:
        """
        Of a pipeline in which a percentage chooses some requests, the others pass in batches; all
        that is to be written at one time is written at once, and each answer has its place.
        """
        pair = Pair("redis")
        builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("redis"))
        rule = {"behavior": "error", "options": {"code": "nil"}, "percent": 20}
        pair.factory.setPlan(planFromRules(builder, [rule]))
        pair.ask(get("a"))
        pair.answer(b":1\r\n")
        written: list[list[bytes]] = [[], []]
        state = pair.relay.link._framed.exchanges.state
        state.toBackend.write, state.toClient.write = (each.append for each in written)
        batches = 0
        for first in range(2, 2 + 20 * 16, 16):
            pair.relay.dataReceived(get("a") * 16)
            batches += sum(isinstance(each, PassedBatch) for each in state.replyOrder.waiting)
            struck = {entry["exchange"] for entry in pair.factory.journal.since()}
            numbers = range(first, first + 16)
            passing = sum(number not in struck for number in numbers)
            self.assertEqual(written[0], [get("a") * passing])
            self.assertEqual(state.fastPath.refused, b"")
            pair.backendProtocol.dataReceived(b":1\r\n" * passing)
            answers = [b"$-1\r\n" if number in struck else b":1\r\n" for number in numbers]
            self.assertEqual(b"".join(written[1]), b"".join(answers))
            # What precedes all replies is answered at once.
            self.assertLessEqual(len(written[1]), 2)
            for each in written:
                each.clear()
        self.assertGreater(len(struck), 20)
        self.assertGreater(batches, 20)

    def test_passes(self) -> None:
        """
        What a rule by key does not match is passed over; what it matches is told apart.
        """
        pair = Pair("redis")
        builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("redis"))
        rules = [{"behavior": "error", "when": {"key": "user:*"}}]
        pair.factory.setPlan(planFromRules(builder, rules))
        for _ in range(2):
            self.assertEqual(pair.ask(get("other") * 3), get("other") * 3)
            self.assertEqual(pair.answer(b"+OK\r\n" * 3), b"+OK\r\n" * 3)
        state = pair.relay.link._framed.exchanges.state
        # Of a command that was never seen before, the first ones are told apart.
        self.assertEqual(state.exchanges, 6)
        self.assertLessEqual(len(state.recentExchanges), 3)
        self.assertEqual(pair.ask(get("other") + get("user:1")), get("other"))
        self.assertEqual(pair.answer(b"+OK\r\n")[:6], b"+OK\r\n-")
