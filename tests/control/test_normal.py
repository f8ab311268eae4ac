"""
Tests for C{/normal}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Asker, around
from tests.seen import SeenProxy
from vaurien_twisted.control.site import controlRoot


class NormalTests(SynchronousTestCase):
    """
    Two proxies with faults.
    """

    def setUp(self) -> None:
        """
        The second shares the first one's journal.
        """
        one = SeenProxy({"behavior": "hang"}, name="db")
        other = SeenProxy({"behavior": "delay"}, name="a b", journal=one.journal)
        self.proxies = [one.proxy, other.proxy]
        self.client = one.connect()
        self.asker = Asker(controlRoot(around(*self.proxies)))
        self.ask = self.asker.ask
        self.ask("POST", "/proxies/db/toxics", {"type": "latency"})
        self.ask("POST", "/connections/1?proxy=db", {"rules": [{"behavior": "hang"}]})

    def left(self) -> list[int]:
        """
        How many rules and toxics are left on each proxy.
        """
        return [len(list(proxy.decider.plan.rules)) for proxy in self.proxies]

    def test_all(self) -> None:
        """
        C{/normal} affects all proxies, and lists what was in force.
        """
        answer = self.ask("POST", "/normal")
        self.assertEqual(answer.status, 200)
        self.assertEqual(
            answer.json["proxies"],
            [
                {
                    "name": "db",
                    "enabled": True,
                    "rules": 1,
                    "toxics": ["latency_downstream"],
                    "connections": [1],
                },
                {"name": "a b", "enabled": True, "rules": 1, "toxics": [], "connections": []},
            ],
        )
        self.assertEqual(self.left(), [0, 0])
        state = self.ask("GET", "/state").json["proxies"]
        for name in ("rules", "toxics", "own"):
            self.assertEqual([proxy[name] for proxy in state], [[], []])

    def test_one(self) -> None:
        """
        C{/proxies/NAME/normal} leaves the others.
        """
        answer = self.ask("POST", "/proxies/a%20b/normal")
        self.assertEqual([each["name"] for each in answer.json["proxies"]], ["a b"])
        self.assertEqual(self.left(), [2, 0])
        self.assertTrue(self.client.relay.link.hasOwnPlan)

    def test_refused(self) -> None:
        """
        A proxy that is not there, and a method that would only read.
        """
        answer = self.ask("POST", "/proxies/web/normal")
        self.assertEqual((answer.status, answer.error["location"]), (404, "path"))
        self.assertEqual(self.ask("GET", "/normal").status, 405)
        self.assertEqual(self.left(), [2, 1])
