"""
Tests for L{vaurien_twisted.wire.postgresql.protocol}: whole conversations.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.wire.postgresql.conversation import CONVERSATION
from tests.wire.postgresql.conversation_parts import DONE, begun, query
from tests.wire.support import Heard, chunks, converse, take
from vaurien_twisted.interfaces import IFramer, IWireProtocol
from vaurien_twisted.wire.postgresql.protocol import PostgreSQL, PostgreSQLFramer
from vaurien_twisted.wire.starttls import TLSOptions

#: What the recorded session asks, in order.
ASKED = [
    "STARTUP app/postgres",
    "Query BEGIN",
    "Execute insert into fruit values ($1, $2)",
    "Parse select name from fruit where id = $1",
    "Execute select name from fruit where id = $1",
    "Execute select name from fruit where id = $1",
    "Query select 1/0",
    "Query ROLLBACK",
    "Query DEALLOCATE ALL",
    "Query BEGIN",
    "Query copy fruit from stdin",
    "CopyData copy fruit from stdin",
    "Query copy fruit to stdout",
    "Query COMMIT",
    "Execute BEGIN",
    "Execute select 1",
    "Execute select 2",
    "Sync",
    "Query COMMIT",
    "Terminate",
]


def joined(who: str) -> bytes:
    """
    All that one side of the recorded session said.
    """
    return b"".join(data for speaker, data in CONVERSATION if speaker == who)


class ProtocolTests(SynchronousTestCase):
    """
    The protocol as a provider.
    """

    def test_provides(self) -> None:
        """
        Protocol and framer provide their interfaces.
        """
        wire = PostgreSQL()
        verifyObject(IWireProtocol, wire)
        verifyObject(IFramer, wire.framer(TLSOptions(), "localhost:5432"))

    def test_names(self) -> None:
        """
        It goes by the names that connection URLs have, and waits for the client.
        """
        wire = PostgreSQL()
        self.assertEqual(wire.name, "postgresql")
        self.assertEqual(set(wire.aliases), {"postgres", "pgsql"})
        self.assertFalse(wire.greets)


class RecordedTests(SynchronousTestCase):
    """
    A recorded session of psycopg.
    """

    def check(self, heard: Heard) -> None:
        """
        The session was understood and no byte lost.
        """
        self.assertEqual(heard.error, "")
        numbers = list(range(1, len(ASKED) + 1))
        self.assertEqual([heard.exchanges[n].description for n in numbers], ASKED)
        self.assertEqual(heard.ended[0], numbers)
        self.assertEqual(heard.ended[1], numbers[:-1])
        self.assertEqual(b"".join(heard.requests.values())[:6], b"\0\0\0$\0\3")
        loose = [len(part) for part in heard.loose]
        # SSLRequest and its answer, and a Flush behind the pipeline's last Sync.
        self.assertEqual(heard.loose, [b"\0\0\0\x08\x04\xd2\x16/H\0\0\0\4", b"N"])
        for side, who in enumerate(("client", "backend")):
            parts = (heard.requests, heard.replies)[side]
            total = sum(len(part) for part in parts.values()) + loose[side]
            self.assertEqual(total, len(joined(who)))

    def test_whole(self) -> None:
        """
        As it was read from the sockets.
        """
        self.check(converse(PostgreSQLFramer(), CONVERSATION))

    def test_parts(self) -> None:
        """
        Byte by byte, and in parts of sizes that cut headers and bodies.
        """
        for size in (1, 2, 3, 7):
            self.check(converse(PostgreSQLFramer(), CONVERSATION, size))

    def test_sameBytesObject(self) -> None:
        """
        What is one piece is passed on without a copy, in both directions.
        """
        framer, heard = begun()
        converse(framer, [("client", query("BEGIN")), ("backend", DONE)], heard=heard)
        request = query("SELECT 1")
        ((exchange, data, ends),) = framer.fromClient(request)
        self.assertIs(data, request)
        self.assertTrue(ends)
        assert exchange is not None
        framer.expect(exchange)
        answer = b"C\0\0\0\x0aBEGIN\0Z\0\0\0\5T"
        pieces = list(framer.fromBackend(answer))
        self.assertEqual(len(pieces), 1)
        self.assertIs(pieces[0][1], answer)

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.integers(1, 400), max_size=12))
    def test_cuts(self, cuts: list[int]) -> None:
        """
        Wherever the reads are cut, it is the same session.
        """
        framer, heard = PostgreSQLFramer(), Heard()
        for who, data in CONVERSATION:
            for part in chunks(data, cuts):
                give = framer.fromBackend if who == "backend" else framer.fromClient
                take(heard, framer, give(part), who == "backend")
        self.check(heard)


class GarbageTests(SynchronousTestCase):
    """
    Bytes of something else.
    """

    @settings(max_examples=80, deadline=None)
    @given(st.lists(st.tuples(st.booleans(), st.binary(max_size=60)), max_size=6), st.booleans())
    def test_nothingLost(self, parts: list[tuple[bool, bytes]], started: bool) -> None:
        """
        Whatever comes, each byte is passed on, kept or handed back, and nothing but a
        framing error is raised.
        """
        framer, heard = PostgreSQLFramer(), Heard()
        sent = [b"", b""]
        turns = CONVERSATION[:8] if started else ()
        for backend, data in [(who == "backend", data) for who, data in turns] + parts:
            sent[backend] += data
            give = framer.fromBackend if backend else framer.fromClient
            take(heard, framer, give(data), backend)
            if heard.error:
                sides = [backend]
                break
        else:
            take(heard, framer, framer.clientEnded(), False)
            take(heard, framer, framer.backendEnded(), True)
            sides = [False, True]
        for side in sides:
            pieces = (heard.requests, heard.replies)[side]
            passed = sum(len(piece) for piece in pieces.values()) + len(heard.loose[side])
            self.assertEqual(passed, len(sent[side]))

    def test_http(self) -> None:
        """
        A request of HTTP is refused at once and handed back whole.
        """
        heard = converse(PostgreSQLFramer(), [("client", b"GET / HTTP/1.1\r\n\r\n")])
        self.assertIn("bytes long", heard.error)
        self.assertEqual(heard.loose[0], b"GET / HTTP/1.1\r\n\r\n")

    def test_backend(self) -> None:
        """
        So is what no server says, behind the part that was good.
        """
        framer = PostgreSQLFramer()
        heard = converse(framer, [("backend", b"N\0\0\0\5\0HTTP/1.1 400\r\n")])
        self.assertIn("0x48", heard.error)
        self.assertEqual(heard.loose[1], b"N\0\0\0\5\0HTTP/1.1 400\r\n")
