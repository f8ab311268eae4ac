"""
Tests of faults of replies that a client asks for in a header field.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.edited import Answer, Edited
from tests.wire.http.editing import BUILDER, HTTPSession, reply
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.rules.fault_header import faultHeaderFor
from vaurien_twisted.wire.http.protocol import HTTP, HTTPOptions

EVENTS = [b"data: %d\n\n" % number for number in range(4)]
SSE = "text/event-stream"


def obey(factory: RelayFactory) -> None:
    """
    Obey the header field.
    """
    factory.decider.faultHeader = faultHeaderFor(
        "proxy", HTTP(), HTTPOptions(obey_header=True), BUILDER, factory.journal, 7
    )


class AskedTests(SynchronousTestCase):
    """
    C{X-Vaurien-Behavior} with C{events} and C{patch}.
    """

    def session(self, wish: str) -> HTTPSession:
        """
        A request of HTTP/1 that asks for something.
        """
        session = HTTPSession()
        obey(session.factory)
        session.connect()
        session.ask(f"GET / HTTP/1.1\r\nHost: a\r\nX-Vaurien-Behavior: {wish}\r\n\r\n".encode())
        return session

    def test_waits(self) -> None:
        """
        A reply stalls as asked for, in HTTP/1 and HTTP/2, until another plan is in force.
        """
        session = self.session("events; fault=stall; count=2; pause=3")
        heard = session.answer(reply(b"".join(EVENTS), SSE))
        self.assertEqual(heard.count(b"data:"), 2)
        self.assertEqual(session.wait(3).count(b"data:"), 2)
        session = self.session("events; fault=stall")
        self.assertEqual(session.answer(reply(b"".join(EVENTS), SSE)).count(b"data:"), 0)
        session.setRules()
        self.assertEqual(session.client.heard().count(b"data:"), 4)
        link = Edited(Answer(EVENTS))
        obey(link.pair.factory)
        got = link.ask("/", x_vaurien_behavior="events; fault=stall; count=2; pause=3")
        self.assertEqual(got.body.count(b"data:"), 2)
        link.wait(3)
        self.assertEqual((got.body.count(b"data:"), got.ended), (4, True))

    def test_told(self) -> None:
        """
        The journal has it once something was changed, and else the reason why nothing was; only
        the former counts.
        """
        for kind, told in (
            (SSE, ("decision", "events: cut after 2")),
            ("text/html", ("missed", "its Content-Type is text/html")),
        ):
            session = self.session("events; fault=cut; count=2; then=end")
            session.answer(reply(b"".join(EVENTS), kind))
            [(entry, effect)] = session.told()
            self.assertEqual(entry, told[0])
            self.assertIn(told[1], effect)
            faults = session.factory.counters.faults
            self.assertEqual(sum(faults.values()), entry == "decision")

    def test_impossible(self) -> None:
        """
        So it is with an error that the protocol does not have here.
        """
        session = self.session("error; code=rst-stream")
        session.answer(reply(b"a", SSE))
        [(entry, effect)] = session.told()
        self.assertEqual(entry, "missed")
        self.assertIn("the connection is HTTP/1", effect)
