"""
Tests for L{vaurien_twisted.proxies.normal}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.seen import SeenProxy
from vaurien_twisted.metrics.observe import describeProxy, setOwnPlan
from vaurien_twisted.proxies.normal import Removed, backToNormal, describeOwnRules
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.toxics import Toxics, toxicFromJSON


class NormalTests(SynchronousTestCase):
    """
    A proxy with every kind of fault.
    """

    def setUp(self) -> None:
        """
        Rules of the proxy, two connections of which one has rules of its own, and a toxic.
        """
        self.seen = SeenProxy()
        self.proxy = self.seen.proxy
        self.clients = [self.seen.connect() for _ in range(2)]
        builder = self.seen.ruleBuilder
        self.proxy.faults.setPlan(planFromRules(builder, [{"behavior": "hang"}]))
        own = planFromRules(builder, [{"behavior": "delay", "options": {"sleep": 9}}])
        setOwnPlan(self.proxy, self.clients[1].relay.link, own)
        self.proxy.faults.setToxics(Toxics().adding(toxicFromJSON(builder, {"type": "latency"})))

    def test_all(self) -> None:
        """
        Nothing remains; exchanges that wait continue, and new ones pass at once.
        """
        self.assertEqual(self.clients[0].ask(b"one\n"), b"")
        self.assertEqual(self.clients[1].ask(b"two\n"), b"")
        removed = backToNormal(self.proxy)
        self.assertEqual(removed, Removed(1, ["latency_downstream"], [2]))
        self.assertEqual(list(self.proxy.decider.plan.rules), [])
        self.assertEqual(list(self.proxy.toxics), [])
        self.assertFalse(any(link.hasOwnPlan for link in self.proxy.links))
        self.assertEqual(self.clients[0].backend.heard(), b"one\n")
        self.assertEqual(self.clients[1].backend.heard(), b"two\n")
        self.assertEqual(self.clients[1].ask(b"three\n"), b"three\n")
        self.assertEqual(backToNormal(self.proxy), Removed(0, [], []))

    def test_described(self) -> None:
        """
        Rules of single connections are described with the proxy, until they are gone.
        """
        [own] = describeProxy(self.proxy)["own"]
        self.assertEqual((own["connection"], own["rules"][0]["behavior"]), (2, "delay"))
        backToNormal(self.proxy)
        self.assertEqual(describeOwnRules(self.proxy), [])

    def test_journal(self) -> None:
        """
        The journal has an entry that the connection has its proxy's rules again.
        """
        backToNormal(self.proxy)
        entry = self.seen.journal.last
        [last] = [each for each in self.seen.journal.of("proxy", 2) if each["id"] == entry]
        self.assertEqual((last["kind"], last["effect"]), ("rules", "those of the proxy"))

    def test_disabledStays(self) -> None:
        """
        Settings that are not faults do not change.
        """
        self.proxy.enabled = False
        backToNormal(self.proxy)
        self.assertFalse(self.proxy.enabled)
