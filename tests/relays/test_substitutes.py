"""
Tests for L{vaurien_twisted.relays.substitutes}, with Redis between two transports in
memory.
"""

from __future__ import annotations

import attrs
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.relays.failing import FailingPair, failing
from tests.relays.support import always
from vaurien_twisted.interfaces import IBehavior
from vaurien_twisted.model.commands import Actions, Drop
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.exchange import SWALLOWED
from vaurien_twisted.wire.redis.transaction import UNKNOWN


def command(*words: str) -> bytes:
    """
    A command as clients send it.
    """
    parts = [b"$%d\r\n%b\r\n" % (len(word), word.encode()) for word in words]
    return b"*%d\r\n" % len(words) + b"".join(parts)


MULTI, EXEC, GET, INCR = (
    command("MULTI"),
    command("EXEC"),
    command("GET", "a"),
    command("INCR", "a"),
)

#: What goes to the backend in the place of EXEC, and of a command that would be queued.
DISCARD, MARK = command("DISCARD"), command(UNKNOWN.decode())

OK, QUEUED, REFUSED = b"+OK\r\n", b"+QUEUED\r\n", b"-ERR unknown command\r\n"
FAULT = b"-ERR injected error\r\n"
ABORTED = b"-EXECABORT Transaction discarded because of previous errors.\r\n"


def redis(*commands: str, **options: object) -> FailingPair:
    """
    A link on which C{error} meets these commands.
    """
    return FailingPair("redis", failing({"command": list(commands)}, **{"code": "ERR", **options}))


@attrs.frozen
class NoOptions:
    """
    None.
    """


@implementer(IBehavior)
class Swallow:
    """
    A behavior that drops INCR in silence.
    """

    name = "swallow"
    options = NoOptions
    connections = False

    def decide(self, options: NoOptions, context: DecisionContext) -> Actions:
        """
        Drop it.
        """
        return Actions((Drop(),)) if context.exchange.command == "INCR" else Actions()


