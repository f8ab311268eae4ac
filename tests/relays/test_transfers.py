"""
Tests for L{vaurien_twisted.relays.exchanges}: the backend asks for data in a reply that was
replaced, so that the relay answers.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from tests.wire.mysql.script import err, ok, opening, table
from tests.wire.mysql.script import query as command
from tests.wire.postgresql.conversation_parts import (
    BEGINNING,
    COPY_IN,
    DONE,
    FAILED,
    FLUSH,
    READY,
    SYNC,
    bind,
    execute,
    message,
    parse,
    query,
)
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.mysql.packets import packet
from vaurien_twisted.wire.postgresql.messages import errorResponse
from vaurien_twisted.wire.postgresql.replies import COPY_FAIL

WORDS = {
    "postgresql": {"code": "40001", "message": "no"},
    "mysql": {"code": "1213", "message": "no"},
}

#: What is said in place of a reply.
REFUSED = errorResponse("ERROR", "40001", "no")
DEADLOCK = packet(1, b"\xff\xbd\x04#40001no")

#: What may stand before COPY, and within its words.
COPIES = (
    "COPY t FROM STDIN",
    "/* app */ copy t from stdin",
    "-- app\nCOPY t FROM\n/* here */ STDIN",
    "BEGIN; COPY t FROM STDIN",
    ";;(COPY t FROM 'STDIN')",
)

#: That the backend wants a file, and where transactions stand after it failed.
WANTED = b"\xfbx.csv"
IN, BROKEN = message("Z", b"T"), message("Z", b"E")


def link(wire: str, *before: dict[str, Any]) -> Pair:
    """
    A link whose session has begun, and on which then every reply is an error.

    @param before: rules that come before that one.
    """
    pair = Pair(wire)
    turns = BEGINNING if wire == "postgresql" else opening()
    for who, data in turns:
        side = pair.relay if who == "client" else pair.backendProtocol
        side.dataReceived(data)
    pair.client.heard(), pair.backend.heard()
    error = {"behavior": "error", "options": {"at": "reply", **WORDS[wire]}}
    ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire(wire))
    pair.factory.setPlan(planFromRules(ruleBuilder, [*before, error]))
    return pair


class CopyTests(SynchronousTestCase):
    """
    PostgreSQL's COPY FROM STDIN.
    """

    def goesOn(self, pair: Pair) -> None:
        """
        The session does, and rules still meet it.
        """
        self.assertEqual(pair.client.ended, [])
        self.assertEqual(pair.ask(query("A")), query("A"))
        self.assertEqual(pair.answer(DONE), REFUSED + READY)
        pair.setBehavior("dummy")
        self.assertEqual(pair.ask(query("B")), query("B"))
        self.assertEqual(pair.answer(DONE), DONE)
        self.assertEqual(pair.backend.heard(), b"")

    def test_pitfall23_simple(self) -> None:
        """
        The backend is told that nothing comes, what it says to that is swallowed, and the
        client hears when it is ready, however the statement begins.
        """
        for text in COPIES:
            for size in (1, 1000):
                pair = link("postgresql")
                self.assertEqual(pair.ask(query(text)), query(text))
                before = message("C", b"BEGIN\0") if "BEGIN" in text else b""
                reply = before + COPY_IN
                heard = b"".join(
                    pair.answer(reply[at : at + size]) for at in range(0, len(reply), size)
                )
                self.assertEqual(heard, REFUSED)
                self.assertEqual(pair.backend.heard(), COPY_FAIL)
                self.assertEqual(pair.answer(FAILED + BROKEN), BROKEN)
                self.goesOn(pair)

    def test_pitfall23_several(self) -> None:
        """
        Each COPY of one query is ended, should the backend go on with the next.
        """
        pair = link("postgresql")
        pair.ask(query("COPY a FROM STDIN; COPY b FROM STDIN"))
        self.assertEqual(pair.answer(COPY_IN), REFUSED)
        self.assertEqual(pair.backend.heard(), COPY_FAIL)
        self.assertEqual(pair.answer(COPY_IN), b"")
        self.assertEqual(pair.backend.heard(), COPY_FAIL)
        self.assertEqual(pair.answer(FAILED + READY), READY)
        self.goesOn(pair)

    def test_pitfall23_extended(self) -> None:
        """
        Behind a Sync that was ignored another is needed, behind a Flush it is the client's.
        """
        group = parse("/* app */ COPY t FROM STDIN") + bind() + execute()
        answered = message("1") + message("2")
        pair = link("postgresql")
        pair.ask(group + SYNC)
        self.assertEqual(pair.answer(answered + COPY_IN), REFUSED)
        self.assertEqual(pair.backend.heard(), COPY_FAIL + SYNC)
        self.assertEqual(pair.answer(FAILED + READY), READY)
        self.goesOn(pair)
        pair = link("postgresql")
        pair.ask(group + FLUSH)
        self.assertEqual(pair.answer(answered + COPY_IN), REFUSED)
        self.assertEqual(pair.backend.heard(), COPY_FAIL)
        self.assertEqual(pair.answer(FAILED), b"")
        self.assertEqual(pair.ask(SYNC), SYNC)
        self.assertEqual(pair.answer(READY), READY)
        self.goesOn(pair)

    def test_pitfall23_bothDirections(self) -> None:
        """
        A copy in both directions, as in replication, is ended from the client's side.
        """
        pair = link("postgresql")
        pair.ask(query("START_REPLICATION 0/0"))
        self.assertEqual(pair.answer(message("W", b"\0\0\0") + message("d", b"k")), REFUSED)
        self.assertEqual(pair.backend.heard(), message("c"))
        self.assertEqual(pair.answer(message("d", b"w") + message("c") + DONE), READY)
        self.goesOn(pair)

    def test_pitfall23_asked(self) -> None:
        """
        An answer that passes asks the client, and no one else.
        """
        pair = link("postgresql")
        pair.setBehavior("delay", sleep=0)
        pair.ask(query(COPIES[1]))
        self.assertEqual(pair.answer(COPY_IN), COPY_IN)
        self.assertEqual(pair.backend.heard(), b"")
        self.assertEqual(pair.ask(message("f", b"no\0")), message("f", b"no\0"))
        self.assertEqual(pair.answer(FAILED + READY), FAILED + READY)

    def test_pitfall23_delayed(self) -> None:
        """
        So it is where the error comes late.
        """
        pair = link("postgresql", {"behavior": "delay", "options": {"sleep": 1, "before": False}})
        pair.ask(query(COPIES[0]))
        self.assertEqual(pair.answer(COPY_IN), b"")
        self.assertEqual(pair.backend.heard(), COPY_FAIL)
        self.assertEqual(pair.answer(FAILED + IN), b"")
        pair.clock.advance(1)
        self.assertEqual(pair.client.heard(), REFUSED + BROKEN)


class FileTests(SynchronousTestCase):
    """
    MySQL's LOAD DATA LOCAL INFILE.
    """

    def goesOn(self, pair: Pair) -> None:
        """
        The session does, and rules still meet it.
        """
        self.assertEqual(pair.client.ended, [])
        self.assertEqual(pair.ask(command(b"A")), command(b"A"))
        self.assertEqual(pair.answer(ok(1)), DEADLOCK)
        pair.setBehavior("dummy")
        self.assertEqual(pair.ask(command(b"B")), command(b"B"))
        self.assertEqual(pair.answer(table()), table())
        self.assertEqual(pair.backend.heard(), b"")

    def test_pitfall23_file(self) -> None:
        """
        The server gets the empty packet that ends a file, and what it says to that is
        swallowed, further results too, however the statement begins.
        """
        for text in (b"LOAD DATA LOCAL INFILE 'x'", b"/* app */ LOAD XML LOCAL", b"EXECUTE s"):
            for outcome in (ok(3), err(3), ok(3, 10) + table(4)):
                for size in (1, 1000):
                    pair = link("mysql")
                    pair.ask(command(text))
                    wanted = packet(1, WANTED)
                    parts = [wanted[at : at + size] for at in range(0, len(wanted), size)]
                    self.assertEqual(b"".join(map(pair.answer, parts)), DEADLOCK)
                    self.assertEqual(pair.backend.heard(), packet(2, b""))
                    self.assertEqual(pair.answer(outcome), b"")
                    self.goesOn(pair)

    def test_pitfall23_later(self) -> None:
        """
        Where the file is wanted behind a result, the client's next request waits until that
        is over: the server would take it for the file.
        """
        for size in (1, 1000):
            pair = link("mysql")
            pair.ask(command(b"SELECT 1; LOAD DATA LOCAL INFILE 'x' INTO TABLE t"))
            first = table(1, 2, 10)
            heard = b"".join(
                pair.answer(first[at : at + size]) for at in range(0, len(first), size)
            )
            self.assertEqual(heard, DEADLOCK)
            self.assertEqual(pair.ask(command(b"A")), b"")
            number = 1 + first.count(b"def") + 4
            self.assertEqual(pair.answer(packet(number + 1, WANTED)), b"")
            self.assertEqual(pair.backend.heard(), packet(number + 2, b""))
            self.assertEqual(pair.answer(ok(number + 3)), b"")
            self.assertEqual(pair.backend.heard(), command(b"A"))
            self.assertEqual(pair.answer(ok(1)), DEADLOCK)
            self.goesOn(pair)

    def test_pitfall23_asked(self) -> None:
        """
        An answer that passes asks the client, and no one else.
        """
        pair = link("mysql")
        pair.setBehavior("delay", sleep=0)
        pair.ask(command(b"LOAD DATA LOCAL INFILE 'x' INTO TABLE t"))
        self.assertEqual(pair.answer(packet(1, WANTED)), packet(1, WANTED))
        self.assertEqual(pair.backend.heard(), b"")
        file = packet(2, b"1\n") + packet(3, b"")
        self.assertEqual(pair.ask(file), file)
        self.assertEqual(pair.answer(ok(4)), ok(4))
