"""
Tests for how Redis commands are read: their subjects, their quotes, their limits.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.redis.test_protocol import command
from tests.wire.support import Heard, chunks, take
from vaurien_twisted.model.exchange import SUBJECT_LIMIT, Exchange, FramingError
from vaurien_twisted.wire.redis.inline import INLINE_LIMIT, split
from vaurien_twisted.wire.redis.protocol import RedisFramer
from vaurien_twisted.wire.redis.requests import (
    BEGINNINGS,
    BEGINNINGS_LIMIT,
    HEAD_LIMIT,
    NAME_LIMIT,
)


def read(data: bytes, size: int = 0) -> Exchange:
    """
    The first exchange in C{data}, fed in parts of C{size} bytes.
    """
    heard, framer = Heard(), RedisFramer()
    for part in chunks(data, size=size):
        take(heard, framer, framer.fromClient(part), False)
        if heard.exchanges:
            break
    return heard.exchanges[1]


class SubjectTests(SynchronousTestCase):
    """
    The first key, or else the first argument.
    """

    def test_places(self) -> None:
        """
        It is found wherever the command has it, in arrays however cut and inline.
        """
        for line, subject in (
            (b"GET key", "key"),
            (b"ping", ""),
            (b"Client SETNAME me", "SETNAME"),
            (b"CLIENT REPLY ON", "REPLY"),
            (b"CLIENT REPLY", "REPLY"),
            (b"BITOP AND dest a", "dest"),
            (b"OBJECT FREQ key", "key"),
            (b"OBJECT HELP", "HELP"),
            (b"XGROUP CREATE key g $", "key"),
            (b"MIGRATE host 1 key 0 5", "key"),
            (b"EVAL script 2 a b", "a"),
            (b"EVAL script 0 a", "script"),
            (b"EVAL script", "script"),
            (b"FCALL f 1 key", "key"),
            (b"ZUNION 2 a b", "a"),
            (b"BLMPOP 0 1 key LEFT", "key"),
            (b"XREAD COUNT 1 STREAMS key 0", "key"),
            (b"XREAD streams STREAMS 0", "STREAMS"),
            (b"XREADGROUP GROUP streams me STREAMS key 0", "key"),
            (b"XREAD COUNT 1", "COUNT"),
            (b"SUBSCRIBE a b", "a"),
            (b"HELLO 3 AUTH u p", "3"),
        ):
            array = command(*line.split())
            name = line.split()[0].upper().decode()
            for data in (array, line + b"\r\n"):
                for size in (0, 1, 5):
                    exchange = read(data, size)
                    self.assertEqual((exchange.command, exchange.subject), (name, subject), data)
            # The second of its kind may be read a shorter way.
            self.assertEqual(read(array).subject, subject)

    def test_bytes(self) -> None:
        """
        What is not UTF-8 is shown escaped.
        """
        for _ in range(2):
            self.assertEqual(read(command(b"GET", b"\xffk\xc3\xa9")).subject, "\\xffk\xe9")

    def test_long(self) -> None:
        """
        A long key is cut, a key behind a long script is not looked for, and neither
        depends on how the bytes arrive.
        """
        for data, subject in (
            (command(b"SET", b"k" * 100_000, b"v"), "k" * SUBJECT_LIMIT),
            (command(b"SET", b"k" * 20_000, b"v"), "k" * SUBJECT_LIMIT),
            (command(b"EVAL", b"s" * 100_000, b"1", b"k"), "s" * SUBJECT_LIMIT),
            (command(b"EVAL", b"s" * 30_000, b"1", b"k"), "k"),
            (command(b"XREAD", *[b"x"] * 10_000, b"STREAMS", b"k", b"0"), "x"),
        ):
            for size in (0, 1000, 4096):
                self.assertEqual(read(data, size).subject, subject)

    def test_longName(self) -> None:
        """
        A command's name is cut too.
        """
        for size in (0, 1000):
            self.assertEqual(read(command(b"n" * 50_000, b"k"), size).command, "N" * NAME_LIMIT)

    def test_remembered(self) -> None:
        """
        A name with the end of a line in it is not taken for a shorter one.
        """
        odd = b"*2\r\n$9\r\nGE\r\n$1\r\nx\r\n$1\r\nk\r\n"
        for _ in range(2):
            self.assertEqual(read(odd).command, "GE\r\n$1\r\nX")
            self.assertEqual(read(command(b"GE", b"x")).command, "GE")

    def test_forgotten(self) -> None:
        """
        However many names clients make up, few are remembered.
        """
        for number in range(BEGINNINGS_LIMIT + 10):
            read(command(b"X%d" % number, b"k"))
        self.assertLessEqual(len(BEGINNINGS), BEGINNINGS_LIMIT)
        self.assertEqual(read(command(b"GET", b"k")).command, "GET")


class InlineTests(SynchronousTestCase):
    """
    Commands as people type them.
    """

    def test_quotes(self) -> None:
        """
        Quotes are taken off and escapes replaced, as the server does.
        """
        for line, words in (
            (b"get  key ", [b"get", b"key"]),
            (b'set k "a b"', [b"set", b"k", b"a b"]),
            (b"set k 'it\\'s \\n'", [b"set", b"k", b"it's \\n"]),
            (rb'set "\x41\n\"q\"" v', [b"set", b'A\n"q"', b"v"]),
            (b'get "open', [b"get", b"open"]),
            (b'get ""', [b"get", b""]),
            (b'a"b c"d', [b"ab cd"]),
        ):
            self.assertEqual(split(line), words)

    def test_hostile(self) -> None:
        """
        A long line of quotes and backslashes is read once, not again and again.
        """
        self.assertEqual(len(split(b'"\\' * 30_000)), 1)
        self.assertEqual(len(split(b"'" * 60_000)), 1)

    def test_limit(self) -> None:
        """
        A line may have 64 KiB and no more, whether its end is in sight or not.
        """
        fine = b"GET " + b"k" * (INLINE_LIMIT - 4)
        self.assertEqual(len(read(fine + b"\n").subject), SUBJECT_LIMIT)
        for data in (fine + b"k", fine + b"k\n"):
            framer = RedisFramer()
            error = self.assertRaises(FramingError, list, framer.fromClient(data))
            self.assertEqual(error.rest, data)
            self.assertEqual(framer.opaque, error.reason)


class RefusedTests(SynchronousTestCase):
    """
    What is no command.
    """

    def test_malformed(self) -> None:
        """
        It is refused as soon as that shows, with every byte that was not passed.
        """
        for data in (
            b"*2147483648\r\n",
            b"*01\r\n",
            b"*x\r\n",
            b"*" + b"1" * 30,
            b"*1\r\n$-1\r\n",
            b"*1\r\n$-2\r\n",
            b"*1\r\n+PING\r\n",
            b"*1\r\n$9223372036854775808\r\n",
            b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n:1\r\n",
            b"\x80junk",
            b"\x01",
            b"GET \0\r\n",
        ):
            for size in (0, 1):
                framer, seen, error = RedisFramer(), b"", ""
                for part in chunks(data, size=size):
                    try:
                        for _, piece, _ in framer.fromClient(part):
                            seen += piece
                    except FramingError as fault:
                        seen, error = seen + fault.rest, fault.reason
                self.assertNotEqual(error, "", data)
                self.assertEqual(seen, data)

    def test_claims(self) -> None:
        """
        Great claims are passed on without being believed.
        """
        data = b"*2147483647\r\n$3\r\nSET\r\n$1\r\nk\r\n$9223372036854775807\r\nx"
        heard, framer = Heard(), RedisFramer()
        take(heard, framer, framer.fromClient(data), False)
        self.assertEqual((heard.requests, heard.ended[0]), ({1: data}, []))

    def test_bounded(self) -> None:
        """
        No more than a head is kept back.
        """
        framer, kept = RedisFramer(), 0
        for part in chunks(b"*9999\r\n" + b"$5\r\nXREAD\r\n" * 9000, size=512):
            kept += len(part) - sum(len(piece) for _, piece, _ in framer.fromClient(part))
            self.assertLessEqual(kept, HEAD_LIMIT + 512)
        self.assertLess(kept, 24)
