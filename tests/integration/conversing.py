"""
Random conversations with real servers: first without a proxy, then through one.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from random import Random
from typing import Any

import attrs

from tests.conversations.memory import HARMLESS, STRIKES
from tests.conversations.speaking import Speech, Turn, cut
from tests.integration.support import PATIENCE


def connect(address: str) -> socket.socket:
    """
    A connection to C{HOST:PORT}.
    """
    host, port = address.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@attrs.frozen
class Real:
    """
    How a real server is spoken to.

    @ivar speech: makes the requests; its replies are not used.
    @ivar fits: whether a request always has the same answer, and the connection stays.
    @ivar clean: what is said first, so that nothing is left of the conversation before.
    @ivar mark: a request whose reply shows that all before it has been answered.
    @ivar marked: the end of that reply.
    @ivar change: makes a request of the server's own out of one.
    @ivar steady: takes out of replies what differs each time.
    """

    speech: Speech
    mark: bytes
    marked: bytes
    clean: bytes = b""
    fits: Callable[[bytes], bool] = bool
    change: Callable[[bytes], bytes] = bytes
    steady: Callable[[bytes], bytes] = bytes

    def turns(self, dice: Random) -> tuple[bytes, list[Turn]]:
        """
        What the client opens with, and what it asks.
        """
        session = self.speech.begin(dice)
        opening = b"".join(data for who, data in session.opening if who == "client")
        asked = [
            attrs.evolve(turn, request=self.change(turn.request))
            for _ in range(dice.randrange(1, 6))
            for flight in session.speak()
            for turn in flight
        ]
        return opening, [turn for turn in asked if self.fits(turn.request)]

    def ask(self, connection: socket.socket, request: bytes) -> bytes:
        """
        The server's reply.
        """
        connection.sendall(request + self.mark)
        heard = b""
        while not heard.endswith(self.marked):
            data = connection.recv(65536)
            assert data, ("the server has closed", request[:300], heard[:300])
            heard = self.steady(heard + data)
        return heard

    def direct(self, address: str, opening: bytes, turns: list[Turn]) -> list[bytes]:
        """
        The replies without a proxy, each with that to the mark behind it.
        """
        with connect(address) as connection:
            self.ask(connection, self.clean)
            self.ask(connection, opening)
            return [self.ask(connection, turn.request) for turn in turns]

    def proxied(
        self, dice: Random, address: str, opening: bytes, requests: list[bytes], expected: bytes
    ) -> bytes:
        """
        What is heard through a proxy, where requests are sent in random parts.
        """
        with connect(address) as connection:
            self.ask(connection, self.clean)
            self.ask(connection, opening)
            for part in cut(dice, b"".join(request + self.mark for request in requests)):
                connection.sendall(part)
            heard = b""
            while len(heard) < len(expected):
                data = connection.recv(65536)
                if not data:
                    break
                heard = self.steady(heard + data)
                if not expected.startswith(heard):
                    break
            return heard


def play(
    real: Real, dice: Random, direct: str, proxied: str, setRules: Callable[..., None]
) -> None:
    """
    One conversation.

    @param direct: where the server is.
    @param proxied: where the proxy is.
    @param setRules: puts rules in force on it.
    @raise AssertionError: something was not as without a proxy.
    """
    speech = real.speech
    opening, turns = real.turns(dice)
    harmless = [name for name in HARMLESS if not (speech.wire == "tcp" and name == "other command")]
    if speech.wire in ("tcp", "smtp"):
        harmless.remove("units")
    mode = dice.choice(harmless + ([] if speech.random else [*STRIKES * 3]))
    rules: list[dict[str, Any]] = HARMLESS.get(mode) or []
    strikes = mode in STRIKES
    if strikes:
        options = {**speech.error, "at": mode}
        rules = [{"behavior": "error", "options": options, "when": speech.when}]
    reached = [turn for turn in turns if not (mode == "request" and turn.struck)]
    replies = iter(real.direct(direct, opening, reached))
    end = real.ask(connection := connect(direct), b"")
    connection.close()
    expected = b""
    for turn in turns:
        struck = strikes and bool(turn.struck)
        reply = end if struck and mode == "request" else next(replies)
        expected += turn.struck + end if struck else reply
    setRules(*rules)
    heard = real.proxied(dice, proxied, opening, [turn.request for turn in turns], expected)
    if heard != expected:
        at = 0
        while heard[at : at + 1] == expected[at : at + 1]:
            at += 1
        near = slice(max(0, at - 100), at + 200)
        raise AssertionError((mode, "expected", expected[near], "heard", heard[near]))


def undated(reply: bytes) -> bytes:
    """
    A reply without the time at which it was made.
    """
    return re.sub(rb"\r\nDate: [^\r]{29}\r\n", b"\r\n", reply)
