"""
Tests for the API with the state of all proxies.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Asker
from tests.control.watched import watched
from tests.seen import SeenProxy
from vaurien_twisted import __version__
from vaurien_twisted.control.request_counter import RequestCounter
from vaurien_twisted.control.site import ControlRoot
from vaurien_twisted.control.state import StateAPI
from vaurien_twisted.metrics.observe import Observed, describeProxy


class StateTests(SynchronousTestCase):
    """
    C{/state}.
    """

    def test_state(self) -> None:
        """
        The version, the seed, the proxies and the journal's end.
        """
        seen, asker = watched({"behavior": "hang", "when": {"command": "GET"}})
        seen.connect().ask(b"GET a\n")
        told = asker.ask("GET", "/state").json
        self.assertEqual((told["version"], told["seed"]), (__version__, 7))
        self.assertEqual(told["proxies"], [describeProxy(seen.proxy)])
        self.assertEqual(told["journal"], {"last": 1})

    def test_noProxy(self) -> None:
        """
        The answer has the seed also without proxies.
        """
        seen = SeenProxy()
        api = StateAPI(Observed(list, seen.journal, 8))
        told = Asker(ControlRoot([api], [], RequestCounter())).ask("GET", "/state").json
        self.assertEqual((told["seed"], told["proxies"]), (8, []))

    def test_refused(self) -> None:
        """
        It is only to be read.
        """
        _, asker = watched()
        answer = asker.ask("PUT", "/state", {})
        self.assertEqual((answer.status, answer.error["location"]), (405, "method"))
