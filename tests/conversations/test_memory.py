"""
Random conversations of every protocol, on transports in memory: what is said through a
proxy is what is said without one.
"""

from __future__ import annotations

import os
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.conversations.memory import Conversation
from tests.conversations.speeches import SPEECHES

#: How many conversations of each protocol; the same each time.
COUNT = int(os.environ.get("VAURIEN_CONVERSATIONS", "1000"))

DRAWN = settings(max_examples=25, deadline=None)


class ConversationTests(SynchronousTestCase):
    """
    Each protocol has many conversations whose seeds are their numbers, and a few that
    hypothesis draws and makes short where they fail.
    """

    def play(self, wire: str) -> None:
        """
        Many.
        """
        for seed in range(COUNT):
            try:
                Conversation(Random(seed), SPEECHES[wire]).play()
            except AssertionError as error:
                self.fail(f"{wire}, seed {seed}: {error}")

    def test_redis(self) -> None:
        """
        RESP.
        """
        self.play("redis")

    def test_memcache(self) -> None:
        """
        memcached's text protocol.
        """
        self.play("memcache")

    def test_postgresql(self) -> None:
        """
        PostgreSQL's.
        """
        self.play("postgresql")

    def test_mysql(self) -> None:
        """
        MySQL's.
        """
        self.play("mysql")

    def test_smtp(self) -> None:
        """
        SMTP.
        """
        self.play("smtp")

    def test_http(self) -> None:
        """
        HTTP/1.1.
        """
        self.play("http")

    def test_tcp(self) -> None:
        """
        Bytes.
        """
        self.play("tcp")

    @DRAWN
    @given(st.sampled_from(sorted(SPEECHES)), st.randoms(use_true_random=False))
    def test_drawn(self, wire: str, dice: Random) -> None:
        """
        Any.
        """
        Conversation(dice, SPEECHES[wire]).play()
