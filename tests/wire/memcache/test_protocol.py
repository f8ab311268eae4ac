"""
Tests for the framing of C{memcache}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.wire.memcache.conversation import CONVERSATIONS
from tests.wire.support import Heard, chunks, converse, take
from vaurien_twisted.interfaces import IFramer, IWireProtocol
from vaurien_twisted.model.exchange import SUBJECT_LIMIT, FramingError
from vaurien_twisted.model.options import build
from vaurien_twisted.wire.memcache.protocol import Memcache, MemcacheFramer
from vaurien_twisted.wire.memcache.session import QUIET_LIMIT
from vaurien_twisted.wire.protocol import FramingOptions


def told(heard: Heard) -> list[tuple[str, str, bytes]]:
    """
    Each exchange: its command, its subject, its reply.
    """
    return [
        (exchange.command, exchange.subject, heard.replies.get(number, b""))
        for number, exchange in sorted(heard.exchanges.items())
    ]


def replies(requests: bytes, answers: bytes, size: int = 0) -> list[bytes]:
    """
    What each of the requests is answered with.
    """
    heard = converse(MemcacheFramer(), [("client", requests), ("backend", answers)], size)
    assert not heard.error, heard.error
    assert not heard.loose[1], heard.loose
    return [reply for _, _, reply in told(heard)]


class InterfaceTests(SynchronousTestCase):
    """
    What the link relies on.
    """

    def test_provides(self) -> None:
        """
        The protocol and its framers are what they say.
        """
        verifyObject(IWireProtocol, Memcache())
        verifyObject(IFramer, MemcacheFramer())
        verifyObject(IFramer, Memcache().framer(FramingOptions(), "127.0.0.1:11211"))

    def test_options(self) -> None:
        """
        C{on_garbage} takes two values.
        """
        self.assertEqual(build(FramingOptions, {}, "memcache").on_garbage, "opaque")
        self.assertRaises(ValueError, build, FramingOptions, {"on_garbage": "x"}, "memcache")


class RecordedTests(SynchronousTestCase):
    """
    Conversations with a real server.
    """

    def test_same(self) -> None:
        """
        However the bytes are cut, the same is heard.
        """
        for name, turns in CONVERSATIONS.items():
            whole = converse(MemcacheFramer(), turns)
            self.assertEqual(whole.error, "", name)
            for size in (1, 2, 3, 7, 50):
                cut = converse(MemcacheFramer(), turns, size)
                self.assertEqual(cut.requests, whole.requests, (name, size))
                self.assertEqual(cut.loose, whole.loose, (name, size))
                self.assertEqual(cut.ended, whole.ended, (name, size))
                self.assertEqual(told(cut), told(whole), (name, size))

    def test_ends(self) -> None:
        """
        Every request ends, and every reply of those that have one, exactly once;
        nothing is left over but what C{watch} shows.
        """
        for name, turns in CONVERSATIONS.items():
            heard = converse(MemcacheFramer(), turns)
            numbers = sorted(heard.exchanges)
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)), name)
            self.assertEqual(heard.ended[0], numbers, name)
            replying = [n for n in numbers if heard.exchanges[n].replies]
            self.assertEqual(heard.ended[1], replying, name)
            self.assertEqual(heard.loose[0], b"", name)
            self.assertTrue(name == "crawl" or heard.loose[1] == b"", name)

    def test_plain(self) -> None:
        """
        Commands, data blocks that look like commands, and errors that leave the data
        block to be read as one.
        """
        found = told(converse(MemcacheFramer(), CONVERSATIONS["plain"]))
        self.assertEqual(
            found[:4],
            [
                ("set", "k", b"STORED\r\n"),
                ("get", "k", b"VALUE k 5 5\r\nhello\r\nEND\r\n"),
                ("gets", "k", found[2][2]),
                ("get", "absent", b"END\r\n"),
            ],
        )
        self.assertEqual(found[2][2].count(b"VALUE "), 2)
        self.assertIn(("append", "k", b"STORED\r\n"), found)
        self.assertIn(("prepend", "k", b""), found)
        self.assertIn(("gats", "k", found[[name for name, _, _ in found].index("gats")][2]), found)
        place = found.index(("set", "k" * 250 + "k", b"CLIENT_ERROR bad command line format\r\n"))
        self.assertEqual(found[place + 1], ("hello", "", b"ERROR\r\n"))
        self.assertEqual(found[place + 2], ("set", "k", b"CLIENT_ERROR bad data chunk\r\n"))
        self.assertEqual(found[place + 3][:2], ("get", "k"))
        self.assertIn(("", "", b"ERROR\r\n"), found)
        stats = [(subject, reply[-5:]) for name, subject, reply in found if name == "stats"]
        self.assertEqual(
            stats,
            [
                ("reset", b"SET\r\n"),
                ("detail", b"OK\r\n"[-5:]),
                ("items", b"END\r\n"),
                ("nonsense", b"ROR\r\n"),
            ],
        )

    def test_meta(self) -> None:
        """
        Quiet commands get their own answers or none.
        """
        found = told(converse(MemcacheFramer(), CONVERSATIONS["meta"]))
        self.assertEqual(
            [(name, reply) for name, _, reply in found[5:17]],
            [
                ("mg", b"VA 5 km O1\r\nhello\r\n"),
                ("mg", b""),
                ("mg", b"HD km O3\r\n"),
                ("mn", b"MN\r\n"),
                ("ms", b""),
                ("ms", b"NS km O5\r\n"),
                ("ms", b"NS O6 knone\r\n"),
                ("mn", b"MN\r\n"),
                ("md", b"NF knone O7\r\n"),
                ("md", b""),
                ("ma", b"NF knone O9\r\n"),
                ("mn", b"MN\r\n"),
            ],
        )

    def test_watch(self) -> None:
        """
        A list ends with its last line; what C{watch} shows is passed unread.
        """
        framer = MemcacheFramer()
        heard = converse(framer, CONVERSATIONS["crawl"])
        self.assertEqual(framer.opaque, "watch")
        found = told(heard)
        self.assertEqual(found[2][0], "lru_crawler")
        self.assertTrue(found[2][2].endswith(b"END\r\n"))
        self.assertEqual(found[2][2].count(b"key="), 2)
        self.assertEqual(found[4], ("watch", "", b"OK\r\n"))
        self.assertTrue(heard.loose[1].startswith(b"ts="))


class RequestTests(SynchronousTestCase):
    """
    What the client says.
    """

    def test_silent(self) -> None:
        """
        C{noreply} counts only where the server lets it.
        """
        for line, answered in (
            (b"set k 0 0 0 noreply\r\n", False),
            (b"set k 0 0 noreply\r\n", False),
            (b"set k 0 noreply\r\n", True),
            (b"cas k 0 0 0 1 noreply\r\n", False),
            (b"delete noreply\r\n", True),
            (b"delete k noreply\r\n", False),
            (b"incr k 1 noreply\r\n", False),
            (b"touch k noreply\r\n", False),
            (b"verbosity noreply\r\n", False),
            (b"flush_all\r\n", True),
            (b"get noreply\r\n", True),
            (b"version noreply\r\n", True),
            (b"bogus noreply\r\n", True),
            (b"mn q\r\n", True),
            (b"mg k q\r\n", True),
            (b"quit\r\n", False),
        ):
            ((exchange, _, _),) = MemcacheFramer().fromClient(line)
            assert exchange is not None
            self.assertEqual(exchange.replies, answered, line)

    def test_streams(self) -> None:
        """
        A data block passes as it arrives, and only its length ends it.
        """
        framer = MemcacheFramer()
        ((exchange, piece, ends),) = framer.fromClient(b"set k 0 0 100000\r\nab")
        self.assertEqual((piece, ends), (b"set k 0 0 100000\r\nab", False))
        part = b"\r\n" * 49999
        self.assertEqual(list(framer.fromClient(part)), [(exchange, part, False)])
        self.assertEqual(list(framer.fromClient(b"XX")), [(exchange, b"XX", True)])

    def test_whole(self) -> None:
        """
        A chunk that is one piece is passed as the very same object.
        """
        framer = MemcacheFramer()
        for data in (b"get k\r\n", b"set k 0 0 1\r\nx\r\n", b"ms k 1\r\nx\r\n"):
            ((exchange, piece, ends),) = framer.fromClient(data)
            self.assertIs(piece, data)
            self.assertTrue(ends)
            assert exchange is not None
            framer.expect(exchange)
        for data in (b"VALUE k 0 1\r\nx\r\nEND\r\n", b"STORED\r\n", b"HD\r\n"):
            ((_, piece, ends),) = framer.fromBackend(data)
            self.assertIs(piece, data)
            self.assertTrue(ends)

    def test_manyKeys(self) -> None:
        """
        A line of many keys passes before its end is there; any other is not that long.
        """
        keys = b" ".join(b"key%d" % n for n in range(50_000))
        for verb, first in ((b"get ", "key0"), (b"gat 10 ", "key0")):
            for size in (0, 1000):
                framer, heard = MemcacheFramer(), Heard()
                for part in chunks(verb + keys + b"\r\nversion\r\n", size=size):
                    take(heard, framer, framer.fromClient(part), False)
                self.assertEqual(heard.error, "")
                self.assertEqual(heard.exchanges[1].subject, first)
                self.assertEqual(heard.requests, {1: verb + keys + b"\r\n", 2: b"version\r\n"})
                self.assertEqual(heard.ended[0], [1, 2])
        for data in (b"delete " + keys, b"delete " + keys + b"\r\n"):
            error = self.assertRaises(FramingError, list, MemcacheFramer().fromClient(data))
            self.assertEqual(error.rest, data)

    def test_longKey(self) -> None:
        """
        A subject is cut.
        """
        for size in (0, 1000):
            framer, heard = MemcacheFramer(), Heard()
            for part in chunks(b"get " + b"k" * 30_000 + b"\r\n", size=size):
                take(heard, framer, framer.fromClient(part), False)
            self.assertEqual(heard.exchanges[1].subject, "k" * SUBJECT_LIMIT)

    def test_opaque(self) -> None:
        """
        The binary protocol and TLS are known by their first byte and passed unread.
        """
        for data, why in ((b"\x80\x00\x00", "the binary protocol"), (b"\x16\x03", "TLS")):
            framer = MemcacheFramer()
            self.assertEqual(list(framer.fromClient(data)), [(None, data, False)])
            self.assertEqual(framer.opaque, why)
            self.assertEqual(list(framer.fromBackend(b"\x81")), [(None, b"\x81", False)])

    def test_refused(self) -> None:
        """
        What is not text is refused at once, with all that was not passed.
        """
        for data in (b"\x00", b"version\r\n\x80", b"get a\0b\r\n", b"*1\r\n", b"{}\n"):
            for size in (0, 1):
                framer, seen, reason = MemcacheFramer(), b"", ""
                for part in chunks(data, size=size):
                    try:
                        for _, piece, _ in framer.fromClient(part):
                            seen += piece
                    except FramingError as error:
                        seen, reason = seen + error.rest, error.reason
                self.assertEqual(seen, data)
                self.assertNotEqual(reason, "", data)
                self.assertEqual(framer.opaque, reason)


class ReplyTests(SynchronousTestCase):
    """
    Whose an answer is.
    """

    def test_values(self) -> None:
        """
        A value that looks like an end is none.
        """
        value = b"VALUE k 0 5 77\r\nEND\r\n\r\nEND\r\n"
        for size in (0, 1, 3):
            self.assertEqual(
                replies(b"gets k\r\nversion\r\n", value + b"VERSION 1\r\n", size),
                [value, b"VERSION 1\r\n"],
            )

    def test_broken(self) -> None:
        """
        An error in the middle of values ends them.
        """
        broken = b"VALUE k 0 1\r\nx\r\nSERVER_ERROR out of memory writing get response\r\n"
        self.assertEqual(replies(b"get k j\r\nmn\r\n", broken + b"MN\r\n"), [broken, b"MN\r\n"])

    def test_quiet(self) -> None:
        """
        An answer is the first quiet command's whose it can be.
        """
        for asked, answers, expected in (
            (b"mg a q\r\nmg b q\r\nmn\r\n", b"MN\r\n", [b"", b"", b"MN\r\n"]),
            (b"mg a q\r\nmg b\r\n", b"EN\r\n", [b"", b"EN\r\n"]),
            (b"ms a 1 q\r\nx\r\nmg b\r\n", b"HD\r\n", [b"", b"HD\r\n"]),
            (
                b"mg a q Oa\r\nmg b q Ob\r\nmn\r\n",
                b"HD Ob\r\nMN\r\n",
                [b"", b"HD Ob\r\n", b"MN\r\n"],
            ),
            (b"mg a q k\r\nmg b q k\r\nmn\r\n", b"HD kb\r\nMN\r\n", [b"", b"HD kb\r\n", b"MN\r\n"]),
            (b"mg a q\r\nmg b k\r\n", b"HD kb\r\n", [b"", b"HD kb\r\n"]),
            (
                b"mg a q\r\nget b\r\n",
                b"VALUE b 0 1\r\nx\r\nEND\r\n",
                [b"", b"VALUE b 0 1\r\nx\r\nEND\r\n"],
            ),
            (
                b"ms a 1 q\r\nx\r\nmn\r\n",
                b"SERVER_ERROR x\r\nMN\r\n",
                [b"SERVER_ERROR x\r\n", b"MN\r\n"],
            ),
            (b"mg a v q\r\nmn\r\n", b"VA 2 \r\nab\r\nMN\r\n", [b"VA 2 \r\nab\r\n", b"MN\r\n"]),
        ):
            for size in (0, 1):
                self.assertEqual(replies(asked, answers, size), expected, asked)

    def test_failing(self) -> None:
        """
        An error goes past quiet commands that cannot cause it, but not past a barrier,
        and the barrier puts right what was taken wrongly.
        """
        wrong = b"CLIENT_ERROR invalid flag\r\n"
        for asked, answers, expected in (
            (b"mg a q\r\nbogus\r\nmn\r\n", b"ERROR\r\nMN\r\n", [b"", b"ERROR\r\n", b"MN\r\n"]),
            (b"mg a q z\r\nmn\r\n", wrong + b"MN\r\n", [wrong, b"MN\r\n"]),
            (b"mg %s q\r\nbogus\r\n" % (b"k" * 251), wrong, [wrong, b""]),
            (b"ma a q\r\nget b\r\n", wrong + b"END\r\n", [wrong, b"END\r\n"]),
            (b"get a\r\nmn\r\nget b\r\n", b"MN\r\nEND\r\n", [b"", b"MN\r\n", b"END\r\n"]),
        ):
            for size in (0, 1):
                self.assertEqual(replies(asked, answers, size), expected, asked)
        framer = MemcacheFramer()
        take(Heard(), framer, framer.fromClient(b"get a\r\n"), False)
        self.assertEqual(list(framer.fromBackend(b"MN\r\n")), [(None, b"MN\r\n", False)])
        ((_, piece, ends),) = framer.fromBackend(b"  \r\n")
        self.assertEqual((piece, ends), (b"  \r\n", True))

    def test_silence(self) -> None:
        """
        The end of the connection ends what was answered by silence.
        """
        framer, heard = MemcacheFramer(), Heard()
        take(heard, framer, framer.fromClient(b"mg a q\r\nmg b q\r\nget k\r\n"), False)
        pieces = list(framer.backendEnded())
        self.assertEqual(pieces, [(heard.exchanges[1], b"", True), (heard.exchanges[2], b"", True)])

    def test_bounded(self) -> None:
        """
        Silence does not fill the memory.
        """
        framer, heard = MemcacheFramer(), Heard()
        for _ in range(60):
            take(heard, framer, framer.fromClient(b"ms k 1 q\r\nx\r\n" * 100), False)
        take(heard, framer, framer.fromClient(b"mn\r\n"), False)
        take(heard, framer, framer.fromBackend(b"MN\r\n"), True)
        self.assertEqual(heard.ended[1][-1], 6001)
        self.assertLessEqual(len(heard.ended[1]), QUIET_LIMIT)

    def test_unanswered(self) -> None:
        """
        What is not expected has no reply to be read.
        """
        framer = MemcacheFramer()
        (first, _, _), (second, _, _) = framer.fromClient(b"get a\r\nversion\r\n")
        assert first is not None and second is not None
        framer.expect(second)
        self.assertEqual(
            list(framer.fromBackend(b"VERSION 1\r\n")), [(second, b"VERSION 1\r\n", True)]
        )

    def test_unasked(self) -> None:
        """
        What the server says unasked belongs to no exchange.
        """
        data = b"ERROR Too many open connections\r\n"
        self.assertEqual(list(MemcacheFramer().fromBackend(data)), [(None, data, False)])

    def test_malformed(self) -> None:
        """
        What is no answer is refused, with all that was not passed.
        """
        for data in (b"\x81", b"VALUE k 0 x\r\n", b"VALUE k\r\n", b"a" * 70_000):
            framer = MemcacheFramer()
            take(Heard(), framer, framer.fromClient(b"get k\r\n"), False)
            error = self.assertRaises(FramingError, list, framer.fromBackend(data))
            self.assertEqual(error.rest, data)
            self.assertEqual(framer.opaque, error.reason)

    def test_trailing(self) -> None:
        """
        What was kept back is not lost at the end.
        """
        framer, heard = MemcacheFramer(), Heard()
        take(heard, framer, framer.fromClient(b"get k\r\nge"), False)
        self.assertEqual(list(framer.clientEnded()), [(None, b"ge", False)])
        take(heard, framer, framer.fromBackend(b"VALUE k 0 1\r\nx\r\nEN"), True)
        self.assertEqual(list(framer.backendEnded()), [(heard.exchanges[1], b"EN", False)])


LINES = st.sampled_from(
    [
        b"get k\r\n",
        b"set k 0 0 3\r\n",
        b"ms k 2 q\r\n",
        b"mg k q\r\n",
        b"mn\r\n",
        b"stats\r\n",
        b"watch\r\n",
    ]
)
ANSWERS = st.sampled_from(
    [
        b"VALUE k 0 3\r\n",
        b"END\r\n",
        b"VA 2\r\n",
        b"HD\r\n",
        b"MN\r\n",
        b"STAT a b\r\n",
        b"OK\r\n",
        b"abc\r\n",
    ]
)


class GarbageTests(SynchronousTestCase):
    """
    Whatever comes.
    """

    @settings(max_examples=300, deadline=None)
    @given(
        st.booleans(),
        st.lists(st.one_of(LINES, ANSWERS, st.binary(max_size=12)), max_size=12),
        st.lists(st.integers(0, 120), max_size=5),
    )
    def test_garbage(self, backend: bool, parts: list[bytes], cuts: list[int]) -> None:
        """
        Every byte passes once and in order, or is left to whoever catches the error.
        """
        data = b"".join(parts)
        framer = MemcacheFramer()
        if backend:
            asked = b"get k\r\nmg a q\r\nstats\r\nms a 1 q\r\nx\r\nmn\r\nwatch\r\n"
            take(Heard(), framer, framer.fromClient(asked), False)
        seen = b""
        for part in chunks(data, cuts):
            try:
                for exchange, piece, _ in (framer.fromBackend if backend else framer.fromClient)(
                    part
                ):
                    seen += piece
                    if exchange is not None and not backend and len(seen) % 2:
                        framer.expect(exchange)
            except FramingError as error:
                seen += error.rest
        for _, piece, _ in framer.backendEnded() if backend else framer.clientEnded():
            seen += piece
        self.assertEqual(seen, data)
