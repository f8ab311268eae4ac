"""
Tests for L{vaurien_twisted.relays.pausing}, with PostgreSQL between two transports in
memory.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from tests.wire.postgresql.conversation_parts import (
    BEGINNING,
    DONE,
    FLUSH,
    READY,
    SYNC,
    bind,
    execute,
    message,
    parse,
)
from vaurien_twisted.relays.pausing import PAUSE
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.postgresql.messages import errorResponse

#: What a client may wait for the answers of, though it has sent no Sync and no Flush.
GROUP = parse("SELECT 1") + bind() + execute()

#: The error of every rule here.
ERROR = {"behavior": "error", "options": {"code": "40001", "message": "no"}}
REFUSED = errorResponse("ERROR", "40001", "no")

#: Whose rules no part of a group can meet.
APART = ("Query", "STARTUP", "CopyData", "FunctionCall")


def link(*rules: dict[str, Any]) -> Pair:
    """
    A link whose session has begun.
    """
    pair = Pair("postgresql")
    for who, data in BEGINNING:
        side = pair.relay if who == "client" else pair.backendProtocol
        side.dataReceived(data)
    pair.client.heard(), pair.backend.heard()
    ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("postgresql"))
    pair.factory.setPlan(planFromRules(ruleBuilder, list(rules)))
    return pair


class UnmetTests(SynchronousTestCase):
    """
    No rule can meet them.
    """

    def links(self) -> list[Pair]:
        """
        Without rules, and with rules for others.
        """
        apart = [{**ERROR, "when": {"command": command}} for command in APART]
        return [link(), link(*apart)]

    def test_pitfall26_atOnce(self) -> None:
        """
        Whole messages go on at once, each for itself, and the session is read on.
        """
        parts = [parse("SELECT 1"), bind(), execute(), bind() + execute(), SYNC]
        for pair in self.links():
            for part in parts:
                self.assertEqual(pair.ask(part), part)
            reply = message("1") + (message("2") + message("C", b"OK\0")) * 2 + READY
            self.assertEqual(pair.answer(reply), reply)
            for again in (parse("A", "a") + SYNC, bind("a") + execute() + SYNC):
                self.assertEqual(pair.ask(again), again)
                self.assertEqual(pair.answer(DONE), DONE)
            self.assertEqual(pair.clock.getDelayedCalls(), [])
            self.assertEqual(pair.relay.link.exchanges, 4)

    def test_pitfall26_tails(self) -> None:
        """
        The rest of a message does not wait where its beginning says all that is looked at.
        """
        value = b"x" * 50000
        begun = bind(value=value)
        text = "SELECT " + "x" * 40000
        for pair in self.links():
            for part in (GROUP, begun[:30], begun[30:40000], begun[40000:], execute(), SYNC):
                self.assertEqual(pair.ask(part), part)
            pair.answer(READY)
            for part in (begun[:30], begun[30:], SYNC):
                self.assertEqual(pair.ask(part), part)
            pair.answer(READY)
            long = parse(text)
            for part in (long[:20000], long[20000:], SYNC):
                self.assertEqual(pair.ask(part), part)
            self.assertEqual(pair.answer(READY), READY)

    def test_bytewise(self) -> None:
        """
        Byte by byte nothing is lost or moved.
        """
        said = (GROUP + bind(value=b"x" * 300) + execute() + SYNC) * 2 + GROUP + FLUSH
        for pair in self.links():
            heard = b"".join(pair.ask(said[at : at + 1]) for at in range(len(said)))
            self.assertEqual(heard, said)
            self.assertEqual(pair.relay.link.exchanges, 4)


class MetTests(SynchronousTestCase):
    """
    Some rule can meet them.
    """

    def test_pitfall26_atPause(self) -> None:
        """
        What may be met is decided when the client pauses, and goes on.
        """
        never = {**ERROR, "when": {"sql": "^DELETE"}}
        for parts in ([GROUP], [parse("SELECT 1"), bind(), execute()], [GROUP + bind()[:9]]):
            pair = link(never)
            for part in parts:
                self.assertEqual(pair.ask(part), b"")
                pair.clock.advance(PAUSE / 2)
            pair.clock.advance(PAUSE)
            self.assertEqual(pair.backend.heard(), b"".join(parts))
            rest = bind()[9:] + execute() if parts[0] is not GROUP and len(parts) == 1 else b""
            self.assertEqual(pair.ask(rest + SYNC), rest + SYNC)
            self.assertEqual(pair.answer(READY), READY)
            self.assertEqual(pair.clock.getDelayedCalls(), [])

    def test_pitfall26_oneExchange(self) -> None:
        """
        What comes without a pause is looked at together.
        """
        pair = link({**ERROR, "when": {"command": "Execute", "sql": "^DELETE"}})
        for part in (parse("DELETE"), bind(), execute()):
            self.assertEqual(pair.ask(part), b"")
        self.assertEqual(pair.ask(SYNC), b"")
        self.assertEqual(pair.client.heard(), REFUSED + READY)

    def test_pitfall26_refused(self) -> None:
        """
        An error comes at once to a client that waits for it, and the Sync goes on.
        """
        pair = link({**ERROR, "when": {"command": "Execute"}})
        self.assertEqual(pair.ask(GROUP), b"")
        pair.clock.advance(PAUSE)
        self.assertEqual((pair.client.heard(), pair.backend.heard()), (REFUSED, b""))
        self.assertEqual(pair.ask(bind() + execute()), b"")
        self.assertEqual(pair.ask(SYNC), SYNC)
        self.assertEqual(pair.answer(READY), READY)

    def test_ended(self) -> None:
        """
        Nothing is left of a link that ends first.
        """
        for ends in (Pair.loseClient, Pair.loseBackend):
            pair = link(ERROR)
            pair.ask(GROUP)
            ends(pair)
            pair.clock.advance(2 * PAUSE)
            self.assertEqual(pair.clock.getDelayedCalls(), [])
