"""
Tests for L{vaurien_twisted.wire.redis.matchers}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.support import chunks
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.model.matchers import condition
from vaurien_twisted.wire.redis.matchers import argumentsOf
from vaurien_twisted.wire.redis.protocol import Redis, RedisFramer

#: Commands and the keys that they name.
NAMED = (
    (b"GET a", ["a"]),
    (b"SET a b", ["a"]),
    (b"MGET a b c", ["a", "b", "c"]),
    (b"DEL a b", ["a", "b"]),
    (b"MSET a 1 b 2", ["a", "b"]),
    (b"BLPOP a b 5", ["a", "b"]),
    (b"RENAME a b", ["a", "b"]),
    (b"BITOP AND a b c", ["a", "b", "c"]),
    (b"ZUNIONSTORE a 2 b c WEIGHTS 1 2", ["a", "b", "c"]),
    (b"EVAL script 2 a b c", ["a", "b"]),
    (b"EVAL script 0 c", []),
    (b"EVAL script", []),
    (b"LMPOP 2 a b LEFT", ["a", "b"]),
    (b"XREAD COUNT 1 STREAMS a b 0 0", ["a", "b"]),
    (b"XREADGROUP GROUP g c STREAMS a >", ["a"]),
    (b"OBJECT ENCODING a", ["a"]),
    (b"WATCH a b", ["a", "b"]),
    (b"SELECT 1", []),
    (b"PING a", []),
    (b"PUBLISH a b", []),
    (b"CONFIG GET a", []),
    (b"DBSIZE", []),
    (b"ZUNIONSTORE a", ["a"]),
    (b"ZUNIONSTORE a x b", ["a"]),
)


def array(line: bytes) -> bytes:
    """
    The command as clients send it.
    """
    words = line.split()
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)


def found(data: bytes, size: int = 0) -> list[str]:
    """
    The keys of the exchanges in C{data}, each asked for once, as a link does.
    """
    [reading] = [target.read for target in Redis.targets if target.name == "key"]
    framer, seen, keys = RedisFramer(), 0, list[str]()
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
        In an array, in a line, known from before or not, and in whatever parts it comes.
        """
        for line, keys in NAMED:
            for data in (array(line), line + b"\r\n"):
                for size in (0, 1, 7):
                    self.assertEqual(found(data * 2, size), keys * 2, (line, size))

    def test_head(self) -> None:
        """
        The words of an exchange are forgotten once it was decided.
        """
        for size in (0, 5):
            exchanges = {}
            framer = RedisFramer()
            for part in chunks(array(b"MGET a b") * 3, size=size):
                exchanges.update({e: e.head for e, _, _ in framer.fromClient(part) if e})
            self.assertEqual(len(exchanges), 3)
            self.assertEqual({exchange.head for exchange in exchanges}, {b""})

    def test_many(self) -> None:
        """
        Of more keys than a head holds the first count, the same in whatever parts.
        """
        data = array(b"MGET " + b" ".join(b"key:%05d" % n for n in range(5000)))
        whole = found(data)
        self.assertGreater(len(whole), 1500)
        self.assertLess(len(whole), 5000)
        self.assertEqual(whole[:1000], [f"key:{n:05d}" for n in range(1000)])
        for size in (1000, 30000, 60000):
            self.assertEqual(found(data, size), whole)

    def test_glob(self) -> None:
        """
        C{key} is a pattern, of which any key may match.
        """
        matches = condition({"key": ["user:*", "k7"]}, Redis.targets, "redis")
        for line, wanted in (
            (b"GET user:1", True),
            (b"MGET x user:2", True),
            (b"GET k7", True),
            (b"GET k77", False),
            (b"PUBLISH user:1 x", False),
        ):
            [(exchange, _, _)] = RedisFramer().fromClient(array(line))
            assert exchange is not None
            # The head is still there: the exchange was decided while it was yielded.
            exchange.head = array(line) if line.startswith(b"MGET") else b""
            self.assertIs(matches(Connection(1), exchange), wanted, line)

    def test_words(self) -> None:
        """
        As many words as are whole in a head.
        """
        self.assertEqual(argumentsOf(b"*3\r\n$3\r\nGET\r\n"), [b"GET"])
        self.assertEqual(argumentsOf(b"*3\r\n$3\r\nGET\r\n$1"), [b"GET"])
        self.assertEqual(argumentsOf(b"*3\r\n$3\r\nGET\r\n:1\r\n"), [b"GET"])
