"""
Tests for L{vaurien_twisted.wire.redis.state} and L{vaurien_twisted.wire.redis.session}: what
changes a connection counts from when the server's answer says so.  The answers are those of
Redis 7.0.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from tests.wire.support import Heard, converse
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.redis.protocol import RedisFramer
from vaurien_twisted.wire.redis.session import SILENT_LIMIT

Turns = list[tuple[str, bytes]]

DENIED = b"-NOPERM this user has no permissions to run the '%b' command\r\n"
REPORT = b'+1700000000.123456 [0 127.0.0.1:5000] "SET" "k" "v"\r\n'
QUEUED, OK, PONG = b"+QUEUED\r\n", b"+OK\r\n", b"+PONG\r\n"


def ask(text: str) -> bytes:
    """
    Commands, with a semicolon between, as arrays.
    """
    said = b""
    for line in text.split(";"):
        words = line.encode().split()
        said += b"*%d\r\n" % len(words)
        said += b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
    return said


class StateTests(SynchronousTestCase):
    """
    Whose each reply is.
    """

    def hear(self, text: str, *replies: bytes) -> Heard:
        """
        Commands all at once, then all replies; the same one after the other, and in bytes.
        """
        data, answer = ask(text), b"".join(replies)
        whole = converse(RedisFramer(), [("client", data), ("backend", answer)])
        cut = converse(RedisFramer(), [("client", data), ("backend", answer)], size=1)
        self.assertEqual((whole.replies, whole.loose), (cut.replies, cut.loose), text)
        self.assertEqual(sorted(whole.ended[1]), sorted(cut.ended[1]))
        return whole

    def check(self, text: str, *replies: tuple[int, bytes]) -> None:
        """
        The numbers of commands, and what they are answered; 0 for what is nobody's.
        """
        heard = self.hear(text, *(reply for _, reply in replies))
        wanted: dict[int, bytes] = {}
        for number, reply in replies:
            wanted[number] = wanted.get(number, b"") + reply
        loose = wanted.pop(0, b"")
        said = {number: reply for number, reply in heard.replies.items() if reply}
        self.assertEqual((said, heard.loose[1], heard.error), (wanted, loose, ""), text)

    def test_pitfall24_monitor(self) -> None:
        """
        A second C{MONITOR} has no reply, nor have C{SYNC} and C{PSYNC} behind one; unless they
        are refused, or the first was.
        """
        for second in ("MONITOR", "SYNC", "PSYNC ? -1"):
            self.check(f"MONITOR;{second};PING", (1, OK), (0, REPORT), (3, PONG))
        denied = DENIED % b"monitor"
        self.check("MONITOR;MONITOR;PING", (1, denied), (0, denied), (3, PONG))
        self.check("MONITOR;RESET;MONITOR;PING", (1, OK), (2, b"+RESET\r\n"), (3, OK), (4, PONG))
        wrong = b"-ERR wrong number of arguments for 'monitor' command\r\n"
        self.check("MONITOR;MONITOR x;PING", (1, OK), (2, wrong), (3, PONG))
        self.check("MONITOR;MONITOR;MONITOR x;PING", (1, OK), (3, wrong), (4, PONG))
        replica = b"-ERR Replica can't interact with the keyspace\r\n"
        self.check("MONITOR;MONITOR;GET k", (1, OK), (3, replica))

    def test_pitfall24_monitorUnheard(self) -> None:
        """
        C{MONITOR} works where its reply is left out: reports are nobody's.
        """
        self.check("CLIENT REPLY SKIP;MONITOR;PING", (0, REPORT), (3, PONG), (0, REPORT))
        self.check("CLIENT REPLY OFF;MONITOR;CLIENT REPLY ON;PING", (3, OK), (0, REPORT), (4, PONG))

    def test_pitfall24_quietRefused(self) -> None:
        """
        Where C{CLIENT REPLY} is refused all is answered as before.
        """
        denied = DENIED % b"client|reply"
        context = b"-ERR Can't execute 'client|reply': only (P|S)SUBSCRIBE ... in this context\r\n"
        for error in (denied, context, b"-NOAUTH Authentication required.\r\n"):
            for mode in ("OFF", "SKIP"):
                framer = RedisFramer()
                turns: Turns = [("client", ask(f"CLIENT REPLY {mode}")), ("backend", error)]
                turns += [("client", ask("GET a;PING")), ("backend", b"$1\r\nx\r\n" + PONG)]
                heard = converse(framer, turns)
                self.assertEqual(heard.replies, {2: b"$1\r\nx\r\n", 3: PONG})
                self.assertTrue(heard.exchanges[2].replies)
        # What was sent before that was known is not taken for anything else's.
        self.check("CLIENT REPLY SKIP;GET a;PING", (0, denied + b"$1\r\nx\r\n"), (3, PONG))
        self.check(
            "CLIENT REPLY OFF;GET a;GET b;CLIENT REPLY ON;PING",
            (0, denied + b"$1\r\nx\r\n" + b"$-1\r\n"),
            (4, denied),
            (5, PONG),
        )

    def test_pitfall24_quiet(self) -> None:
        """
        Where it is not refused, errors are not taken for that.
        """
        wrong = b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
        self.check("CLIENT REPLY SKIP;GET a;LPUSH a 1;PING", (3, wrong), (4, PONG))
        wrong = b"-ERR wrong number of arguments for 'client|id' command\r\n"
        self.check("CLIENT REPLY SKIP;GET a;CLIENT ID x;PING", (3, wrong), (4, PONG))
        # These are refused unheard.
        self.check("CLIENT REPLY OFF;RESET x;PING;CLIENT REPLY ON;PING", (4, OK), (5, PONG))
        self.check("CLIENT REPLY OFF;RESET;CLIENT REPLY ON;PING", (2, b"+RESET\r\n"), (3, OK))
        heard = converse(RedisFramer(), [("client", ask("CLIENT REPLY SKIP") + b"\r\nPING\r\n")])
        self.assertEqual([each.replies for each in heard.exchanges.values()], [False, True])

    def test_pitfall24_multiRefused(self) -> None:
        """
        What follows a C{MULTI} that was refused is carried out, and not queued.
        """
        hello = b"%1\r\n$5\r\nproto\r\n:3\r\n"
        push = b">2\r\n$7\r\nmessage\r\n$1\r\nc\r\n"
        self.check("MULTI;HELLO 3;PING", (1, DENIED % b"multi"), (2, hello), (0, push), (3, PONG))
        framer = RedisFramer()
        turns: Turns = [("client", ask("MULTI;HELLO 3")), ("backend", DENIED % b"multi" + hello)]
        heard = converse(framer, [*turns, ("client", ask("GET k"))])
        self.assertEqual(heard.exchanges[3].context, 3)
        # It has no reply though it was taken for one that is queued.
        self.check("MULTI;CLIENT REPLY OFF;CLIENT REPLY ON", (1, DENIED % b"multi"), (3, OK))

    def test_pitfall24_multiStays(self) -> None:
        """
        A C{DISCARD} that is refused leaves the transaction as it is; an C{EXEC} ends it.
        """
        denied = DENIED % b"discard"
        sub = b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
        other = b"*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"
        self.check(
            "MULTI;DISCARD;SUBSCRIBE a b;EXEC;PING",
            (1, OK),
            (2, denied),
            (3, QUEUED),
            (4, b"*1\r\n" + sub + other),
            (5, PONG),
        )
        aborted = b"-EXECABORT Transaction discarded because of: wrong number of arguments\r\n"
        self.check("MULTI;EXEC x;CLIENT REPLY SKIP;GET a;PING", (1, OK), (2, aborted), (5, PONG))

    def test_pitfall24_queued(self) -> None:
        """
        C{HELLO} and C{CLIENT REPLY SKIP} in a transaction take effect when that is carried out.
        """
        framer = RedisFramer()
        turns: Turns = [
            ("client", ask("MULTI;HELLO 3;GET k;EXEC")),
            ("backend", OK + QUEUED * 2 + b"*2\r\n%1\r\n+proto\r\n:3\r\n_\r\n"),
            ("client", ask("GET k;RESET;GET k")),
        ]
        heard = converse(framer, turns)
        contexts = [heard.exchanges[number].context for number in (3, 5, 7)]
        self.assertEqual(contexts, [2, 3, 2])
        self.check(
            "MULTI;CLIENT REPLY SKIP;PING;EXEC;GET k;PING",
            (1, OK),
            (2, QUEUED),
            (3, QUEUED),
            (4, b"*2\r\n" + PONG),
            (6, PONG),
        )
        # Given up.
        self.check("MULTI;CLIENT REPLY SKIP;EXEC;PING", (1, OK), (2, QUEUED), (3, b"*-1\r\n"))

    def test_pitfall24_broken(self) -> None:
        """
        A transaction that falls silent in the middle has a reply that cannot be read.
        """
        framer = RedisFramer()
        reply = OK + QUEUED * 2 + b"*3\r\n" + PONG
        turns: Turns = [("client", ask("MULTI;PING;CLIENT REPLY OFF;EXEC")), ("backend", reply)]
        heard = converse(framer, turns)
        self.assertEqual(framer.opaque, "CLIENT REPLY in a transaction")
        self.assertEqual(heard.loose[1], b"*3\r\n" + PONG)
        self.assertEqual(heard.ended[1], [1, 2, 3, 4])

    def test_pitfall24_quit(self) -> None:
        """
        Nothing is answered after C{QUIT}.
        """
        heard = self.hear("QUIT;PING", OK)
        self.assertEqual([each.replies for each in heard.exchanges.values()], [True, False])

    def test_bounded(self) -> None:
        """
        However much is said in silence, little of it is kept.
        """
        framer = RedisFramer()
        turns: Turns = [("client", ask("CLIENT REPLY OFF"))]
        turns += [("client", ask(";".join(["MULTI;GET a;EXEC"] * 100)))] * 100
        heard = converse(framer, turns)
        self.assertLess(len(framer._session.awaiting), 3 * SILENT_LIMIT)
        heard = converse(
            framer, [("client", ask("CLIENT REPLY ON;PING")), ("backend", OK + PONG)], heard=heard
        )
        self.assertEqual(heard.replies, {30002: OK, 30003: PONG})
        self.assertEqual(len(framer._session.awaiting), 0)


class DoubtTests(SynchronousTestCase):
    """
    Errors of ours where the backend may still say something that was to be left out.
    """

    def pair(self) -> Pair:
        """
        A link on which C{ECHO} is refused.
        """
        pair = Pair("redis")
        ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("redis"))
        rule: dict[str, Any] = {"behavior": "error", "options": {"code": "OOM"}}
        pair.factory.setPlan(planFromRules(ruleBuilder, [{**rule, "when": {"command": "ECHO"}}]))
        return pair

    def test_pitfall24_place(self) -> None:
        """
        The error comes behind whatever the backend says.
        """
        for refused in (b"", DENIED % b"client|reply" + b"$1\r\nv\r\n"):
            pair = self.pair()
            reached = pair.ask(ask("CLIENT REPLY SKIP;GET k;ECHO x;GET k"))
            sent = ask("CLIENT REPLY SKIP;GET k;PING;GET k")
            self.assertEqual(reached, sent)
            self.assertEqual(pair.client.heard(), b"")
            heard = pair.answer(refused + PONG + b"$-1\r\n")
            self.assertTrue(heard.startswith(refused + b"-OOM "), heard)
            self.assertTrue(heard.endswith(b"\r\n$-1\r\n"), heard)
            self.assertNotIn(PONG, heard)

    def test_pitfall24_strikesAgain(self) -> None:
        """
        Rules strike again once it is known that nothing is left out.
        """
        pair = self.pair()
        pair.ask(ask("CLIENT REPLY OFF"))
        pair.answer(DENIED % b"client|reply")
        self.assertEqual(pair.ask(ask("ECHO x")), b"")
        self.assertTrue(pair.client.heard().startswith(b"-OOM "))
