"""
Tests for L{vaurien_twisted.metrics.observe}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.seen import NOON, SeenProxy
from vaurien_twisted.metrics.observe import OWN_RULES, describeConnection, end, setOwnPlan
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.codec import RULES, planFromRules


class TellingTests(SynchronousTestCase):
    """
    A connection as JSON.
    """

    def test_open(self) -> None:
        """
        Who it is, since when, and what passed.
        """
        seen = SeenProxy()
        client = seen.connect()
        client.ask(b"GET a\n")
        client.answer(b"value\n")
        self.assertEqual(
            describeConnection(seen.proxy, client.relay.link),
            {
                "proxy": "proxy",
                "id": 1,
                "client": "",
                "backend": "localhost:8888",
                "since": NOON + 1,
                "state": "open",
                "exchanges": 2,
                "received": 6,
                "sent": 12,
                "last": "GET a",
                "waiting": None,
                "own": [],
            },
        )

    def test_waiting(self) -> None:
        """
        For what, by which rule, and with which exchange.
        """
        when = {"command": "GET"}
        for behavior, command in (
            ({"behavior": "delay", "options": {"sleep": 2}}, "Wait 2 s"),
            ({"behavior": "hang"}, "Hold"),
        ):
            seen = SeenProxy({**behavior, "when": when, "name": "slow"})
            client = seen.connect()
            client.ask(b"GET a\n")
            told = describeConnection(seen.proxy, client.relay.link)
            self.assertEqual(told["state"], "waiting")
            self.assertEqual(
                (told["waiting"]["command"], told["waiting"]["exchange"]), (command, 1)
            )
            self.assertIn(f"slow: 100:{behavior['behavior']}", told["waiting"]["rule"])

    def test_backendOfItsOwn(self) -> None:
        """
        It stays at the backend that it was connected to.
        """
        seen = SeenProxy()
        client = seen.connect()
        seen.proxy.setBackend("localhost:9999")
        told = describeConnection(seen.proxy, client.relay.link)
        self.assertEqual(
            (told["backend"], seen.proxy.backend), ("localhost:8888", "localhost:9999")
        )


class EndingTests(SynchronousTestCase):
    """
    One connection is ended.
    """

    def setUp(self) -> None:
        """
        Two clients.
        """
        self.seen = SeenProxy()
        self.client, self.other = self.seen.connect(), self.seen.connect()

    def end(self, reset: bool = False) -> None:
        """
        End that of the first.
        """
        end(self.seen.proxy, self.client.relay.link, reset)

    def test_close(self) -> None:
        """
        In order; no other is touched, and the journal says so.
        """
        self.end()
        self.assertEqual((self.client.wire.ended, self.client.backend.ended), (["lose"], ["lose"]))
        self.assertEqual(self.other.wire.ended, [])
        [entry] = self.seen.journal.since()
        self.assertEqual(
            (entry["kind"], entry["connection"], entry["effect"]), ("ended", 1, "close")
        )

    def test_reset(self) -> None:
        """
        Both ends are reset.
        """
        self.end(reset=True)
        self.assertEqual(
            (self.client.wire.ended, self.client.backend.ended), (["abort"], ["abort"])
        )

    def test_again(self) -> None:
        """
        One that closes for too long is reset when it is asked for again.
        """
        self.end()
        self.end()
        self.assertEqual(self.client.wire.ended, ["lose", "abort"])


class OwnPlanTests(SynchronousTestCase):
    """
    Rules for one connection.
    """

    def test_pitfall44_many(self) -> None:
        """
        The connections of a proxy have so many rules of their own at most.
        """
        seen = SeenProxy()
        clients = [seen.connect() for _ in range(OWN_RULES // RULES + 1)]
        plan = planFromRules(seen.ruleBuilder, [{"behavior": "hang"}] * RULES)
        for client in clients[1:]:
            setOwnPlan(seen.proxy, client.relay.link, plan)
        link = clients[0].relay.link
        refused = self.assertRaises(Refused, setOwnPlan, seen.proxy, link, plan)
        self.assertEqual(refused.name, "rules")
        self.assertFalse(link.hasOwnPlan)
        # In place of what a connection has, there may be as many.
        setOwnPlan(seen.proxy, clients[1].relay.link, plan)
        setOwnPlan(seen.proxy, clients[1].relay.link, planFromRules(seen.ruleBuilder, []))
        setOwnPlan(seen.proxy, link, plan)

    def test_setAndTold(self) -> None:
        """
        They are in force and told, until they are taken away; the journal has both.
        """
        seen = SeenProxy({"behavior": "error", "when": {"command": "GET"}})
        client = seen.connect()
        link = client.relay.link
        setOwnPlan(seen.proxy, link, planFromRules(seen.ruleBuilder, [{"behavior": "hang"}]))
        self.assertEqual(describeConnection(seen.proxy, link)["own"], [{"behavior": "hang"}])
        client.ask(b"GET a\n")
        self.assertEqual(link.snapshot.state, "waiting")
        setOwnPlan(seen.proxy, link, planFromRules(seen.ruleBuilder, []))
        self.assertEqual(describeConnection(seen.proxy, link)["own"], [])
        kinds = [entry for entry in seen.journal.since() if entry["kind"] == "rules"]
        self.assertEqual([e["effect"] for e in kinds], ["100:hang", "those of the proxy"])
