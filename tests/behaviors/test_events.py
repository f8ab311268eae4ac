"""
Tests for L{vaurien_twisted.behaviors.events}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.ruled import LINES
from tests.wire.http.editing import BUILDER
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.codec import planFromRules


class EventsTests(SynchronousTestCase):
    """
    What is refused, and why.
    """

    def refused(self, reason: str, builder: Any = BUILDER, **options: Any) -> None:
        """
        A rule with these options is refused for a reason.
        """
        with self.assertRaisesRegex(Refused, reason):
            planFromRules(builder, [{"behavior": "events", "options": options}])

    def test_refused(self) -> None:
        """
        Each refusal names the cause and what would be accepted.
        """
        self.refused("has no streamed replies: use protocol http", LINES)
        self.refused("cannot send the error '503' as an event", fault="error", code=503)
        self.refused("did you mean 'openai.rate_limit'", fault="error", code="openai.rate_limi")
        self.refused("event is for fault lose", event="*")
        self.refused("did you mean 'garble'", fault="garbel")
        self.refused("goes with then rst-stream or goaway", then="reset", http2_code="CANCEL")
        self.refused(
            "'CANCELED' is not an error code of HTTP/2", then="rst-stream", http2_code="CANCELED"
        )
