"""
Tests for L{vaurien_twisted.behaviors.websocket}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.ruled import LINES
from tests.wire.http.editing import BUILDER
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.codec import planFromRules


class WebSocketTests(SynchronousTestCase):
    """
    What is refused, and why.
    """

    def test_refused(self) -> None:
        """
        Each refusal names the cause and what would be accepted.
        """
        for builder, options, reason in (
            (LINES, {}, "has no WebSocket: use protocol http"),
            (BUILDER, {"reason": "é" * 62}, "has 124 bytes: 123 at most"),
            (BUILDER, {"code": 999}, "below the minimum 1000"),
            (BUILDER, {"code": 1005}, "stands for a close frame without a code: use 1000"),
            (BUILDER, {"code": 1006}, "stands for an end without a close frame, as fault cut"),
            (BUILDER, {"code": 1015}, "stands for a failure of TLS"),
            (BUILDER, {"fault": "cutt"}, "did you mean 'cut'"),
        ):
            with self.assertRaisesRegex(Refused, reason):
                planFromRules(builder, [{"behavior": "websocket", "options": options}])
