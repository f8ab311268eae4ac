"""
Tests for L{vaurien_twisted.wire.redis.fastpath}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.exchange import PassedBatch
from vaurien_twisted.wire.redis.protocol import RedisFramer


def command(*words: bytes) -> bytes:
    """
    A command as an array of strings.
    """
    strings = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
    return b"*%d\r\n%b" % (len(words), strings)


WORDS = st.sampled_from((b"", b"a", b"ab", b"\r\n", b"*2\r\n$3\r\nGET\r\n$1\r\n"))

COMMANDS = st.one_of(
    st.builds(command, st.just(b"GET"), WORDS),
    st.builds(command, st.just(b"SET"), WORDS, WORDS),
    st.just(command(b"PING")),
)

#: What is repeated: a request or a reply, and how often.
TIMES = st.integers(1, 4)

REPLIES = st.one_of(
    st.sampled_from((b"+OK\r\n", b"+OKAY\r\n", b":1\r\n", b"$-1\r\n", b"_\r\n")),
    WORDS.map(lambda word: b"$%d\r\n%b\r\n" % (len(word), word)),
)


def known() -> RedisFramer:
    """
    A framer that has read the commands before, and so knows how they begin.
    """
    framer = RedisFramer()
    for asked in (command(b"GET", b"a"), command(b"SET", b"a", b"b"), command(b"PING")):
        list(framer.fromClient(asked))
    return framer


class CountTests(SynchronousTestCase):
    """
    Whole chunks are counted, whether their parts are alike or not.
    """

    @given(st.lists(st.tuples(COMMANDS, TIMES), min_size=1, max_size=6), st.data())
    def test_requests(self, parts: list[tuple[bytes, int]], draw: st.DataObject) -> None:
        """
        Whole requests are counted, and a chunk that is cut does not pass.
        """
        framer = known()
        whole = b"".join(part * times for part, times in parts)
        batch = framer.requests(whole, None)
        assert batch is not None
        self.assertEqual(batch.left, sum(times for _, times in parts))
        last = parts[-1][0]
        cut = draw.draw(st.integers(1, len(last) - 1))
        self.assertIsNone(framer.requests(whole[:-cut], batch))

    @given(st.lists(st.tuples(REPLIES, TIMES), min_size=1, max_size=6), st.data())
    def test_replies(self, parts: list[tuple[bytes, int]], draw: st.DataObject) -> None:
        """
        Whole replies are counted, and a chunk that is cut does not pass.
        """
        framer = known()
        count = sum(times for _, times in parts)
        batch = framer.requests(command(b"PING") * (count + 1), None)
        assert isinstance(batch, PassedBatch)
        whole = b"".join(part * times for part, times in parts)
        cut = draw.draw(st.integers(1, len(parts[-1][0]) - 1))
        self.assertEqual(framer.replies(whole[:-cut]), 0)
        self.assertEqual(framer.replies(whole), count)
        self.assertEqual((batch.left, batch.next), (1, 4 + count))
