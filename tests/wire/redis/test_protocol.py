"""
Tests for the framing of C{redis}.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.wire.redis.conversation import CONVERSATIONS
from tests.wire.support import Heard, chunks, converse, take
from vaurien_twisted.interfaces import IFramer, IWireProtocol
from vaurien_twisted.model.exchange import FramingError
from vaurien_twisted.model.options import build
from vaurien_twisted.wire.protocol import FramingOptions
from vaurien_twisted.wire.redis.protocol import Redis, RedisFramer

Turns = list[tuple[str, bytes]]


def command(*words: bytes) -> bytes:
    """
    A command as clients write it.
    """
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)


def told(heard: Heard) -> list[tuple[str, str, bytes]]:
    """
    Each exchange: its command, its subject, its reply.
    """
    return [
        (exchange.command, exchange.subject, heard.replies.get(number, b""))
        for number, exchange in sorted(heard.exchanges.items())
    ]


def play(turns: Sequence[tuple[str, bytes]], size: int = 0) -> Heard:
    """
    A conversation on a new connection.
    """
    return converse(RedisFramer(), turns, size)


class InterfaceTests(SynchronousTestCase):
    """
    What the link relies on.
    """

    def test_provides(self) -> None:
        """
        The protocol and its framers are what they say.
        """
        verifyObject(IWireProtocol, Redis())
        verifyObject(IFramer, RedisFramer())
        verifyObject(IFramer, Redis().framer(FramingOptions(), "127.0.0.1:6379"))

    def test_options(self) -> None:
        """
        C{on_garbage} takes two values.
        """
        self.assertEqual(build(FramingOptions, {}, "redis").on_garbage, "opaque")
        made = build(FramingOptions, {"on_garbage": "close"}, "redis")
        self.assertEqual(made.on_garbage, "close")
        self.assertRaises(ValueError, build, FramingOptions, {"on_garbage": "x"}, "redis")


class RecordedTests(SynchronousTestCase):
    """
    Conversations with a real server.
    """

    def test_same(self) -> None:
        """
        However the bytes are cut, the same is heard, every byte once and in order.
        """
        for name, turns in CONVERSATIONS.items():
            whole = play(turns)
            self.assertEqual(whole.error, "", name)
            for size in (1, 2, 3, 7, 50):
                cut = play(turns, size)
                self.assertEqual(cut.requests, whole.requests, (name, size))
                self.assertEqual(cut.replies, whole.replies, (name, size))
                self.assertEqual(cut.loose, whole.loose, (name, size))
                self.assertEqual(cut.ended, whole.ended, (name, size))
                self.assertEqual(told(cut), told(whole), (name, size))

    def test_ends(self) -> None:
        """
        Every request ends, and every reply of those that have one, exactly once.
        """
        for name, turns in CONVERSATIONS.items():
            heard = play(turns)
            numbers = sorted(heard.exchanges)
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)), name)
            self.assertEqual(heard.ended[0], numbers, name)
            replying = [n for n in numbers if heard.exchanges[n].replies]
            self.assertEqual(heard.ended[1], replying, name)

    def test_plain(self) -> None:
        """
        Replies of every form belong to the commands that asked for them.
        """
        heard = play(CONVERSATIONS["plain"])
        self.assertEqual(
            told(heard)[:9],
            [
                ("SET", "k", b"+OK\r\n"),
                ("GET", "k", b"$1\r\nv\r\n"),
                ("GET", "absent", b"$-1\r\n"),
                ("INCR", "n", b":1\r\n"),
                ("INCRBY", "n", b":42\r\n"),
                ("GET", "n", b"$2\r\n42\r\n"),
                ("RPUSH", "l", b":3\r\n"),
                ("LRANGE", "l", b"*3\r\n$1\r\na\r\n$0\r\n\r\n$4\r\nc\r\nd\r\n"),
                ("HSET", "h", b":2\r\n"),
            ],
        )
        # Inline, with empty commands between them.
        inline = [found for found in told(heard) if found[0] in ("PING", "ECHO")]
        self.assertEqual(inline, [("PING", "", b"+PONG\r\n"), ("ECHO", "a b", b"$3\r\na b\r\n")])
        self.assertEqual(heard.loose, [b"\r\n*0\r\n", b""])
        self.assertEqual(heard.exchanges[len(heard.exchanges)].command, "QUIT")

    def test_transaction(self) -> None:
        """
        C{EXEC} owns the whole array, though it counts too little where a subscription
        of two channels is part of it.
        """
        replies = [
            reply for name, _, reply in told(play(CONVERSATIONS["transaction"])) if name == "EXEC"
        ]
        self.assertEqual(replies[2], b"*-1\r\n")
        self.assertTrue(replies[1].startswith(b"-EXECABORT "))
        self.assertTrue(replies[3].startswith(b"*2\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"))
        self.assertTrue(replies[3].endswith(b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"))

    def test_subscriptions(self) -> None:
        """
        In RESP2 confirmations are the replies, messages are nobody's.
        """
        heard = play(CONVERSATIONS["pubsub2"])
        found = told(heard)
        self.assertEqual(found[0][2].count(b"subscribe"), 3)
        self.assertEqual(found[2][2], b"*2\r\n$4\r\npong\r\n$0\r\n\r\n")
        self.assertTrue(found[3][2].startswith(b"-ERR Can't execute 'get'"))
        self.assertEqual(found[5][:2], ("UNSUBSCRIBE", ""))
        self.assertEqual(found[5][2].count(b"unsubscribe"), 2)
        self.assertEqual(
            [name for name, _, _ in found[6:9]], ["PUNSUBSCRIBE"] + ["UNSUBSCRIBE"] * 2
        )
        self.assertEqual([reply.count(b"*3") for _, _, reply in found[6:9]], [1, 1, 2])
        self.assertEqual(
            [
                line
                for line in heard.loose[1].split(b"\r\n")
                if line in (b"one", b"two", b"three", b"four")
            ],
            [b"one", b"two", b"three", b"four"],
        )
        self.assertEqual(heard.loose[1].count(b"*"), 4 + heard.loose[1].count(b"p*"))

    def test_resp3(self) -> None:
        """
        Pushes are nobody's unless they confirm, an attribute is part of the reply, and
        the version is known after C{HELLO}, refused or not.
        """
        heard = play(CONVERSATIONS["resp3"])
        self.assertEqual(heard.loose[1].count(b">"), 2)
        self.assertIn(b"invalidate", heard.loose[1])
        self.assertIn(b"$3\r\none\r\n", heard.loose[1])
        found = told(heard)
        debug = [reply[:1] for name, _, reply in found if name == "DEBUG"]
        self.assertEqual(debug, [b"|", b",", b"(", b"#", b"~", b"%", b"=", b"_"])
        gets = [
            exchange.context for exchange in heard.exchanges.values() if exchange.command == "GET"
        ]
        self.assertEqual(gets, [3, 3, 3, 2])

    def test_quiet(self) -> None:
        """
        C{CLIENT REPLY} takes replies away, but not confirmations.
        """
        heard = play(CONVERSATIONS["quiet"])
        self.assertEqual(
            [(x.command, x.replies) for x in heard.exchanges.values()],
            [
                ("CLIENT", False),
                ("SET", False),
                ("SUBSCRIBE", True),
                ("UNSUBSCRIBE", True),
                ("CLIENT", True),
                ("GET", True),
                ("CLIENT", False),
                ("GET", False),
                ("INCR", True),
                ("CLIENT", True),
                ("PING", True),
            ],
        )

    def test_monitor(self) -> None:
        """
        What a monitored server reports is nobody's; replies among it find their commands.
        """
        heard = play(CONVERSATIONS["monitor"])
        self.assertEqual(
            told(heard),
            [
                ("MONITOR", "", b"+OK\r\n"),
                ("PING", "", b"+PONG\r\n"),
                ("RESET", "", b"+RESET\r\n"),
                ("PING", "", b"+PONG\r\n"),
            ],
        )
        self.assertEqual(heard.loose[1].count(b"\r\n"), 3)


class PipelineTests(SynchronousTestCase):
    """
    Requests and replies that come together, and only partly reach the backend.
    """

    def test_skip(self) -> None:
        """
        C{CLIENT REPLY SKIP} is used up by whatever comes next: a command of any kind,
        an empty one, or another C{SKIP}, which skips anew.
        """
        skip = b"CLIENT REPLY SKIP\r\n"
        for lines, replying in (
            (skip + b"GET k\r\nGET k\r\n", [3]),
            (skip + b"MULTI\r\nGET k\r\n", [3]),
            (skip + b"\r\nGET k\r\n", [2]),
            (skip + b"*0\r\nGET k\r\n", [2]),
            (skip + skip + b"GET k\r\nGET k\r\n", [4]),
            (skip + b"RESET\r\nGET k\r\n", [3]),
            (skip + b"CLIENT REPLY ON\r\nGET k\r\n", [2, 3]),
            (b"CLIENT REPLY OFF\r\n" + skip + b"GET k\r\nGET k\r\nRESET\r\nGET k\r\n", [5, 6]),
            (b"MULTI\r\nCLIENT REPLY OFF\r\nGET k\r\n", [1, 2, 3]),
        ):
            heard = play([("client", lines)])
            found = [number for number, made in heard.exchanges.items() if made.replies]
            self.assertEqual(found, replying, lines)

    def test_unsubscribed(self) -> None:
        """
        A subscription that the server takes away by itself is nobody's.
        """
        push = b">3\r\n$12\r\nsunsubscribe\r\n$1\r\ns\r\n:0\r\n"
        turns = [("client", b"HELLO 3\r\nGET k\r\n"), ("backend", b"%0\r\n" + push + b"_\r\n")]
        heard = play(turns)
        self.assertEqual((heard.loose[1], heard.replies), (push, {1: b"%0\r\n", 2: b"_\r\n"}))

    def test_queued(self) -> None:
        """
        What a transaction only queues has changed nothing yet.
        """
        heard = play(
            [
                ("client", b"MULTI\r\nMONITOR\r\nHELLO 3\r\nSUBSCRIBE a\r\nDISCARD\r\nGET k\r\n"),
                ("backend", b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+OK\r\n+1 is a status\r\n"),
            ]
        )
        self.assertEqual(heard.replies[6], b"+1 is a status\r\n")
        self.assertEqual(heard.exchanges[6].context, 2)

    def test_unanswered(self) -> None:
        """
        What is not expected changes nothing: no reply is read for it, and none of what
        it asked the server to change is taken to have changed.
        """
        framer = RedisFramer()
        sent = [(b"CLIENT", b"REPLY", b"OFF"), (b"MULTI",), (b"HELLO", b"3"), (b"SUBSCRIBE", b"a")]
        data = b"".join(command(*words) for words in [*sent, (b"GET", b"k")])
        made = []
        for exchange, _, _ in framer.fromClient(data):
            assert exchange is not None
            made.append(exchange)
            if exchange.command == "GET":
                framer.expect(exchange)
        self.assertEqual((made[-1].replies, made[-1].context), (True, 2))
        array = b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n"
        self.assertEqual(list(framer.fromBackend(array)), [(made[-1], array, True)])

    def test_whole(self) -> None:
        """
        A chunk that is one piece is passed as the very same object.
        """
        framer = RedisFramer()
        for data in (command(b"GET", b"k"), command(b"GET", b"k"), b"GET k\r\n"):
            ((exchange, piece, ends),) = framer.fromClient(data)
            self.assertIs(piece, data)
            self.assertTrue(ends)
            assert exchange is not None
            framer.expect(exchange)
        for data in (b"$1\r\nv\r\n", b"*1\r\n:1\r\n", b"-ERR x\r\n"):
            ((_, piece, ends),) = framer.fromBackend(data)
            self.assertIs(piece, data)
            self.assertTrue(ends)

    def test_unasked(self) -> None:
        """
        What the server says unasked belongs to no exchange.
        """
        data = b"-ERR max number of clients reached\r\n"
        self.assertEqual(list(RedisFramer().fromBackend(data)), [(None, data, False)])

    def test_streams(self) -> None:
        """
        Long strings pass as they arrive, once the subject is known.
        """
        framer = RedisFramer()
        head = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\n"
        ((exchange, piece, ends),) = framer.fromClient(head + b"x" * 10)
        self.assertEqual((piece, ends), (head + b"x" * 10, False))
        assert exchange is not None
        framer.expect(exchange)
        part = b"y" * 99990
        self.assertEqual(list(framer.fromClient(part)), [(exchange, part, False)])
        self.assertEqual(list(framer.fromClient(b"\r\n")), [(exchange, b"\r\n", True)])
        self.assertEqual(
            list(framer.fromBackend(b"$100000\r\nz")), [(exchange, b"$100000\r\nz", False)]
        )
        self.assertEqual(list(framer.fromBackend(part)), [(exchange, part, False)])

    def test_trailing(self) -> None:
        """
        The beginning of the next request waits for its subject, and is not lost.
        """
        framer = RedisFramer()
        first = command(b"GET", b"k")
        heard = Heard()
        take(heard, framer, framer.fromClient(first + b"*2\r\n$3\r\nGE"), False)
        self.assertEqual(heard.requests, {1: first})
        self.assertEqual(list(framer.clientEnded()), [(None, b"*2\r\n$3\r\nGE", False)])
        self.assertEqual(list(framer.clientEnded()), [])
        take(heard, framer, framer.fromBackend(b"$5"), True)
        self.assertEqual(list(framer.backendEnded()), [(heard.exchanges[1], b"$5", False)])

    def test_replication(self) -> None:
        """
        After C{PSYNC} nothing is read, unless it is refused.
        """
        for words in ((b"PSYNC", b"?", b"-1"), (b"SYNC",)):
            framer = RedisFramer()
            turns: Turns = [("client", command(*words)), ("backend", b"-ERR no\r\n")]
            heard = converse(framer, turns)
            self.assertEqual(framer.opaque, "")
            stream = b"+FULLRESYNC x 0\r\n$EOF:"
            turns = [turns[0], ("backend", stream), ("client", b"*junk")]
            heard = converse(framer, turns, heard=heard)
            self.assertEqual(framer.opaque, "replication")
            self.assertEqual(heard.loose, [b"*junk", stream])
            self.assertEqual(heard.ended, ([1, 2], [1, 2]))

    def test_tls(self) -> None:
        """
        A TLS greeting is passed unread.
        """
        framer = RedisFramer()
        self.assertEqual(list(framer.fromClient(b"\x16\x03\x01")), [(None, b"\x16\x03\x01", False)])
        self.assertEqual(framer.opaque, "TLS")
        self.assertEqual(list(framer.fromBackend(b"\x16")), [(None, b"\x16", False)])


REQUESTS = st.lists(
    st.lists(st.binary(max_size=40), max_size=4).map(
        lambda words: command(b"SET", *words) if words else b"PING\r\n"
    ),
    max_size=6,
)


def values() -> st.SearchStrategy[bytes]:
    """
    RESP values of all kinds.
    """
    plain = st.one_of(
        st.binary(max_size=30).map(lambda b: b"$%d\r\n%b\r\n" % (len(b), b)),
        st.sampled_from([b"+OK\r\n", b"-ERR x\r\n", b":12\r\n", b"$-1\r\n", b"*-1\r\n", b"_\r\n"]),
        st.sampled_from([b"#t\r\n", b",1.5\r\n", b"(99999999999999999999999999999\r\n", b"*0\r\n"]),
        st.sampled_from(
            [b"=7\r\ntxt:abc\r\n", b"!3\r\nERR\r\n", b"$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n"]
        ),
    )
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda v: b"*%d\r\n" % len(v) + b"".join(v)),
            st.lists(inner, max_size=3).map(lambda v: b"~%d\r\n" % len(v) + b"".join(v)),
            st.lists(inner, max_size=3).map(lambda v: b"*?\r\n" + b"".join(v) + b".\r\n"),
            st.tuples(inner, inner).map(lambda v: b"%1\r\n" + v[0] + v[1]),
            st.tuples(inner, inner, inner).map(lambda v: b"|1\r\n" + b"".join(v)),
        ),
        max_leaves=8,
    )


class CutTests(SynchronousTestCase):
    """
    Cuts anywhere, and garbage.
    """

    @settings(max_examples=150, deadline=None)
    @given(st.lists(values(), min_size=1, max_size=6), st.lists(st.integers(0, 600), max_size=8))
    def test_values(self, replies: list[bytes], cuts: list[int]) -> None:
        """
        Every value is one reply, wherever the stream is cut.
        """
        framer = RedisFramer()
        heard = Heard()
        take(heard, framer, framer.fromClient(b"GET k\r\n" * len(replies)), False)
        for part in chunks(b"".join(replies), cuts):
            take(heard, framer, framer.fromBackend(part), True)
        self.assertEqual(heard.error, "")
        self.assertEqual([heard.replies[n + 1] for n in range(len(replies))], replies)
        self.assertEqual(heard.ended[1], list(range(1, len(replies) + 1)))

    @settings(max_examples=150, deadline=None)
    @given(REQUESTS, st.lists(st.integers(0, 800), max_size=8))
    def test_requests(self, requests: list[bytes], cuts: list[int]) -> None:
        """
        Every command is one request, wherever the stream is cut.
        """
        framer = RedisFramer()
        heard = Heard()
        for part in chunks(b"".join(requests), cuts):
            take(heard, framer, framer.fromClient(part), False)
        self.assertEqual(heard.error, "")
        self.assertEqual(list(heard.requests.values()), requests)
        self.assertEqual(heard.ended[0], list(range(1, len(requests) + 1)))

    @settings(max_examples=300, deadline=None)
    @given(
        st.lists(
            st.one_of(
                st.binary(max_size=20),
                st.sampled_from(
                    [
                        b"*2\r\n",
                        b"$3\r\nGET\r\n",
                        b"$",
                        b"*",
                        b"-1",
                        b"\r\n",
                        b"?",
                        b">3\r\n",
                        b".",
                        b";0",
                    ]
                ),
                st.sampled_from(
                    [command(b"SUBSCRIBE", b"a"), command(b"EXEC"), b"MONITOR\r\n", b"HELLO 3\r\n"]
                ),
            ),
            max_size=12,
        ),
        st.lists(st.integers(0, 200), max_size=5),
    )
    def test_garbage(self, parts: list[bytes], cuts: list[int]) -> None:
        """
        Whatever comes, every byte passes once and in order, or is left to whoever
        catches the error; there is no other exception.
        """
        data = b"".join(parts)
        for backend in (False, True):
            framer = RedisFramer()
            if backend:
                asked = b"GET k\r\nSUBSCRIBE a b\r\nEXEC\r\nHELLO 3\r\nMONITOR\r\n"
                take(Heard(), framer, framer.fromClient(asked), False)
            seen = b""
            for part in chunks(data, cuts):
                try:
                    for exchange, piece, _ in (
                        framer.fromBackend if backend else framer.fromClient
                    )(part):
                        seen += piece
                        if exchange is not None and not backend and len(seen) % 2:
                            framer.expect(exchange)
                except FramingError as error:
                    seen += error.rest
                    self.assertEqual(framer.opaque, error.reason)
            for _, piece, _ in framer.backendEnded() if backend else framer.clientEnded():
                seen += piece
            self.assertEqual(seen, data)
