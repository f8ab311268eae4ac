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
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.wire.mysql.packets import packet
from vaurien_twisted.wire.postgresql.messages import COPY_FAIL_MESSAGE, errorResponse

WORDS = {
    "smtp": {"code": "451", "message": "no"},
    "postgresql": {"code": "40001", "message": "no"},
    "mysql": {"code": "1213", "message": "no"},
}

#: The beginning of a mail session.
GREETED = [("backend", b"220 hi\r\n"), ("client", b"EHLO a\r\n"), ("backend", b"250 hi\r\n")]

#: What is said in place of a reply.
REFUSED = errorResponse("ERROR", "40001", "no")
LOCAL_ERROR = b"451 4.3.0 no\r\n"
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
    turns = {"postgresql": BEGINNING, "mysql": opening(), "smtp": GREETED}[wire]
    for who, data in turns:
        side = pair.relay if who == "client" else pair.backendProtocol
        side.dataReceived(data)
    pair.client.heard(), pair.backend.heard()
    pair.factory.setPlan(refusing(wire, *before, at="reply"))
    return pair


def refusing(wire: str, *before: dict[str, Any], at: str = "request") -> Plan:
    """
    A plan by which every exchange is answered with an error.
    """
    error = {"behavior": "error", "options": {"at": at, **WORDS[wire]}}
    return planFromRules(RuleBuilder(REGISTRY, wire=REGISTRY.wire(wire)), [*before, error])


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
                self.assertEqual(pair.backend.heard(), COPY_FAIL_MESSAGE)
                self.assertEqual(pair.answer(FAILED + BROKEN), BROKEN)
                self.goesOn(pair)

    def test_pitfall23_several(self) -> None:
        """
        Each COPY of one query is ended, should the backend go on with the next.
        """
        pair = link("postgresql")
        pair.ask(query("COPY a FROM STDIN; COPY b FROM STDIN"))
        self.assertEqual(pair.answer(COPY_IN), REFUSED)
        self.assertEqual(pair.backend.heard(), COPY_FAIL_MESSAGE)
        self.assertEqual(pair.answer(COPY_IN), b"")
        self.assertEqual(pair.backend.heard(), COPY_FAIL_MESSAGE)
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
        self.assertEqual(pair.backend.heard(), COPY_FAIL_MESSAGE + SYNC)
        self.assertEqual(pair.answer(FAILED + READY), READY)
        self.goesOn(pair)
        pair = link("postgresql")
        pair.ask(group + FLUSH)
        self.assertEqual(pair.answer(answered + COPY_IN), REFUSED)
        self.assertEqual(pair.backend.heard(), COPY_FAIL_MESSAGE)
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
        self.assertEqual(pair.backend.heard(), COPY_FAIL_MESSAGE)
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


class ChangeUserTests(SynchronousTestCase):
    """
    MySQL's COM_CHANGE_USER.
    """

    def test_outcome(self) -> None:
        """
        Where the server answers at once the session goes on.
        """
        for outcome in (ok(1), err(1)):
            pair = link("mysql")
            pair.ask(packet(0, b"\x11app\0"))
            self.assertEqual(pair.answer(outcome), DEADLOCK)
            self.assertEqual(pair.client.ended, [])
            self.assertEqual(pair.ask(command(b"A")), command(b"A"))

    def test_asked(self) -> None:
        """
        Where it asks for the password the connection ends: only the client could answer.
        """
        for size in (1, 1000):
            pair = link("mysql")
            pair.ask(packet(0, b"\x11app\0"))
            reply = packet(1, b"\xfemysql_native_password\0salt\0")
            heard = b"".join(
                pair.answer(reply[at : at + size]) for at in range(0, len(reply), size)
            )
            self.assertEqual(heard, DEADLOCK)
            self.assertEqual(pair.client.ended, ["lose"])


