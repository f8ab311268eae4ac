"""
Tests for C{/health}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Asker, around, makeProxy
from vaurien_twisted.control.site import controlRoot


class HealthTests(SynchronousTestCase):
    """
    A probe needs no token.
    """

    def test_health(self) -> None:
        """
        It needs no token, unlike all other paths.
        """
        ask = Asker(controlRoot(around(makeProxy()), token="s3cret")).ask
        answer = ask("GET", "/health")
        self.assertEqual((answer.status, answer.json), (200, {"status": "ok"}))
        self.assertEqual(ask("GET", "/state").status, 401)
        self.assertEqual(ask("POST", "/health", {}).status, 405)
