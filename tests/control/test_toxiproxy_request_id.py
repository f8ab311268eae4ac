"""
Tests for the identifiers of answers to Toxiproxy's requests.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import controlled


class RequestIdTests(SynchronousTestCase):
    """
    C{X-Toxiproxy-Request-Id}.
    """

    def test_header(self) -> None:
        """
        Answers and refusals have one of their own; those of other routes have none.
        """
        _, asker = controlled()
        found = []
        for path in ("/proxies", "/version", "/proxies/nothing", "/proxies/proxy/toxics"):
            number = asker.ask("GET", path).header("x-toxiproxy-request-id")
            self.assertRegex(str(number), "^[0-9a-v]{20}$", path)
            found.append(number)
        self.assertEqual(len(set(found)), len(found))
        for path in ("/rules", "/proxies/proxy/rules", "/nothing"):
            self.assertIsNone(asker.ask("GET", path).header("x-toxiproxy-request-id"), path)
