"""
Tests for L{vaurien_twisted.wire.postgresql.requests}: the data of COPY FROM STDIN.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.postgresql.conversation_parts import (
    COPY_IN,
    DONE,
    FAILED,
    FLUSH,
    READY,
    SYNC,
    TERMINATE,
    asked,
    bind,
    both,
    execute,
    message,
    parse,
    query,
    session,
)


class CopyTests(SynchronousTestCase):
    """
    COPY FROM STDIN.
    """

    def test_simple(self) -> None:
        """
        The statement's exchange ends where the data is asked for; the data is another.
        """
        data = message("d", b"1\n") + message("d", b"2\n")
        done = message("c")
        heard = both(
            ("client", query("COPY t FROM STDIN")),
            ("backend", COPY_IN),
            ("client", data + done),
            ("backend", DONE),
            ("client", query("A")),
            ("backend", DONE),
        )
        self.assertEqual(
            asked(heard), ["Query COPY t FROM STDIN", "CopyData COPY t FROM STDIN", "Query A"]
        )
        self.assertEqual(heard.requests[3], data + done)
        self.assertEqual(heard.ended, ([1, 2, 3, 4], [1, 2, 3, 4]))

    def test_extended(self) -> None:
        """
        With the extended protocol the data ends with a Sync.
        """
        heard = both(
            ("client", parse("COPY") + bind() + execute() + SYNC),
            ("backend", COPY_IN),
            ("client", message("d", b"1\n") + message("f", b"no\0") + SYNC),
            ("backend", FAILED + READY),
            ("client", query("A")),
        )
        self.assertEqual(asked(heard), ["Execute COPY", "CopyData COPY", "Query A"])
        self.assertEqual(heard.ended, ([1, 2, 3, 4], [1, 2, 3]))

    def test_nothing(self) -> None:
        """
        No data at all is data too, in both protocols, and within a group that had a Flush.
        """
        done = message("c")
        for ask, end in (
            (query("COPY"), done),
            (parse("COPY") + bind() + execute() + SYNC, done + SYNC),
            (parse("COPY") + bind() + execute() + FLUSH, done + SYNC),
        ):
            heard = both(
                ("client", ask),
                ("backend", COPY_IN),
                ("client", end + query("A")),
                ("backend", DONE + DONE),
            )
            commands = [exchange.command for exchange in heard.exchanges.values()]
            self.assertEqual(commands[2:], ["CopyData", "Query"])
            self.assertEqual(heard.requests[3], end)
            self.assertEqual(heard.ended, ([1, 2, 3, 4], [1, 2, 3, 4]))

    def test_several(self) -> None:
        """
        A query may copy more than once.
        """
        end = message("d", b"1\n") + message("c")
        heard = both(
            ("client", query("COPY; COPY")),
            ("backend", COPY_IN),
            ("client", end),
            ("backend", message("C", b"COPY 1\0") + COPY_IN),
            ("client", end),
            ("backend", DONE),
        )
        self.assertEqual(asked(heard), ["Query COPY; COPY"] + ["CopyData COPY; COPY"] * 2)
        self.assertEqual(heard.ended, ([1, 2, 3, 4], [1, 2, 3, 4]))

    def test_broken(self) -> None:
        """
        Amid the data, a message that cannot be is refused behind what was good.
        """
        data = message("d", b"1\n") + message("d", b"2\n")
        heard = session(
            ("client", query("COPY")), ("backend", COPY_IN), ("client", data + b"d\0\0\0\0")
        )
        self.assertEqual((heard.requests[3], heard.loose[0]), (data, b"d\0\0\0\0"))
        self.assertIn("bytes long", heard.error)

    def test_givenUp(self) -> None:
        """
        What cannot belong to the data, or to a group, ends it.
        """
        for ask, code in ((query("COPY"), "G"), (parse("A") + FLUSH, "1")):
            heard = both(
                ("client", ask),
                ("backend", message(code, b"\0\0\0")),
                ("client", message("d", b"1\n") + TERMINATE),
            )
            commands = [exchange.command for exchange in heard.exchanges.values()]
            self.assertEqual(commands[-1], "Terminate")
            self.assertEqual(heard.ended[0], list(range(1, len(commands) + 1)))

    def test_failedAmid(self) -> None:
        """
        After an error the client may go on sending data for a while.
        """
        heard = both(
            ("client", query("COPY")),
            ("backend", COPY_IN),
            ("client", message("d", b"1\n")),
            ("backend", FAILED + READY),
            ("client", message("d", b"2\n") + message("c") + query("A")),
            ("backend", DONE),
        )
        self.assertEqual(asked(heard), ["Query COPY", "CopyData COPY", "Query A"])
        self.assertEqual(heard.ended, ([1, 2, 3, 4], [1, 2, 3, 4]))

    def test_failedBefore(self) -> None:
        """
        Data that nobody wants any more belongs to no exchange.
        """
        late = message("d", b"1\n") + message("c")
        heard = both(
            ("client", query("COPY")),
            ("backend", COPY_IN + FAILED + READY),
            ("client", late + query("A")),
            ("backend", DONE),
        )
        self.assertEqual(heard.loose, [late, FAILED + READY])
        self.assertEqual(asked(heard), ["Query COPY", "Query A"])
        self.assertEqual(heard.ended, ([1, 2, 3], [1, 2, 3]))
