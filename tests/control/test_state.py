"""
Tests for the face that tells how all proxies are.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.watched import watched
from vaurien_twisted import __version__
from vaurien_twisted.observed import tellProxy


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
        self.assertEqual(told["proxies"], [tellProxy(seen.proxy)])
        self.assertEqual(told["journal"], {"last": 1})

    def test_refused(self) -> None:
        """
        It is only to be read.
        """
        _, asker = watched()
        answer = asker.ask("PUT", "/state", {})
        self.assertEqual((answer.status, answer.error["location"]), (405, "method"))
