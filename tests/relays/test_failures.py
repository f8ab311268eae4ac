"""
Tests for counting exchanges that fail, on the fast path and beside it.
"""

from __future__ import annotations

from twisted.internet.error import ConnectionRefusedError
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.exchanges import (
    COLUMNS,
    FAILED,
    POSTGRESQL_OPENING,
    ROW,
    Unit,
    execution,
    mysqlOpening,
    named,
    unit,
)
from tests.relays.support import REGISTRY, Pair
from tests.wire.mysql.script import err, query, table
from tests.wire.postgresql.conversation_parts import READY, message
from tests.wire.postgresql.conversation_parts import query as select
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.mysql.packets import packet

#: Never matches, but has to be asked.
ASKED = {"behavior": "error", "when": {"client": "203.0.113.9"}}

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
BAD = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nbad"
PUT = b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"

#: By protocol: what opens a connection, exchanges, and what is counted of them.
CASES: list[tuple[str, Unit, list[Unit], dict[tuple[str, str], int]]] = [
    (
        "http",
        [],
        [
            unit(GET, GOOD),
            unit(GET, BAD),
            unit(PUT, BAD.replace(b"503", b"404")),
            unit(GET, b"HTTP/1.1 304 Not Modified\r\n\r\n"),
            unit(GET, b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
            unit(GET + PUT + GET, GOOD + BAD + GOOD),
        ],
        {("GET", "503"): 1, ("POST", "404"): 1, ("GET", "500"): 1, ("POST", "503"): 1},
    ),
    (
        "redis",
        [],
        [
            unit(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", b"$1\r\nx\r\n"),
            unit(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", b"-WRONGTYPE Operation\r\n"),
            unit(b"*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n", b"-ERR value is not an integer\r\n"),
            unit(b"PING\r\n", b"!8\r\nERR wait\r\n"),
            unit(b"*1\r\n$5\r\nMULTI\r\n" + b"*1\r\n$4\r\nEXEC\r\n", b"+OK\r\n-EXECABORT no\r\n"),
        ],
        {
            ("GET", "WRONGTYPE"): 1,
            ("INCR", "ERR"): 1,
            ("PING", "ERR"): 1,
            ("EXEC", "EXECABORT"): 1,
        },
    ),
    (
        "memcache",
        [],
        [
            unit(b"get k\r\n", b"VALUE k 0 5\r\nERROR\r\nEND\r\n"),
            unit(b"get k\r\n", b"SERVER_ERROR out of memory\r\n"),
            unit(b"set k 0 0 1\r\nx\r\n", b"SERVER_ERROR object too large\r\n"),
            unit(b"nonsense\r\n", b"ERROR\r\n"),
            unit(b"delete k\r\n", b"NOT_FOUND\r\n"),
        ],
        {("get", "SERVER_ERROR"): 1, ("set", "SERVER_ERROR"): 1, ("nonsense", "ERROR"): 1},
    ),
    (
        "mysql",
        mysqlOpening(True),
        [
            unit(query(), table(1, 1, 2, True)),
            unit(query(b"wrong"), err(1)),
            unit(execution(9), err(1)),
            unit(packet(0, b"\x02nowhere"), err(1)),
            unit(query(b"select and fail"), table(1, 2, 2, True)[:-11] + err(5)),
        ],
        {("COM_QUERY", "1064"): 2, ("COM_STMT_EXECUTE", "1064"): 1, ("COM_INIT_DB", "1064"): 1},
    ),
    (
        "postgresql",
        POSTGRESQL_OPENING,
        [
            unit(select("select 1"), COLUMNS + ROW + message("C", b"SELECT 1\0") + READY),
            unit(select("wrong"), FAILED + READY),
            unit(named("unknown"), FAILED + READY),
            unit(select("select 1"), COLUMNS + ROW + FAILED + READY),
        ],
        {("Query", "42601"): 2, ("Execute", "42601"): 1},
    ),
    (
        "smtp",
        [("backend", b"220 ready\r\n")],
        [
            unit(b"EHLO me\r\n", b"250-hello\r\n250 SIZE\r\n"),
            unit(b"MAIL FROM:<a@b>\r\n", b"250 ok\r\n"),
            unit(b"RCPT TO:<c@d>\r\n", b"450-busy\r\n450 later\r\n"),
            unit(b"RCPT TO:<e@f>\r\n", b"550 no\r\n"),
            unit(b"DATA\r\n", b"354 go\r\n"),
            unit(b"hello\r\n.\r\n", b"554 spam\r\n"),
        ],
        {("RCPT", "450"): 1, ("RCPT", "550"): 1, ("MESSAGE", "554"): 1},
    ),
]


def pairUnder(wire: str, *rules: dict[str, object]) -> Pair:
    """
    A link under rules.
    """
    pair = Pair(wire)
    builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire(wire))
    pair.factory.setPlan(planFromRules(builder, list(rules)))
    return pair


class ErrorTests(SynchronousTestCase):
    """
    Replies that are errors of the protocol.
    """

    def say(self, pair: Pair, parts: Unit, size: int) -> None:
        """
        Both say what C{parts} has, in chunks.
        """
        for who, data in parts:
            for at in range(0, len(data), size):
                chunk = data[at : at + size]
                (pair.ask if who == "client" else pair.answer)(chunk)

    def test_counted(self) -> None:
        """
        Each is counted by its command and code, whether it passes on the fast path or not, and
        however it is cut.
        """
        for wire, opening, units, counted in CASES:
            for rules in ((), (ASKED,)):
                for size in (1 << 20, 1):
                    pair = pairUnder(wire, *rules)
                    self.say(pair, opening, 1 << 20)
                    for each in units:
                        self.say(pair, each, size)
                    errors = pair.factory.counters.errors
                    self.assertEqual(errors, counted, (wire, rules, size))

    def test_fault(self) -> None:
        """
        The error of a fault counts as one of the backend's; an error of the backend's that a
        fault replaces does not count beside it.
        """
        for at in ("request", "reply"):
            rule = {"behavior": "error", "options": {"code": "500", "at": at}}
            pair = pairUnder("http", rule)
            pair.ask(GET)
            if at == "reply":
                pair.answer(BAD)
            self.assertEqual(pair.factory.counters.errors, {("GET", "500"): 1}, at)


class UnansweredTests(SynchronousTestCase):
    """
    Connections that end with exchanges under way.
    """

    def test_backend(self) -> None:
        """
        The backend closes its connection, or resets it.
        """
        for clean in (True, False):
            for rules in ([], [ASKED]):
                pair = pairUnder("http", *rules)
                pair.ask(GET)
                pair.answer(GOOD)
                pair.ask(GET + PUT)
                pair.loseBackend(clean)
                pair.loseClient(clean)
                counted = {("GET", "closed"): 1, ("POST", "closed"): 1}
                self.assertEqual(pair.factory.counters.errors, counted, (clean, rules))

    def test_client(self) -> None:
        """
        The client gives up.
        """
        for clean in (True, False):
            pair = Pair("redis")
            pair.ask(b"*1\r\n$4\r\nPING\r\n")
            pair.loseClient(clean)
            pair.loseBackend(clean)
            self.assertEqual(pair.factory.counters.errors, {("PING", "aborted"): 1})

    def test_idle(self) -> None:
        """
        The end of an idle connection is no failure; nor is that of a client that never asked.
        """
        for wire in ("redis", "mysql", "tcp"):
            pair = Pair(wire)
            pair.loseClient()
            pair.loseBackend()
            self.assertEqual(pair.factory.counters.errors, {}, wire)

    def test_delayed(self) -> None:
        """
        The client gives up on a reply that a fault keeps back.
        """
        rule = {"behavior": "hang"}
        pair = pairUnder("http", rule)
        pair.ask(GET)
        pair.loseClient(False)
        self.assertEqual(pair.factory.counters.errors, {("GET", "aborted"): 1})

    def test_reset(self) -> None:
        """
        A fault resets the connection in place of an answer.
        """
        pair = pairUnder("http", {"behavior": "abort"})
        pair.ask(GET)
        pair.answer(GOOD)
        self.assertEqual(pair.factory.counters.errors, {("GET", "closed"): 1})

    def test_cut(self) -> None:
        """
        A reply is cut, and the connection closed.
        """
        rule = {"behavior": "error", "options": {"at": "partial", "count": 3}}
        pair = pairUnder("http", rule)
        pair.ask(GET)
        self.assertEqual(pair.answer(GOOD), GOOD[:3])
        self.assertEqual(pair.factory.counters.errors, {("GET", "closed"): 1})

    def test_unreachable(self) -> None:
        """
        The backend refuses connections, whoever would speak first.
        """
        for wire in ("http", "mysql"):
            pair = Pair(wire, refuses=ConnectionRefusedError())
            pair.loseClient()
            self.assertEqual(pair.factory.counters.errors, {("connect", "closed"): 1}, wire)


class OpaqueTests(SynchronousTestCase):
    """
    Links whose exchanges are not read.
    """

    def test_counted(self) -> None:
        """
        They are counted once they are opaque, and whether they are open.
        """
        pair = Pair("http")
        counters = pair.factory.counters
        pair.ask(GET)
        pair.answer(GOOD)
        self.assertEqual((counters.becameOpaque, counters.opaqueNow), (0, set()))
        pair.ask(b"\x16\x03\x01 secret")
        self.assertEqual((counters.becameOpaque, counters.opaqueNow), (1, {1}))
        pair.loseClient()
        pair.loseBackend()
        self.assertEqual((counters.becameOpaque, counters.opaqueNow), (1, set()))
