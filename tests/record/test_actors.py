"""
Tests for L{vaurien_twisted.record.actors}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.record.actors import LIMIT, acting, actor


class ActorTests(SynchronousTestCase):
    """
    Who acts.
    """

    def test_block(self) -> None:
        """
        For the length of a block, also in a coroutine that goes on after it.
        """
        seen = []
        wait: Deferred[None] = Deferred()

        async def work() -> None:
            seen.append(actor())
            await wait
            seen.append(actor())

        with acting("ada"):
            done = Deferred.fromCoroutine(work())
            with acting("x" * 1000):
                seen.append(len(actor()))
        seen.append(actor())
        wait.callback(None)
        self.successResultOf(done)
        self.assertEqual(seen, ["ada", LIMIT, "", "ada"])
