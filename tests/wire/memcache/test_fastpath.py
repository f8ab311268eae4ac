"""
Tests for L{vaurien_twisted.wire.memcache.fastpath}: what is passed over is what would be read.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.memcache.protocol import MemcacheFramer

#: Commands, parts of them, and what makes them another command.
PARTS = st.lists(
    st.sampled_from(
        (
            b"get k\r\n",
            b"gets k\r\n",
            b"get ",
            b"get",
            b"k\r\n",
            b"\r\n",
            b" ",
            b" q",
            b"q ",
            b"incr n 1\r\n",
            b"mg k\r\n",
            b"mg k q\r\n",
            b"mg k v t\r\n",
            b"ma k N0 ",
            b"ms k 2 T0\r\nab\r\n",
            b"set k 0 0 2\r\nab\r\n",
            b"set k 0 0 2 noreply\r\nab\r\n",
            b"cas k 0 0 2 5\r\nab\r\n",
            b"delete k\r\n",
            b"gat 5 k l\r\n",
            b"md k q\r\n",
            b"noreply\r\n",
        )
    ),
    min_size=1,
    max_size=8,
).map(b"".join)


class SkimTests(SynchronousTestCase):
    """
    Commands in one chunk.
    """

    @settings(max_examples=500)
    @given(PARTS)
    def test_pitfall20_counted(self, data: bytes) -> None:
        """
        As many commands are passed over as would be read one by one, and only whole ones.
        """
        fast, slow = MemcacheFramer(), MemcacheFramer()
        run = fast.requests(data, None)
        if run is None:
            return
        read = [(exchange, ends) for exchange, _, ends in slow.fromClient(data)]
        self.assertEqual([ends for _, ends in read], [True] * run.left)
        self.assertTrue(all(exchange is not None and exchange.replies for exchange, _ in read))
        self.assertTrue(slow._requests.passable)

    def test_pitfall20_unfinished(self) -> None:
        """
        A command whose end is still to come is not passed over, and what is refused after it
        is answered in its own place.
        """
        pair = Pair("memcache")
        ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("memcache"))
        rules = [
            {
                "behavior": "error",
                "when": {"command": "incr"},
                "options": {"code": "SERVER_ERROR temporary failure"},
            }
        ]
        pair.factory.setPlan(planFromRules(ruleBuilder, rules))
        reached = pair.ask(b"get k\r\nget ") + pair.ask(b"k\r\nincr n 1\r\n")
        self.assertEqual(reached, b"get k\r\nget k\r\n")
        self.assertEqual(pair.client.heard(), b"")
        value = b"VALUE k 0 4\r\nabcd\r\nEND\r\n"
        self.assertEqual(pair.answer(value), value)
        refused = b"SERVER_ERROR temporary failure\r\n"
        self.assertEqual(pair.answer(value), value + refused)
