"""
Tests for L{vaurien_twisted.wire.redis.truncate}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.truncating import afterwards, cut, fault
from vaurien_twisted.wire.redis.protocol import Redis, RedisFramer

GET = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"

VALUES = (b"$2\r\nab\r\n", b":7\r\n", b"*2\r\n+x\r\n*1\r\n$-1\r\n", b"$0\r\n\r\n")
SIZES = (0, 1, 2, 7)


class CutTests(SynchronousTestCase):
    """
    Exactly the values asked for pass.
    """

    def test_unit(self) -> None:
        """
        What is counted has a name.
        """
        self.assertEqual(Redis.unit, "values")

    def test_elements(self) -> None:
        """
        Of arrays, sets, pushes and maps the header and so many values pass; one with
        fewer passes whole, and the connection goes on.
        """
        for header in (b"*4\r\n", b"~4\r\n", b"%2\r\n"):
            whole = header + b"".join(VALUES)
            for count in range(7):
                for size in SIZES:
                    framer = RedisFramer()
                    wanted = (header + b"".join(VALUES[:count]), count <= 4)
                    found = cut(framer, GET, whole + b"+next\r\n" * (count <= 4), count, size)
                    self.assertEqual(found, wanted, (header, count, size))
                    if count > 4:
                        heard = afterwards(framer, GET, b"$1\r\nx\r\n")
                        self.assertEqual(heard.ended[1], [2])

    def test_one(self) -> None:
        """
        Any other reply is one value.
        """
        for reply in (b"$3\r\nabc\r\n", b"+OK\r\n", b":1\r\n", b"-ERR x\r\n", b"*-1\r\n", b"_\r\n"):
            for size in SIZES:
                for count, passed in ((0, b""), (1, reply), (2, reply)):
                    found = cut(RedisFramer(), GET, reply, count, size)
                    self.assertEqual(found, (passed, count < 2), (reply, count, size))

    def test_empty(self) -> None:
        """
        An empty array has no value to be cut after.
        """
        for size in SIZES:
            self.assertEqual(cut(RedisFramer(), GET, b"*0\r\n", 0, size), (b"*0\r\n", True))
            self.assertEqual(cut(RedisFramer(), GET, b"*0\r\n", 1, size), (b"*0\r\n", False))

    def test_pipeline(self) -> None:
        """
        The replies before it are not touched.
        """
        first, second = b"*2\r\n:1\r\n:2\r\n", b"*2\r\n:3\r\n:4\r\n"
        for size in SIZES:
            found = cut(RedisFramer(), GET + GET, first + second, 1, size)
            self.assertEqual(found, (first + b"*2\r\n:3\r\n", True))

    def test_message(self) -> None:
        """
        What nobody asked for is not counted.
        """
        push = b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"
        for size in SIZES:
            found = cut(RedisFramer(), GET, push + b"*2\r\n:3\r\n:4\r\n", 1, size)
            self.assertEqual(found, (push + b"*2\r\n:3\r\n", True))

    def test_malformed(self) -> None:
        """
        What is no value is refused as ever, and great claims are not believed.
        """
        for reply in (b"*2\r\n!!\r\n" + b"x" * 64, b"*2\r\n$1\r\nxyz\r\n"):
            for size in SIZES:
                self.assertNotEqual(fault(RedisFramer(), GET, reply, 2, size), "")
        claim = b"*2147483647\r\n:1\r\n"
        self.assertEqual(cut(RedisFramer(), GET, claim, 1, 1), (claim, True))

    def test_broken(self) -> None:
        """
        What was kept back of a value passes when the backend breaks off.
        """
        framer = RedisFramer()
        self.assertEqual(cut(framer, GET, b"*2\r\n$3", 1, 0), (b"*2\r\n", False))
        self.assertEqual([data for _, data, _ in framer.backendEnded()], [b"$3"])
