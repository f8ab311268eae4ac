"""
Tests for L{vaurien_twisted.wire.http.malformed}.
"""

from __future__ import annotations

import http.client
import socket
from typing import cast

import attrs
from twisted.trial.unittest import SynchronousTestCase

from tests.wire.http.test_errors import FakeSocket, asked
from vaurien_twisted.model.commands import ConnectionFate, Reply, Send, Wait, spoken
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.http.malformed import FAULTS, PARTS, SHORT
from vaurien_twisted.wire.http.protocol import HTTP


def faulty(code: str, exchange: Exchange | None = None, **more: object) -> Reply:
    """
    The faulty reply.
    """
    error: WireError = attrs.evolve(HTTP().parseError(code, ""), **more)
    reply = HTTP().encodeError(exchange or asked(), error)
    assert reply is not None
    return reply


def read(reply: Reply) -> bytes:
    """
    What an independent client makes of it.
    """
    response = http.client.HTTPResponse(cast(socket.socket, FakeSocket(reply.data)), method="GET")
    response.begin()
    return response.read()


class FaultTests(SynchronousTestCase):
    """
    Replies that are not as they should be.
    """

    def test_presets(self) -> None:
        """
        Each is told of with a sentence, and is never chosen by chance.
        """
        self.assertEqual(
            {error.code for error in FAULTS},
            {"slow-headers", "slow-body", "wrong-length", "malformed-chunk", "empty"},
        )
        for error in FAULTS:
            self.assertTrue(error.description.endswith("."))
            self.assertFalse(error.transient)

    def test_slow(self) -> None:
        """
        The part that is slow comes in some fifty pieces, the other at once; together
        they are a whole reply, after which the connection goes on.
        """
        for body in ("short", "long " * 10_000):
            for code in ("slow-headers", "slow-body"):
                reply = faulty(code, body=body, pause=0.5)
                self.assertEqual(read(reply), body.encode())
                self.assertIs(reply.then, ConnectionFate.KEEP)
                steps = spoken(reply)
                sends = [step.data for step in steps if isinstance(step, Send)]
                waits = [step.seconds for step in steps if isinstance(step, Wait)]
                self.assertEqual(b"".join(sends), reply.data)
                self.assertEqual(waits, [0.5] * (len(sends) - 1))
                self.assertLessEqual(len(sends), PARTS + 1)
                self.assertGreaterEqual(len(sends), min(len(body), PARTS // 2))
                head = reply.data.index(b"\r\n\r\n") + 4
                if code == "slow-body":
                    self.assertEqual(sends[0], reply.data[:head])
                else:
                    self.assertEqual(sends[-1], reply.data[head:])

    def test_wrongLength(self) -> None:
        """
        The reader waits for more than comes.
        """
        reply = faulty("wrong-length")
        error = self.assertRaises(http.client.IncompleteRead, read, reply)
        self.assertEqual(error.expected, SHORT)
        self.assertIs(reply.then, ConnectionFate.CLOSE)
        self.assertEqual(reply.data.count(b"Content-Length"), 1)

    def test_malformedChunk(self) -> None:
        """
        The first chunk is right, the second is none; even of an empty body.
        """
        for body in (None, ""):
            reply = faulty("malformed-chunk", body=body)
            self.assertRaises(http.client.IncompleteRead, read, reply)
            self.assertIs(reply.then, ConnectionFate.CLOSE)
            self.assertNotIn(b"Content-Length", reply.data)

    def test_empty(self) -> None:
        """
        Nothing comes but the end.
        """
        self.assertEqual(faulty("empty"), Reply(b"", ConnectionFate.CLOSE))

    def test_asked(self) -> None:
        """
        The body, the fields and the phrase are those that were asked for.
        """
        reply = faulty("slow-body", body="{}", headers=(("Content-Type", "application/json"),))
        stream = cast(socket.socket, FakeSocket(reply.data))
        response = http.client.HTTPResponse(stream)
        response.begin()
        self.assertEqual(response.headers["Content-Type"], "application/json")
        self.assertEqual((response.reason, response.read()), ("OK", b"{}"))
        parseError = HTTP().encodeError(asked(), HTTP().parseError("wrong-length", "Fine"))
        assert parseError is not None
        self.assertTrue(parseError.data.startswith(b"HTTP/1.1 200 Fine\r\n"))

    def test_unseen(self) -> None:
        """
        A fault that the client would not see is not made.
        """
        for method, codes in (
            ("HEAD", {"slow-headers", "empty"}),
            ("CONNECT", {"empty"}),
            ("GET", {error.code for error in FAULTS}),
        ):
            exchange = asked(method=method)
            made = {error.code for error in FAULTS if HTTP().encodeError(exchange, error)}
            self.assertEqual(made, codes, method)
        made = {error.code for error in FAULTS if HTTP().encodeError(Exchange(0), error)}
        self.assertEqual(made, set())
