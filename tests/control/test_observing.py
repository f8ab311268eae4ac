"""
Tests for L{vaurien_twisted.control.site}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.seen import SeenProxy
from vaurien_twisted.control.request_counter import RequestCounter
from vaurien_twisted.control.site import observingFaces
from vaurien_twisted.record.journal import Journal


class FacesTests(SynchronousTestCase):
    """
    L{observingFaces}.
    """

    def test_segments(self) -> None:
        """
        Each has its own paths.
        """
        seen = SeenProxy()
        faces = observingFaces(seen.clock, lambda: [seen.proxy], seen.journal, RequestCounter(), 7)
        segments = [segment for face in faces for segment in face.segments]
        self.assertEqual(sorted(segments), ["connections", "events", "explain", "metrics", "state"])

    def test_journalElsewhere(self) -> None:
        """
        A journal that cannot be read back does not keep the rest from being seen.
        """
        seen = SeenProxy()
        faces = observingFaces(seen.clock, list, object(), RequestCounter(), 8)
        [journal] = {face._observed.journal for face in faces if hasattr(face, "_observed")}
        self.assertIsInstance(journal, Journal)
