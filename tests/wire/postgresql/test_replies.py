"""
Tests for L{vaurien_twisted.wire.postgresql.replies}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.postgresql.conversation_parts import (
    BEGINNING,
    COPY_IN,
    DONE,
    FAILED,
    GSS_REQUEST,
    READY,
    SSL_REQUEST,
    STARTUP,
    begun,
    both,
    message,
    query,
    session,
)
from tests.wire.support import converse, take
from vaurien_twisted.wire.postgresql.protocol import PostgreSQLFramer

NOTIFICATION = message("A", b"\0\0\0\1channel\0hello\0")


class ReplyTests(SynchronousTestCase):
    """
    Where replies begin and end.
    """

    def test_results(self) -> None:
        """
        Rows, notices and several results belong to the reply, up to ReadyForQuery.
        """
        reply = message("N", b"\0") + message("T", b"\0\0") + message("D", b"\0" * 300) * 50
        reply += message("C", b"SELECT 50\0") + message("I") + message("S", b"a\0b\0") + READY
        heard = both(
            ("client", query("A")), ("backend", reply), ("backend", message("S", b"c\0d\0"))
        )
        self.assertEqual(heard.replies[2], reply)
        self.assertEqual(heard.loose[1], message("S", b"c\0d\0"))

    def test_notification(self) -> None:
        """
        A notification before a reply is no part of it; within the reply it is.
        """
        heard = both(
            ("client", query("A") + query("B")),
            ("backend", NOTIFICATION + DONE + message("C", b"OK\0") + NOTIFICATION + READY),
        )
        self.assertEqual(heard.loose[1], NOTIFICATION)
        self.assertEqual(heard.replies[2], DONE)
        self.assertEqual(heard.replies[3], message("C", b"OK\0") + NOTIFICATION + READY)

    def test_copyOut(self) -> None:
        """
        The data of COPY TO STDOUT is part of the reply.
        """
        reply = message("H", b"\0\0\0") + message("d", b"1\n") * 3 + message("c") + DONE
        heard = both(("client", query("COPY")), ("backend", reply))
        self.assertEqual(heard.replies[2], reply)
        self.assertEqual(heard.ended[1], [1, 2])

    def test_replication(self) -> None:
        """
        Copying in both directions is replication, which is not read.
        """
        stream = message("W", b"\0\0\0") + message("d", b"w")
        for size in (0, 1):
            framer, heard = begun()
            turns = [("client", query("START_REPLICATION")), ("backend", stream)]
            converse(framer, turns, size, heard)
            self.assertEqual(framer.opaque, "replication")
            self.assertEqual(heard.loose[1], stream)
            converse(framer, [("client", b"anything"), ("backend", b"anything")], heard=heard)
            self.assertEqual(heard.loose[0], b"anything")

    def test_fatal(self) -> None:
        """
        An error amid a reply and the end of the connection end the reply.
        """
        for cut in (0, 3):
            framer, heard = begun()
            data = FAILED + b"Z\0\0\0\5"[:cut]
            converse(framer, [("client", query("A")), ("backend", data)], heard=heard)
            take(heard, framer, framer.backendEnded(), True)
            self.assertEqual(heard.replies[2], data)
            self.assertEqual(heard.ended[1], [1, 2])

    def test_unasked(self) -> None:
        """
        What a backend says before it hangs up on an idle session belongs to no exchange.
        """
        heard = both(("backend", FAILED))
        self.assertEqual(heard.loose[1], FAILED)
        heard = both(("backend", COPY_IN), ("client", query("A")))
        self.assertEqual(heard.loose[1], COPY_IN)

    def test_startupRefused(self) -> None:
        """
        An error in the start-up is the end of its reply.
        """
        for size in (0, 1):
            turns = [("client", STARTUP), ("backend", FAILED)]
            heard = converse(PostgreSQLFramer(), turns, size)
            self.assertEqual(heard.replies[1], FAILED)
            self.assertEqual(heard.ended[1], [1])

    def test_impossible(self) -> None:
        """
        Lengths that cannot be are refused behind what was good.
        """
        for bad in (b"D\0\0\0\3", b"D\x7f\xff\xff\xff", b"Z\0\0\0\6II", b"\0\0\0\0\0"):
            heard = session(("client", query("A")), ("backend", message("T", b"\0\0") + bad))
            self.assertNotEqual(heard.error, "")
            self.assertEqual(heard.loose[1], bad)
            self.assertEqual(heard.replies[2], message("T", b"\0\0"))


class NegotiationTests(SynchronousTestCase):
    """
    What comes before the start-up.
    """

    def test_refused(self) -> None:
        """
        Where the backend wants neither kind of encryption, the session goes on.
        """
        turns = [
            ("client", GSS_REQUEST),
            ("backend", b"N"),
            ("client", SSL_REQUEST),
            ("backend", b"N"),
            *BEGINNING,
        ]
        for size in (0, 1):
            heard = converse(PostgreSQLFramer(), turns, size)
            self.assertEqual(heard.loose, [GSS_REQUEST + SSL_REQUEST, b"NN"])
            self.assertEqual(heard.ended[1], [1])

    def test_accepted(self) -> None:
        """
        Where it wants one, nothing more can be read.
        """
        for request, answer, why in ((SSL_REQUEST, b"S", "TLS"), (GSS_REQUEST, b"G", "GSS")):
            framer = PostgreSQLFramer()
            turns = [("client", request), ("backend", answer + b"?"), ("client", b"\x16\3\1")]
            heard = converse(framer, turns)
            self.assertEqual(framer.opaque, why)
            self.assertEqual(heard.loose, [request + b"\x16\3\1", answer + b"?"])

    def test_unknown(self) -> None:
        """
        A server that does not know the question answers with an error, and passes unread.
        """
        framer = PostgreSQLFramer()
        heard = converse(framer, [("client", SSL_REQUEST), ("backend", b"Eunsupported\0")])
        self.assertNotEqual(framer.opaque, "")
        self.assertEqual(heard.loose[1], b"Eunsupported\0")
