"""
Tests for L{vaurien_twisted.mcp.strikes}: did it strike, and why not.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Asker, around
from tests.mcp.support import Service
from tests.seen import SeenProxy
from vaurien_twisted.client.common import ClientError, understand
from vaurien_twisted.control.site import controlRoot
from vaurien_twisted.mcp.strikes import didItStrike


class StrikeTests(SynchronousTestCase):
    """
    Faults and what they met.
    """

    def test_nothing(self) -> None:
        """
        There is no fault.
        """
        told = didItStrike(Service().ask)
        self.assertEqual(told, {"summary": "no fault is in force", "faults": []})

    def test_missed(self) -> None:
        """
        A rule and a toxic that met nothing.
        """
        service = Service()
        service.call("addRule", body={"behavior": "hang", "name": "stuck"})
        service.call("createToxic", proxy="other", body={"type": "latency"})
        told = didItStrike(service.ask)
        names = [fault["name"] for fault in told["faults"]]
        self.assertEqual(names, ["stuck", "latency_downstream"])
        self.assertIn("'proxy' never struck: 0 exchanges were seen", told["summary"])
        self.assertIn("'other' never struck: 0 connections were seen", told["summary"])
        [only] = didItStrike(service.ask, "proxy")["faults"]
        self.assertEqual((only["proxy"], only["struck"]), ("proxy", 0))
        refused = self.assertRaises(ClientError, didItStrike, service.ask, "", "stukc")
        self.assertIn("did you mean 'stuck'?", str(refused))

    def test_struck(self) -> None:
        """
        What struck is told with the requests.
        """
        seen = SeenProxy({"behavior": "hang", "name": "stuck"})
        asker = Asker(controlRoot(around(seen.proxy)))

        def ask(method: str, path: str) -> dict[str, object]:
            answer = asker.ask(method, path)
            return understand("http://localhost", answer.status, answer.body)

        client = seen.connect()
        client.ask(b"GET a\n")
        told = didItStrike(ask, rule="stuck")
        [fault] = told["faults"]
        # The connection itself, and the request.
        self.assertEqual(fault["struck"], 2, told)
        self.assertIn("struck 2 times (2 seen, 2 matched)", told["summary"])
        self.assertEqual([each["connection"] for each in fault["decisions"]], [1, 1])
