"""
Tests for the targets and the cutting of C{memcache}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.support import chunks
from tests.wire.truncating import afterwards, cut
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.wire.memcache.protocol import Memcache, MemcacheFramer

SIZES = (0, 1, 3, 10)


def found(data: bytes, size: int = 0) -> list[str]:
    """
    The keys of the exchanges in C{data}, each asked for once, as a link does.
    """
    [reading] = [target.read for target in Memcache.targets if target.name == "key"]
    framer, seen, keys = MemcacheFramer(), 0, list[str]()
    for part in chunks(data, size=size):
        for exchange, _, _ in framer.fromClient(part):
            if exchange is not None and exchange.number > seen:
                seen = exchange.number
                keys += reading(Connection(1), exchange)
    return keys


class KeyTests(SynchronousTestCase):
    """
    Rules find every key.
    """

    def test_keys(self) -> None:
        """
        In whatever parts a command comes.
        """
        for data, keys in (
            (b"get a\r\n", ["a"]),
            (b"get a  b c\r\n", ["a", "b", "c"]),
            (b"gat 10 a b\r\n", ["a", "b"]),
            (b"set a 0 0 1\r\nx\r\n", ["a"]),
            (b"ms a 1\r\nx\r\n", ["a"]),
            (b"mg a v\r\n", ["a"]),
            (b"delete a\r\n", ["a"]),
            (b"touch a 1\r\n", ["a"]),
            (b"stats items\r\n", []),
            (b"version\r\n", []),
            (b"get\r\n", []),
        ):
            for size in SIZES:
                self.assertEqual(found(data * 2, size), keys * 2, (data, size))

    def test_many(self) -> None:
        """
        Of more keys than 2 KiB hold the first count, the same in whatever parts.
        """
        names = [f"key:{n:05d}" for n in range(1000)]
        data = b"get " + " ".join(names).encode() + b"\r\n"
        whole = found(data)
        self.assertEqual(whole, names[: len(whole)])
        self.assertGreater(len(whole), 150)
        for size in (1, 100, 2047, 2048, 2049, 5000):
            self.assertEqual(found(data, size), whole, size)

    def test_head(self) -> None:
        """
        The line is forgotten once the exchange was decided.
        """
        exchanges = [e for e, _, _ in MemcacheFramer().fromClient(b"get a b\r\n" * 3) if e]
        self.assertEqual([exchange.head for exchange in exchanges], [b""] * 3)


class CutTests(SynchronousTestCase):
    """
    Exactly the values asked for pass.
    """

    def check(self, request: bytes, values: list[bytes], end: bytes) -> None:
        """
        Cut an answer of these values after any number of them, in any parts.
        """
        whole = b"".join(values) + end
        for count in range(len(values) + 3):
            for size in SIZES:
                framer = MemcacheFramer()
                cuts = bool(values) and count <= len(values)
                wanted = (b"".join(values[:count]) if cuts else whole, cuts)
                found = cut(framer, request, whole + b"STORED\r\n" * cuts, count, size)
                self.assertEqual(found, wanted, (request, count, size))
                if not cuts:
                    heard = afterwards(framer, b"version\r\n", b"VERSION 1\r\n")
                    self.assertEqual(heard.ended[1], [2])

    def test_get(self) -> None:
        """
        The items of C{get}, whatever is in them.
        """
        self.assertEqual(Memcache.unit, "values")
        items = [b"VALUE a 0 3\r\nabc\r\n", b"VALUE b 0 0\r\n\r\n", b"VALUE c 0 5\r\nEND\r\n\r\n"]
        self.check(b"get a b c\r\n", items, b"END\r\n")

    def test_meta(self) -> None:
        """
        The value of C{mg}.
        """
        self.check(b"mg a v\r\n", [b"VA 3\r\nabc\r\n"], b"")

    def test_list(self) -> None:
        """
        The lines of C{stats}.
        """
        self.check(b"stats\r\n", [b"STAT a 1\r\n", b"STAT b 2\r\n"], b"END\r\n")

    def test_none(self) -> None:
        """
        An answer without values passes whole.
        """
        for request, answer in (
            (b"get a\r\n", b"END\r\n"),
            (b"get a\r\n", b"SERVER_ERROR x\r\n"),
            (b"mg a v\r\n", b"EN\r\n"),
            (b"set a 0 0 1\r\nx\r\n", b"STORED\r\n"),
        ):
            self.check(request, [], answer)

    def test_pipeline(self) -> None:
        """
        The answers before it are not touched.
        """
        item = b"VALUE a 0 1\r\nx\r\n"
        for size in SIZES:
            found = cut(MemcacheFramer(), b"get a\r\n" * 2, (item + b"END\r\n") * 2, 1, size)
            self.assertEqual(found, (item + b"END\r\n" + item, True))
