"""
Rules under traffic: decisions that repeat, and plans that change while many speak.
"""

from __future__ import annotations

import random
import socket
from collections import Counter
from contextlib import ExitStack
from threading import Event
from typing import Any

from tests.integration.children import ChildCase, Parallel, note
from tests.integration.ruling import rule
from tests.integration.servers import missing, redis
from tests.integration.support import PATIENCE, ProxyCase, inThread


class Speaker:
    """
    A client of Redis that asks for echoes, and reads each reply in its turn.

    @ivar asked: how many were asked for.
    @ivar failed: the numbers of those that were answered with an error, from 1.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._replies = self._socket.makefile("rb")
        self.asked = 0
        self.failed: list[int] = []
        # Only who was answered has surely been accepted before who comes next.
        self._socket.sendall(b"PING\r\n")
        self.heard(b"+PONG\r\n")

    def heard(self, wanted: bytes) -> None:
        """
        The next line is this one.
        """
        line = self._replies.readline()
        assert line == wanted, (line, wanted)

    def echo(self, count: int) -> None:
        """
        Ask for so many echoes at once, and read as many replies.
        """
        words = [b"%d" % (self.asked + place) for place in range(1, count + 1)]
        self._socket.sendall(
            b"".join(b"*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n" % (len(word), word) for word in words)
        )
        for word in words:
            line = self._replies.readline()
            self.asked += 1
            if line.startswith(b"-"):
                self.failed.append(self.asked)
            else:
                assert line == b"$%d\r\n" % len(word), (line, word)
                self.heard(word + b"\r\n")

    def close(self) -> None:
        """
        Nothing that nobody asked for is left.
        """
        self._socket.sendall(b"QUIT\r\n")
        rest = self._replies.read()
        assert rest == b"+OK\r\n", rest
        self._replies.close()
        self._socket.close()


class RepeatTests(ProxyCase):
    """
    The same seed and the same traffic give the same decisions.
    """

    skip = missing("redis-server")

    async def prepare(self) -> None:
        """
        Start what is not running.
        """
        await self.open(redis().backend, "redis", seed=7)

    def run_(self, order: int) -> tuple[dict[int, list[int]], dict[int, list[tuple[int, str]]]]:
        """
        Twenty clients come in order and then ask a thousand times each, all mixed: which
        requests failed, and what was decided, for each connection.
        """
        self.reopen(redis().backend, "redis", seed=7)
        draw = [
            {"behavior": "error", "options": {"code": code}, "percent": 5}
            for code in ("LOADING", "TRYAGAIN")
        ]
        rule(self, {"draw": [{**each, "when": {"command": "ECHO"}} for each in draw]})
        source = random.Random(order)
        speakers = {number: Speaker(self.proxy.port) for number in range(1, 21)}
        left = dict(speakers)
        while left:
            number = source.choice(list(left))
            speaker = left[number]
            speaker.echo(min(source.randrange(1, 100), 1000 - speaker.asked))
            if speaker.asked == 1000:
                del left[number]
        for speaker in speakers.values():
            speaker.close()
        told: dict[int, list[tuple[int, str]]] = {number: [] for number in speakers}
        for entry in self.proxy.journal.since():
            if entry["kind"] == "decision":
                told[entry["connection"]].append((entry["exchange"], entry["effect"]))
        return {number: each.failed for number, each in speakers.items()}, told

    @inThread
    def test_interleaved(self) -> None:
        """
        Three runs in different orders fail the same requests of each connection, by the
        same errors; the journal has just these.
        """
        failed, told = self.run_(1)
        for order in (2, 3):
            self.assertEqual(self.run_(order), (failed, told))
        for number, numbers in failed.items():
            # The first exchange of each was its PING.
            self.assertEqual([exchange - 1 for exchange, _ in told[number]], numbers)
        effects = Counter(effect for each in told.values() for _, effect in each)
        self.assertEqual(set(effects), {"error LOADING", "error TRYAGAIN"})
        self.assertTrue(1700 < effects.total() < 2300, effects)


class ChangeTests(ChildCase):
    """
    Plans that change under load.
    """

    skip = missing("redis-server")

    #: How often the rules change.
    CHANGES = 1000

    #: What is in force in turn.
    RULES: tuple[list[dict[str, Any]], ...] = (
        [],
        [{"behavior": "error", "options": {"code": "LOADING"}, "percent": 50}],
        [{"behavior": "hang", "percent": 2}],
        [{"behavior": "delay", "options": {"sleep": 0.001}, "when": {"command": "ECHO"}}],
        [{"behavior": "error", "options": {"code": "OOM", "at": "reply"}, "percent": 20}],
        [{"behavior": "delay", "options": {"sleep": 0.001, "before": False}, "times": 10}],
        [{"behavior": "hang", "when": {"command": "GET"}}],
        [{"behavior": "hang", "for": 0.001}, {"behavior": "delay", "percent": 0.1}],
    )

    def test_changes(self) -> None:
        """
        The rules change a thousand times while four clients ask without a pause: each of
        their requests has one reply, in order.
        """
        proxy = self.child(redis().port, protocol="redis")
        client = self.client(proxy)
        over = Event()

        def speak() -> Speaker:
            speaker = Speaker(proxy.proxy_port)
            source = random.Random(proxy.proxy_port)
            while not over.is_set():
                speaker.echo(source.randrange(1, 50))
            speaker.echo(50)
            speaker.close()
            return speaker

        with ExitStack() as stack:
            stack.callback(over.set)
            speaking = [Parallel(speak) for _ in range(4)]
            for change in range(self.CHANGES):
                client.set_rules(self.RULES[change % len(self.RULES)])
            client.set_rules([])
        speakers = [each.result() for each in speaking]
        for speaker in speakers:
            self.assertTrue(0 < len(speaker.failed) < speaker.asked)
            self.assertLess(speaker.failed[-1], speaker.asked - 50 + 1)
        asked = sum(speaker.asked for speaker in speakers)
        note(f"{self.CHANGES} changes of rules while {asked} requests were answered")