class MailTests(SynchronousTestCase):
    """
    SMTP: the server asks for a password, for the text of a mail, or for TLS.
    """

    def test_password(self) -> None:
        """
        The server is told that the client gives up, what it says to that is swallowed, and the
        session goes on.
        """
        for size in (1, 1000):
            pair = link("smtp")
            pair.ask(b"AUTH LOGIN\r\n")
            reply = b"334 VXNlcm5hbWU6\r\n"
            heard = b"".join(
                pair.answer(reply[at : at + size]) for at in range(0, len(reply), size)
            )
            self.assertEqual(heard, LOCAL_ERROR)
            self.assertEqual(pair.backend.heard(), b"*\r\n")
            self.assertEqual(pair.answer(b"501 cancelled\r\n"), b"")
            self.assertEqual(pair.client.ended, [])
            pair.setBehavior("dummy")
            self.assertEqual(pair.ask(b"NOOP\r\n"), b"NOOP\r\n")
            self.assertEqual(pair.answer(b"250 OK\r\n"), b"250 OK\r\n")

    def test_outcome(self) -> None:
        """
        Where the server asks for nothing the session goes on.
        """
        for line, reply in (
            (b"AUTH PLAIN AGEAYg==\r\n", b"235 2.7.0 OK\r\n"),
            (b"AUTH PLAIN AGEAYg==\r\n", b"535 5.7.8 no\r\n"),
            (b"DATA\r\n", b"503 5.5.1 no recipients\r\n"),
            (b"STARTTLS\r\n", b"454 4.7.0 not now\r\n"),
        ):
            pair = link("smtp")
            pair.ask(line)
            self.assertIn(b" no\r\n", pair.answer(reply))
            self.assertEqual(pair.client.ended, [], line)
            pair.setBehavior("dummy")
            self.assertEqual(pair.ask(b"NOOP\r\n"), b"NOOP\r\n")
            self.assertEqual(pair.answer(b"250 OK\r\n"), b"250 OK\r\n")

    def test_asked(self) -> None:
        """
        Where it waits for a text or for TLS the connection ends: it would take the client's
        next command for that.
        """
        for line, reply in ((b"DATA\r\n", b"354 go\r\n"), (b"STARTTLS\r\n", b"220 go\r\n")):
            for size in (1, 1000):
                pair = link("smtp")
                pair.ask(line)
                heard = b"".join(
                    pair.answer(reply[at : at + size]) for at in range(0, len(reply), size)
                )
                self.assertEqual(heard, LOCAL_ERROR)
                self.assertEqual(pair.client.ended, ["lose"], line)


class CopyRefusedTests(SynchronousTestCase):
    """
    An error in the place of the client's data of a COPY.
    """

    def test_simple(self) -> None:
        """
        The backend is told that nothing comes, and the session goes on with the error.
        """
        for size in (1, 1000):
            pair = link("postgresql")
            pair.setBehavior("dummy")
            pair.ask(query("COPY t FROM STDIN"))
            self.assertEqual(pair.answer(COPY_IN), COPY_IN)
            pair.factory.setPlan(refusing("postgresql"))
            data = message("d", b"1\n") + message("d", b"2\n") + message("c")
            sent = b"".join(pair.ask(data[at : at + size]) for at in range(0, len(data), size))
            self.assertEqual(sent, COPY_FAIL_MESSAGE)
            self.assertEqual(pair.answer(FAILED + READY), REFUSED + READY)
            pair.setBehavior("dummy")
            self.assertEqual(pair.ask(query("B")), query("B"))
            self.assertEqual(pair.answer(DONE), DONE)
            self.assertEqual(pair.client.ended, [])

    def test_extended(self) -> None:
        """
        Within the extended protocol the backend also gets the Sync behind the data.
        """
        pair = link("postgresql")
        pair.setBehavior("dummy")
        pair.ask(parse("COPY t FROM STDIN") + bind() + execute() + SYNC)
        pair.answer(message("1") + message("2") + COPY_IN)
        pair.factory.setPlan(refusing("postgresql"))
        sent = pair.ask(message("d", b"1\n") + message("c") + SYNC)
        self.assertEqual(sent, COPY_FAIL_MESSAGE + SYNC)
        self.assertEqual(pair.answer(FAILED + READY), REFUSED + READY)
        pair.setBehavior("dummy")
        self.assertEqual(pair.ask(query("B")), query("B"))
        self.assertEqual(pair.answer(DONE), DONE)