class SubstituteTests(SynchronousTestCase):
    """
    What goes to the backend in a request's place, and what comes of it.
    """

    def test_inPlace_pitfall22(self) -> None:
        """
        The substitute goes at once; its reply is swallowed, and the client's error comes
        with it: who reads the error finds the backend in that state.
        """
        link = redis("EXEC")
        self.assertEqual(link.ask(MULTI), MULTI)
        self.assertEqual(link.answer(OK), OK)
        self.assertEqual(link.ask(GET), GET)
        self.assertEqual(link.answer(QUEUED), QUEUED)
        self.assertEqual(link.ask(EXEC), DISCARD)
        self.assertEqual(link.client.heard(), b"")
        self.assertEqual(link.answer(OK), FAULT)
        self.assertEqual(link.ask(GET), GET)
        self.assertEqual(link.answer(b"$1\r\n1\r\n"), b"$1\r\n1\r\n")

    def test_pipelined_pitfall22(self) -> None:
        """
        In a pipeline that comes in one piece, before MULTI is answered, everything stays in
        its order, whole and byte by byte.
        """
        for size in (1000, 1):
            link = redis("INCR")
            asked = MULTI + GET + INCR + GET + EXEC + GET
            heard = b"".join(link.ask(asked[at : at + size]) for at in range(0, len(asked), size))
            self.assertEqual(heard, MULTI + GET + MARK + GET + EXEC + GET)
            said = OK + QUEUED + REFUSED + QUEUED + ABORTED + b"$-1\r\n"
            told = b"".join(link.answer(said[at : at + size]) for at in range(0, len(said), size))
            self.assertEqual(told, OK + QUEUED + FAULT + QUEUED + ABORTED + b"$-1\r\n")

    def test_refusedMulti_pitfall22(self) -> None:
        """
        Where MULTI is refused, what was sent for a transaction does nothing.
        """
        link = redis("INCR", "EXEC")
        self.assertEqual(link.ask(MULTI + INCR + EXEC + GET), MULTI + MARK + DISCARD + GET)
        denied = b"-NOAUTH Authentication required.\r\n"
        self.assertEqual(link.answer(denied * 4), denied + FAULT + FAULT + denied)

    def test_outside(self) -> None:
        """
        Outside of a transaction nothing goes to the backend, and the client waits for nothing.
        """
        link = redis("INCR", "EXEC")
        self.assertEqual(link.ask(INCR + EXEC), b"")
        self.assertEqual(link.client.heard(), FAULT + FAULT)
        self.assertEqual(link.ask(MULTI + command("DISCARD") + INCR), MULTI + command("DISCARD"))

    def test_nil_pitfall22(self) -> None:
        """
        A failed WATCH has discarded the transaction; a null where a command would be queued
        spoils it.
        """
        link = redis("INCR", "EXEC", code="nil")
        self.assertEqual(link.ask(MULTI + EXEC), MULTI + DISCARD)
        self.assertEqual(link.answer(OK + OK), OK + b"*-1\r\n")
        self.assertEqual(link.ask(MULTI + INCR), MULTI + MARK)
        self.assertEqual(link.answer(OK + REFUSED), OK + b"$-1\r\n")

    def test_late_pitfall22(self) -> None:
        """
        Where the reply is replaced the transaction is marked behind it, and the next request
        waits for that, also in a pipeline.
        """
        for size in (1000, 1):
            link = redis("INCR", at="reply")
            asked = MULTI + INCR + EXEC + GET
            heard = b"".join(link.ask(asked[at : at + size]) for at in range(0, len(asked), size))
            self.assertEqual(heard, MULTI + INCR)
            self.assertEqual(link.answer(OK + QUEUED), OK + FAULT)
            self.assertEqual(link.backend.heard(), MARK + EXEC + GET)
            self.assertEqual(link.answer(REFUSED), b"")
            self.assertEqual(link.answer(ABORTED + b"$-1\r\n"), ABORTED + b"$-1\r\n")

    def test_lateMulti_pitfall22(self) -> None:
        """
        A client that was told that MULTI failed is in no transaction; within another the
        server has refused and marked it.
        """
        link = redis("MULTI", at="reply")
        self.assertEqual(link.ask(MULTI + INCR), MULTI)
        self.assertEqual(link.answer(OK), FAULT)
        self.assertEqual(link.backend.heard(), DISCARD + INCR)
        self.assertEqual(link.answer(OK + b":1\r\n"), b":1\r\n")
        link = FailingPair("redis")
        link.setRules({**failing({"command": "MULTI"}, code="ERR", at="reply"), "after": 1})
        self.assertEqual(link.ask(MULTI + MULTI), MULTI + MULTI)
        self.assertEqual(link.answer(OK + REFUSED), OK + FAULT)
        self.assertEqual(link.backend.heard(), MARK)

    def test_lateExec(self) -> None:
        """
        What was carried out cannot be taken back.
        """
        link = redis("EXEC", at="reply")
        self.assertEqual(link.ask(MULTI + EXEC + GET), MULTI + EXEC)
        self.assertEqual(link.answer(OK + b"*0\r\n"), OK + FAULT)
        self.assertEqual(link.backend.heard(), GET)
        self.assertEqual(link.answer(b"$-1\r\n"), b"$-1\r\n")

    def test_lateEarly(self) -> None:
        """
        A reply that comes before its request has gone whole holds back nothing of it.
        """
        link = redis("SET", at="reply")
        asked = MULTI + command("SET", "a", "x" * 100000)
        self.assertEqual(link.ask(asked[:50000]), asked[:50000])
        self.assertEqual(link.answer(OK + QUEUED), OK + FAULT)
        self.assertEqual(link.ask(asked[50000:] + GET), asked[50000:] + MARK + GET)
        self.assertEqual(link.answer(REFUSED + QUEUED), QUEUED)

    def test_lateOpaque(self) -> None:
        """
        Where what comes cannot be read the client is not held back for ever.
        """
        link = redis("INCR", at="reply")
        link.ask(MULTI + INCR + GET)
        link.answer(OK)
        link.answer(b"\1\2")
        self.assertEqual(link.backend.heard(), GET)

    def test_dropped_pitfall22(self) -> None:
        """
        A request that is dropped in silence spoils the transaction, too.
        """
        link = FailingPair("redis")
        link.factory.setPlan(always(Swallow()))
        self.assertEqual(link.ask(MULTI + INCR + EXEC), MULTI + MARK + EXEC)
        self.assertEqual(link.answer(OK + REFUSED + ABORTED), OK + ABORTED)

    def test_quiet_pitfall22(self) -> None:
        """
        Where the client wants no replies the backend gives none to a substitute.
        """
        off, on = command("CLIENT", "REPLY", "OFF"), command("CLIENT", "REPLY", "ON")
        link = FailingPair("redis")
        link.factory.setPlan(always(Swallow()))
        self.assertEqual(link.ask(off + MULTI + INCR + GET), off + MULTI + MARK + GET)
        self.assertEqual(link.ask(EXEC + on + GET), EXEC + on + GET)
        self.assertEqual(link.answer(OK + b"$1\r\n1\r\n"), OK + b"$1\r\n1\r\n")

    def test_fastPath_pitfall22(self) -> None:
        """
        Replies that pass by their number stay apart from the one that is swallowed, before
        it and behind it, and however the plan changes meanwhile.
        """
        for lifted in (False, True):
            link = redis("INCR")
            link.ask(GET)
            link.answer(b"$1\r\n0\r\n")
            self.assertEqual(link.ask(MULTI), MULTI)
            self.assertEqual(link.ask(GET), GET)
            self.assertEqual(link.ask(INCR), MARK)
            if lifted:
                link.setRules(failing({"command": "NONE"}, code="ERR"))
            self.assertEqual(link.ask(GET), GET)
            self.assertEqual(link.ask(GET + GET), GET + GET)
            self.assertEqual(link.answer(OK), OK)
            self.assertEqual(link.answer(QUEUED), QUEUED)
            self.assertEqual(link.answer(REFUSED), FAULT)
            self.assertEqual(link.answer(QUEUED), QUEUED)
            self.assertEqual(link.answer(QUEUED * 2), QUEUED * 2)

    def test_delayed(self) -> None:
        """
        A substitute waits as its request would have, and what is behind it with it.
        """
        link = FailingPair("redis")
        link.setRules(
            {"behavior": "delay", "options": {"sleep": 2}, "when": {"command": "EXEC"}},
            failing({"command": "EXEC"}, code="ERR"),
        )
        self.assertEqual(link.ask(MULTI + EXEC + GET), MULTI)
        link.clock.advance(2)
        self.assertEqual(link.backend.heard(), DISCARD + GET)
        self.assertEqual(link.answer(OK + OK + b"$-1\r\n"), OK + FAULT + b"$-1\r\n")

    def test_notCounted(self) -> None:
        """
        It is no exchange of the client's.
        """
        link = redis("INCR")
        link.ask(MULTI + INCR + EXEC)
        self.assertEqual(link.relay.link.exchanges, 3)
        recent = link.relay.link._framed.exchanges.state.recentExchanges
        self.assertEqual([each.command for each in recent][-2:], ["INCR", "EXEC"])

    def test_bound(self) -> None:
        """
        A reply that goes on and on is not swallowed for ever: the link closes.
        """
        link = redis("EXEC")
        link.ask(MULTI + EXEC)
        self.assertEqual(link.answer(OK + b"$%d\r\n" % (SWALLOWED * 2)), OK)
        for _ in range(2):
            self.assertEqual(link.answer(b"x" * SWALLOWED), b"")
        self.assertEqual((link.client.ended, link.backend.ended), (["lose"], ["lose"]))

    def test_opaque(self) -> None:
        """
        Where the rest cannot be read any more its reply must not pass: the link closes.
        """
        link = redis("EXEC")
        link.ask(MULTI + EXEC + b"\1\2\3")
        self.assertEqual(link.client.ended, ["lose"])
        self.assertEqual(link.client.heard(), b"")

    def test_backendGone(self) -> None:
        """
        With the backend its transaction is gone: the client has its error, then the end.
        """
        link = redis("EXEC")
        link.ask(MULTI)
        link.answer(OK)
        link.ask(EXEC)
        link.loseBackend()
        self.assertEqual((link.client.heard(), link.client.ended), (FAULT, ["lose"]))

    def test_closing(self) -> None:
        """
        An error that closes the connection needs no substitute.
        """
        link = redis("EXEC", code="MAXCLIENTS")
        link.ask(MULTI)
        link.answer(OK)
        self.assertEqual(link.ask(EXEC), b"")
        self.assertTrue(link.client.heard().startswith(b"-ERR max"))
        self.assertEqual(link.backend.ended, ["lose"])
