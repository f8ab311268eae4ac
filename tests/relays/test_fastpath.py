"""
Tests for links that pass over exchanges to which nothing can happen: they must be
told from links that do not by nothing but their speed.
"""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules


def never(wire: str) -> list[dict[str, object]]:
    """
    Rules that match nothing that the tests send.
    """
    return [{"behavior": "error", "when": {"command": "NEVER"}}]


class SkimmingTests(SynchronousTestCase):
    """
    For each protocol that can be skimmed.
    """

    #: By protocol: a plain request and its reply, one that is watched, and one that a
    #: skimmer leaves alone with its reply.
    WIRES = (
        (
            "redis",
            [
                (b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", b"$3\r\nxxx\r\n"),
                (b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nvv\r\n", b"+OK\r\n"),
                (b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", b"$-1\r\n"),
                (b"PING\r\n", b"+PONG\r\n"),
                (b"*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n", b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"),
            ],
            b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n",
            "INCR",
            b"-",
        ),
        (
            "http",
            [
                (
                    b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
                    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
                ),
                (
                    b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
                    b"HTTP/1.1 204 No\r\n\r\n",
                ),
                (
                    b"HEAD /c HTTP/1.1\r\nHost: a\r\n\r\n",
                    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
                ),
                (
                    b"GET /d HTTP/1.1\r\nHost: a\r\n\r\n",
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
                ),
            ],
            b"DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n",
            "DELETE",
            b"HTTP/1.1 5",
        ),
    )

    def pair(self, wire: str, command: str) -> Pair:
        """
        A link on which C{command} is answered with an error.
        """
        pair = Pair(wire)
        ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire(wire))
        rules = [{"behavior": "error", "when": {"command": command}}]
        pair.factory.setPlan(planFromRules(ruleBuilder, rules))
        return pair

    def test_anyMixtureCutAnywhere(self) -> None:
        """
        Random conversations, cut at random: the backend gets every request but those
        that are answered in its place, the client every reply, each in its place.
        """
        dice = random.Random(5)
        for wire, plain, watched, command, mark in self.WIRES:
            for _ in range(150):
                pair = self.pair(wire, command)
                asked: list[tuple[bytes, bytes | None]] = []
                for _ in range(dice.randrange(1, 12)):
                    asked.append(dice.choice(plain) if dice.random() < 0.85 else (watched, None))
                reached, heard = b"", b""
                stream = b"".join(request for request, _ in asked)
                while stream:
                    size = dice.choice((1, 7, 30, 200, len(stream)))
                    reached += pair.ask(stream[:size])
                    heard += pair.client.heard()
                    stream = stream[size:]
                self.assertEqual(reached, b"".join(r for r, reply in asked if reply is not None))
                replies = b"".join(reply for _, reply in asked if reply is not None)
                while replies:
                    size = dice.choice((1, 9, 40, len(replies)))
                    heard += pair.answer(replies[:size])
                    replies = replies[size:]
                for _, reply in asked:
                    if reply is not None:
                        self.assertTrue(heard.startswith(reply), (wire, heard, asked))
                        heard = heard[len(reply) :]
                    else:
                        self.assertTrue(heard.startswith(mark), (wire, heard, asked))
                        if wire == "http":
                            head, _, rest = heard.partition(b"\r\n\r\n")
                            length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
                            heard = rest[length:]
                        else:
                            heard = heard.partition(b"\r\n")[2]
                self.assertEqual(heard, b"")
                self.assertEqual(pair.relay.link.exchanges, len(asked))

    def test_leftAndEnteredLive(self) -> None:
        """
        A plan that comes while runs await their replies meets the next request, in its place.
        """
        for wire, plain, watched, command, mark in self.WIRES:
            request, reply = plain[0]
            pair = Pair(wire)
            self.assertEqual(pair.ask(request * 5), request * 5)
            ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire(wire))
            rules = [{"behavior": "error", "when": {"command": command}}]
            pair.factory.setPlan(planFromRules(ruleBuilder, rules))
            self.assertEqual(pair.ask(watched + request), request)
            self.assertEqual(pair.client.heard(), b"")
            heard = pair.answer(reply * 6)
            self.assertTrue(heard.startswith(reply * 5 + mark), heard)
            self.assertTrue(heard.endswith(reply))
            pair.setBehavior("dummy")
            self.assertEqual(pair.ask(request), request)
            self.assertEqual(pair.answer(reply), reply)

    def test_numbersGoOn(self) -> None:
        """
        Exchanges that were passed over have numbers like all others.
        """
        for wire, plain, watched, command, _ in self.WIRES:
            pair = self.pair(wire, command)
            pair.ask(plain[0][0] * 7 + watched)
            [entry] = pair.factory.journal.since()
            self.assertEqual(entry["exchange"], 8)
