"""
Tests for L{vaurien_twisted.wire.postgresql.extended_query}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.postgresql.conversation_parts import (
    FLUSH,
    SYNC,
    TERMINATE,
    bind,
    execute,
    message,
    parse,
    query,
)
from vaurien_twisted.wire.postgresql.extended_query import Group, Statements, beginsTransaction
from vaurien_twisted.wire.postgresql.messages import HEAD_LIMIT, Malformed


def read(data: bytes, statements: Statements | None = None) -> Group:
    """
    A group that is complete at the end of C{data}, or before it.
    """
    group = Group(statements or Statements(), Statements())
    if not group.read(data, 0):
        raise AssertionError(f"{group.need} bytes are needed")
    return group


class StatementsTests(SynchronousTestCase):
    """
    The memory for statements.
    """

    def test_bounded(self) -> None:
        """
        The oldest are forgotten, and giving a name anew does not add up.
        """
        statements = Statements(limit=1000)
        for _ in range(100):
            statements.put(b"a", "A" * 100)
        self.assertEqual(statements.get(b"a"), "A" * 100)
        for name in (b"b", b"c", b"d"):
            statements.put(name, name.decode() * 100)
        self.assertEqual(statements.get(b"a"), "")
        self.assertEqual(statements.get(b"d"), "d" * 100)


class GroupTests(SynchronousTestCase):
    """
    Commands and subjects.
    """

    def test_prepares(self) -> None:
        """
        What only prepares is called so.
        """
        group = read(parse("SELECT 1", "s") + message("D", b"Ss\0") + SYNC)
        self.assertEqual((group.command, group.subject), ("Parse", "SELECT 1"))
        self.assertTrue(group.synced)

    def test_transactionFirst(self) -> None:
        """
        A BEGIN in front is not what matters, except alone.
        """
        begin = parse("BEGIN") + bind() + execute()
        group = read(begin + parse("SELECT 1") + bind() + execute() + SYNC)
        self.assertEqual((group.command, group.subject), ("Execute", "SELECT 1"))
        self.assertEqual(read(begin + SYNC).subject, "BEGIN")

    def test_beginsTransaction(self) -> None:
        """
        Only the words that open one do.
        """
        for text in ("BEGIN", " begin;", "START TRANSACTION READ ONLY", "Begin isolation level x"):
            self.assertTrue(beginsTransaction(text), text)
        for text in ("", "BEGINNING", "STARTLED", "SELECT 1"):
            self.assertFalse(beginsTransaction(text), text)

    def test_portals(self) -> None:
        """
        An Execute alone is known by what its portal was bound to.
        """
        statements, portals = Statements(), Statements()
        group = Group(statements, portals)
        self.assertTrue(group.read(parse("A", "s") + bind("s", "p") + SYNC, 0))
        group.keep()
        group = Group(statements, portals)
        self.assertTrue(group.read(execute("p") + SYNC, 0))
        self.assertEqual((group.command, group.subject), ("Execute", "A"))

    def test_others(self) -> None:
        """
        Describe and Close are told by what they are about; the Sync stands for itself.
        """
        statements = Statements()
        statements.put(b"s", "A")
        for kind, name in (("D", "Describe"), ("C", "Close")):
            group = read(message(kind, b"Ss\0") + SYNC, statements)
            self.assertEqual((group.command, group.subject), (name, "A"))
        self.assertEqual(read(SYNC).command, "Sync")

    def test_end(self) -> None:
        """
        A Flush ends the head but does not settle; a query settles; what belongs to
        no group is left.
        """
        data = parse("A")
        for tail, synced, size in (
            (FLUSH, False, 5),
            (query("B"), True, 7),
            (TERMINATE, False, 0),
        ):
            group = read(data + tail)
            self.assertEqual((group.synced, group.at), (synced, len(data) + size))

    def test_bound(self) -> None:
        """
        A head over its bound is complete without its end, wherever the bound falls.
        """
        for text in (HEAD_LIMIT, HEAD_LIMIT - 8, HEAD_LIMIT - 9, HEAD_LIMIT - 12):
            data = parse("x" * text) + SYNC
            group = read(data[: HEAD_LIMIT + 20])
            self.assertFalse(group.synced)
            self.assertEqual(group.command, "Parse")
            whole = read(data)
            self.assertEqual(whole.synced, group.synced)

    def test_goesOn(self) -> None:
        """
        What was read is not read again when more arrives.
        """
        data = parse("A") + bind() + SYNC
        group = Group(Statements(), Statements())
        self.assertFalse(group.read(data[:-1], 0))
        self.assertEqual((group.at, group.need), (len(data) - 5, len(data)))
        self.assertTrue(group.read(bytes(len(data) - 5) + SYNC, 0))
        self.assertEqual((group.command, group.subject), ("Execute", "A"))

    def test_impossible(self) -> None:
        """
        A type that no client has is refused.
        """
        self.assertRaises(Malformed, read, parse("A") + b"\0\0\0\0\4")
