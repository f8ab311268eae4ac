"""
Tests for faults on a link: replies that are cut, replaced, slow or come early; and
connections that are refused.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.session import Session
from tests.relays.support import always
from tests.support import RecordingBehavior
from vaurien_twisted.model.commands import Actions, Drop, Send, Wait
from vaurien_twisted.rules.plan import Plan

ROWS = b"*\nfirst\nsecond\nthird\n.\n"


GREETING = {"behavior": "error", "options": {"code": "busy", "at": "greeting"}, "times": 1}


def partial(count: int, **options: Any) -> dict[str, Any]:
    """
    The rule by which replies to GET are cut.
    """
    more = {"at": "partial", "count": count, **options}
    return {"behavior": "error", "options": more, "when": {"command": "GET"}}


def failing(code: str, **options: Any) -> dict[str, Any]:
    """
    The rule by which GET is answered with an error.
    """
    more = {"code": code, **options}
    return {"behavior": "error", "options": more, "when": {"command": "GET"}}


class TruncateTests(SynchronousTestCase):
    """
    Replies that are cut.
    """

    def test_bytes(self) -> None:
        """
        So many bytes pass, then both connections are closed; the backend had the request.
        """
        session = Session(partial(7))
        self.assertEqual(session.ask(b"GET key\n"), b"GET key\n")
        self.assertEqual(session.answer(b"a long answer\n"), b"a long ")
        self.assertEqual((session.client.ended, session.backend.ended), (["lose"], ["lose"]))

    def test_nothing(self) -> None:
        """
        Of count 0 nothing passes, and the end comes when the reply begins.
        """
        session = Session(partial(0))
        session.ask(b"GET key\n")
        self.assertEqual(session.client.ended, [])
        self.assertEqual(session.answer(b"answer\n"), b"")
        self.assertEqual(session.client.ended, ["lose"])

    def test_shorter(self) -> None:
        """
        A shorter reply passes whole, and the connection goes on.
        """
        session = Session(partial(8))
        for _ in range(2):
            session.ask(b"GET key\n")
            self.assertEqual(session.answer(b"answer\n"), b"answer\n")
        self.assertEqual(session.client.ended, [])

    def test_pieces(self) -> None:
        """
        What has passed counts, in however many pieces it came.
        """
        session = Session(partial(10))
        session.ask(b"GET key\n")
        heard = b"".join(session.answer(ROWS[at : at + 1]) for at in range(len(ROWS)))
        self.assertEqual(heard, ROWS[:10])
        self.assertEqual(session.client.ended, ["lose"])

    def test_units(self) -> None:
        """
        So many rows pass, however long they are.
        """
        for count, passed in ((1, b"*\nfirst\n"), (2, b"*\nfirst\nsecond\n")):
            for size in (1, 5, 100):
                session = Session(partial(count, unit="units"))
                session.ask(b"GET key\n")
                parts = range(0, len(ROWS), size)
                heard = b"".join(session.answer(ROWS[at : at + size]) for at in parts)
                self.assertEqual(heard, passed)
                self.assertEqual(session.client.ended, ["lose"])

    def test_fewerUnits(self) -> None:
        """
        Of fewer rows all pass, with their end.
        """
        session = Session(partial(4, unit="units"))
        session.ask(b"GET key\n")
        self.assertEqual(session.answer(ROWS), ROWS)
        self.assertEqual(session.client.ended, [])

    def test_reset(self) -> None:
        """
        It may end in a reset.
        """
        session = Session({**partial(3), "options": {**partial(3)["options"], "then": "reset"}})
        session.ask(b"GET key\n")
        self.assertEqual(session.answer(b"answer\n"), b"ans")
        self.assertEqual((session.client.ended, session.backend.ended), (["abort"], ["abort"]))

    def test_pipeline(self) -> None:
        """
        Replies before it pass whole, those after it not at all.
        """
        session = Session(partial(3))
        session.ask(b"SET a\nGET b\nSET c\n")
        self.assertEqual(session.answer(b"one\ntwo is cut\nthree\n"), b"one\ntwo")
        self.assertEqual(session.answer(b"more\n"), b"")

    def test_delayed(self) -> None:
        """
        Together with a delay: first the wait, then the part, then the end.
        """
        delay = {"behavior": "delay", "options": {"sleep": 2, "before": False}}
        session = Session({**delay, "when": {"command": "GET"}}, partial(3))
        session.ask(b"GET key\n")
        self.assertEqual(session.answer(b"answer\n"), b"")
        self.assertEqual(session.wait(1.9), b"")
        self.assertEqual(session.client.ended, [])
        self.assertEqual(session.wait(0.2), b"ans")
        self.assertEqual(session.client.ended, ["lose"])


class ReplyTests(SynchronousTestCase):
    """
    Replies that are replaced, after the backend acted.
    """

    def test_replaced(self) -> None:
        """
        The backend's reply is swallowed, all of it; the connection goes on.
        """
        session = Session(failing("busy", at="reply"))
        self.assertEqual(session.ask(b"GET key\n"), b"GET key\n")
        self.assertEqual(session.client.heard(), b"")
        self.assertEqual(session.answer(ROWS[:9]), b"-busy try again\n")
        self.assertEqual(session.answer(ROWS[9:]), b"")
        session.ask(b"SET key\n")
        self.assertEqual(session.answer(b"done\n"), b"done\n")
        self.assertEqual(session.client.ended, [])

    def test_closes(self) -> None:
        """
        An error after which the real server would close does so here.
        """
        session = Session(failing("gone", at="reply"))
        session.ask(b"GET key\n")
        self.assertEqual(session.answer(b"answer\n"), b"-gone no more\n")
        self.assertEqual((session.client.ended, session.backend.ended), (["lose"], ["lose"]))

    def test_pipeline(self) -> None:
        """
        It keeps its place among the replies, whether it is said at the request or later.
        """
        for at in ("request", "reply"):
            session = Session(failing("busy", at=at))
            seen = session.ask(b"SET a\nGET b\nSET c\n")
            self.assertEqual(b"GET" in seen, at == "reply")
            self.assertEqual(session.client.heard(), b"")
            replies = b"one\ntwo\nthree\n" if at == "reply" else b"one\nthree\n"
            self.assertEqual(session.answer(replies), b"one\n-busy try again\nthree\n")

    def test_send(self) -> None:
        """
        What a behavior sends comes before the reply, which is unchanged.
        """
        actions = Actions(reply=(Send(b"note\n"), Wait(1), Send(b"again\n")))
        session = Session()
        session.factory.setPlan(always(RecordingBehavior(actions)))
        session.ask(b"GET key\n")
        self.assertEqual(session.answer(b"answer\n"), b"note\n")
        self.assertEqual(session.wait(1), b"again\nanswer\n")

    def test_drop(self) -> None:
        """
        A request that is dropped has no reply; the replies to others come all the same.
        """
        session = Session()
        session.factory.setPlan(always(RecordingBehavior(Actions(request=(Drop(),)))))
        self.assertEqual(session.ask(b"GET a\n"), b"")
        session.factory.setPlan(Plan())
        session.ask(b"GET b\n")
        self.assertEqual(session.answer(b"answer\n"), b"answer\n")


class PacedTests(SynchronousTestCase):
    """
    Replies that come slowly, by parts of three bytes.
    """

    PARTS = (b"-sl", b"ow ", b"wai", b"t\n")

    def assertPaced(self, session: Session, pause: float) -> None:
        """
        The first part is there; the others come, one after each pause.
        """
        self.assertEqual(session.client.heard(), self.PARTS[0])
        for part in self.PARTS[1:]:
            self.assertEqual(session.wait(pause * 0.9), b"")
            self.assertEqual(session.wait(pause * 0.1 + 1e-6), part)

    def test_request(self) -> None:
        """
        In place of the backend's; what comes after it waits for its turn.
        """
        session = Session(failing("slow", pause=0.5))
        session.ask(b"GET a\nSET b\n")
        session.endpoint.protocols[-1].dataReceived(b"done\n")
        self.assertEqual(session.client.value(), b"-sl")
        heard = session.client.heard() + b"".join(session.wait(0.5) for _ in range(3))
        self.assertEqual(heard, b"-slow wait\ndone\n")

    def test_parts(self) -> None:
        """
        A part after each pause, at the request and at the reply.
        """
        for at in ("request", "reply"):
            session = Session(failing("slow", pause=0.5, at=at))
            session.ask(b"GET a\n")
            if at == "reply":
                self.assertEqual(session.client.heard(), b"")
                session.endpoint.protocols[-1].dataReceived(b"done\n")
            self.assertPaced(session, 0.5)
            session.ask(b"SET b\n")
            self.assertEqual(session.answer(b"done\n"), b"done\n")

    def test_changed(self) -> None:
        """
        When the plan changes the rest comes at once, nothing of it is lost.
        """
        session = Session(failing("slow", pause=0.5))
        session.ask(b"GET a\n")
        self.assertEqual(session.client.heard(), b"-sl")
        session.factory.setPlan(Plan())
        self.assertEqual(session.client.heard(), b"ow wait\n")
        self.assertEqual(session.wait(10), b"")


class GreetingTests(SynchronousTestCase):
    """
    Connections that are refused.
    """

    def test_refused(self) -> None:
        """
        The error comes in place of the greeting, the backend never sees the client.
        """
        session = Session(GREETING)
        self.assertEqual(session.client.heard(), b"-busy try again\n")
        self.assertEqual(session.client.ended, ["lose"])
        self.assertEqual(session.endpoint.wires, [])
        [entry] = session.journal.since()
        self.assertEqual((entry["exchange"], entry["effect"]), (0, "error busy"))

    def test_next(self) -> None:
        """
        The next client is greeted, and its requests are not for this rule.
        """
        session = Session(GREETING)
        session.connect()
        self.assertEqual(session.answer(b"hello\n"), b"hello\n")
        session.ask(b"GET a\n")
        self.assertEqual(session.answer(b"answer\n"), b"answer\n")
        self.assertEqual(session.client.ended, [])

    def test_replaced(self) -> None:
        """
        A code at the request is not for the greeting.
        """
        session = Session({"behavior": "error", "options": {"code": "busy"}})
        self.assertEqual(len(session.endpoint.wires), 1)
        self.assertEqual(session.ask(b"GET a\n"), b"")
        self.assertEqual(session.client.heard(), b"-busy try again\n")
