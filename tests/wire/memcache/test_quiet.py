"""
Tests for quiet memcached commands that are answered after all, and for others that are
answered or not against expectation.  The answers are those of memcached 1.6.18.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from tests.wire.memcache.test_protocol import replies
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.memcache.protocol import MemcacheFramer

ITEM = b"VALUE k 5 3\r\nabc\r\nEND\r\n"
WRONG = b"CLIENT_ERROR invalid flag\r\n"
REFUSED = b"SERVER_ERROR temporary failure\r\n"


class QuietTests(SynchronousTestCase):
    """
    Whose an answer is.
    """

    def check(self, asked: bytes, *answers: bytes) -> None:
        """
        The answers of commands in their order, C{b""} for silence.
        """
        for size in (0, 1, 5):
            self.assertEqual(replies(asked, b"".join(answers), size), [*answers], asked)

    def test_pitfall25_created(self) -> None:
        """
        C{ma} with C{N} says that it has made an item, though it is quiet.
        """
        self.check(b"ma n N0 q\r\nget k\r\n", b"HD\r\n", ITEM)
        self.check(b"ma n N0 q\r\nget k\r\n", b"", ITEM)
        self.check(b"ma n N0 J13 q v\r\nget k\r\n", b"VA 2\r\n13\r\n", ITEM)
        self.check(b"ma n q\r\nma m N0 q O1\r\nmn\r\n", b"", b"HD O1\r\n", b"MN\r\n")
        self.check(b"ma n q\r\nmg k\r\n", b"", b"HD\r\n")

    def test_pitfall25_late(self) -> None:
        """
        An answer that only meta commands give belongs to no other; a value in it stays whole.
        """
        for asked in (b"get k\r\n", b"touch k 0\r\n", b"set k 0 0 1\r\nx\r\n", b"version\r\n"):
            framer = MemcacheFramer()
            for exchange, _, _ in framer.fromClient(asked):
                assert exchange is not None
                framer.expect(exchange)
            self.assertEqual(
                list(framer.fromBackend(b"VA 5\r\nEND\r\n\r\nHD\r\n")),
                [(None, b"VA 5\r\nEND\r\n\r\n", False), (None, b"HD\r\n", False)],
            )
            self.assertEqual(len(framer._session.awaiting), 1)

    def test_pitfall25_wrong(self) -> None:
        """
        A quiet command that may be wrong is answered with an error, one that cannot be is not.
        """
        for quiet in (b"mg k Tx q", b"mg k v v q", b"mg k b q", b"md k E9 q", b"ma n Mz q"):
            self.check(quiet + b"\r\nincr k 1\r\n", WRONG, b"6\r\n")
        self.check(b"mg k O%b q\r\nmn\r\n" % (b"o" * 40), WRONG, b"MN\r\n")
        for quiet in (b"mg k q v t c f s k O1 R30 N30 T9 h l", b"md k q k O1 I T30"):
            self.check(quiet + b"\r\nincr k 1\r\n", b"", WRONG)

    def test_pitfall25_encoded(self) -> None:
        """
        A key in base64 comes back as it was given, or decoded.
        """
        for back in (b"VA 1 kaw== b O1\r\nx\r\n", b"VA 1 kk O1\r\nx\r\n"):
            self.check(b"mg bg== b v k O1 q\r\nmg aw== b v k O1 q\r\nmn\r\n", b"", back, b"MN\r\n")

    def test_pitfall25_same(self) -> None:
        """
        Where answers cannot be told apart, they can be as soon as another command is answered.
        """
        value = b"VA 1 O1\r\nx\r\n"
        asked = b"mg a v q O1\r\nmg k v q O1\r\nmg k v O1\r\nget k\r\nget k\r\n"
        self.check(asked, value, value, b"", ITEM, ITEM)

    def test_pitfall25_letter(self) -> None:
        """
        Of a flag without a token only the first letter counts.
        """
        self.check(b"mg a vx qx\r\nmg k kx v qx\r\nmn\r\n", b"", b"VA 1 kk\r\nx\r\n", b"MN\r\n")
        usesFastPath = MemcacheFramer()
        usesFastPath.watch(frozenset())
        self.assertIsNone(usesFastPath.requests(b"mg a qx\r\n", None))
        self.assertIsNotNone(usesFastPath.requests(b"mg a v\r\n", None))

    def test_pitfall24_noreply(self) -> None:
        """
        C{noreply} is heeded where the server does.
        """
        for line, silent in (
            (b"lru_crawler enable noreply", False),
            (b"lru_crawler crawl all noreply", False),
            (b"slabs automove 1 noreply", True),
            (b"slabs reassign 1 2 noreply", False),
            (b"lru mode flat noreply", True),
            (b"extstore free_memchunks 0 noreply", True),
            (b"verbosity 1 noreply", True),
            (b"verbosity 1 2 noreply", False),
            (b"flush_all 1 2 noreply", False),
            (b"incr n 1 2 noreply", False),
            (b"delete k 0 noreply", True),
            (b"delete k 0 0 noreply", False),
            (b"shutdown noreply", False),
            (b"version noreply", False),
            (b"mn noreply", False),
        ):
            ((exchange, _, _),) = MemcacheFramer().fromClient(line + b"\r\n")
            assert exchange is not None
            self.assertIs(exchange.replies, not silent, line)

    def test_pitfall24_watched(self) -> None:
        """
        C{watch} is answered by lines without end even where its own answer is left out.
        """
        framer = MemcacheFramer()
        for exchange, _, _ in framer.fromClient(b"watch fetchers noreply\r\n"):
            assert exchange is not None
            framer.expect(exchange)
        self.assertEqual(framer.opaque, "watch")


class BarrierTests(SynchronousTestCase):
    """
    Errors of ours behind quiet commands.
    """

    def pair(self) -> Pair:
        """
        A link on which C{touch} is refused.
        """
        pair = Pair("memcache")
        ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("memcache"))
        options = {"code": REFUSED.decode().strip()}
        rule = {"behavior": "error", "when": {"command": "touch"}, "options": options}
        pair.factory.setPlan(planFromRules(ruleBuilder, [rule]))
        return pair

    def test_pitfall25_place(self) -> None:
        """
        The error comes behind whatever they are answered, and the client sees nothing of how.
        """
        for said in (
            b"",
            b"VA 3\r\nabc\r\n",
            WRONG,
            b"VA 3\r\nabc\r\nSERVER_ERROR out of memory\r\n",
        ):
            pair = self.pair()
            reached = pair.ask(b"mg k v q\r\nmg j v q\r\ntouch k 0\r\nget k\r\n")
            self.assertEqual(reached, b"mg k v q\r\nmg j v q\r\nmn\r\nget k\r\n")
            self.assertEqual(pair.client.heard(), b"")
            self.assertEqual(pair.answer(said + b"MN\r\n" + ITEM), said + REFUSED + ITEM)

    def test_pitfall25_known(self) -> None:
        """
        Once all are known to be answered, nothing is sent in the request's place.
        """
        pair = self.pair()
        pair.ask(b"mg k v q\r\nmn\r\n")
        pair.answer(b"MN\r\n")
        self.assertEqual(pair.ask(b"touch k 0\r\n"), b"")
        self.assertEqual(pair.client.heard(), REFUSED)
        pair.ask(b"get k\r\n")
        self.assertEqual(pair.ask(b"touch k 0\r\n"), b"")
        self.assertEqual(pair.answer(ITEM), ITEM + REFUSED)
