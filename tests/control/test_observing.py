"""
Tests for L{vaurien_twisted.control.site}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.seen import SeenProxy
from vaurien_twisted.control.request_counter import RequestCounter
from vaurien_twisted.control.site import observingAPIs
from vaurien_twisted.record.journal import Journal


class ObservingAPITests(SynchronousTestCase):
    """
    L{observingAPIs}.
    """

    def test_segments(self) -> None:
        """
        Each has its own paths.
        """
        seen = SeenProxy()
        apis = observingAPIs(seen.clock, lambda: [seen.proxy], seen.journal, RequestCounter(), 7)
        segments = [prefix[0] for api in apis for prefix in set(api.routes.prefixes())]
        known = ["connections", "events", "explain", "history", "metrics", "passed", "state"]
        self.assertEqual(sorted(segments), known)

    def test_journalElsewhere(self) -> None:
        """
        A journal that cannot be read back does not keep the rest from being seen.
        """
        seen = SeenProxy()
        apis = observingAPIs(seen.clock, list, object(), RequestCounter(), 8)
        [journal] = {api._observed.journal for api in apis if hasattr(api, "_observed")}
        self.assertIsInstance(journal, Journal)
