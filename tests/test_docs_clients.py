"""
Tests for C{docs/clients.rst}: its tables are those that are tried, and no fault is left out.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.integration.raised import CALLS, REQUESTS, STREAMS, Row, tables
from tests.relays.support import REGISTRY
from tests.test_docs import DOCS
from vaurien_twisted.model.message_fault import MESSAGE_FAULTS
from vaurien_twisted.model.streaming import StreamAction
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.http.malformed import FAULTS
from vaurien_twisted.wire.http2.endings import ENDINGS

PAGE = (DOCS / "clients.rst").read_text(encoding="utf-8")


class ClientsTests(SynchronousTestCase):
    """
    What the page says.
    """

    def test_tables(self) -> None:
        """
        The page has the tables that tests.integration.test_raised tries.
        """
        for each in tables():
            self.assertIn(each, PAGE)

    def test_rules(self) -> None:
        """
        Each fault is one that can be set.
        """
        builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("http"))
        for row in (*REQUESTS, *STREAMS, *CALLS):
            planFromRules(builder, [row.rule])

    def tried(self, rows: tuple[Row, ...], word: str) -> bool:
        """
        Whether a row has a word among its options.
        """
        return any(word in row.fault.split() for row in rows)

    def test_all(self) -> None:
        """
        Every faulty reply, every end of HTTP/2 and every fault of streams and messages is there.
        """
        for each in (*FAULTS, *ENDINGS):
            self.assertTrue(self.tried(REQUESTS, f"code={each.code}"), each.code)
        for ending in ENDINGS:
            self.assertTrue(self.tried(CALLS, f"code={ending.code}"), ending.code)
        for action in StreamAction:
            self.assertTrue(self.tried(STREAMS, f"fault={action.value}"), action)
        for fault in MESSAGE_FAULTS:
            self.assertIn(f"``websocket fault={fault}", PAGE)
        for code in REGISTRY.wire("http").errors:
            family, dot, _ = code.partition(".")
            if dot and family != "graphql":
                self.assertIn(code, PAGE)
