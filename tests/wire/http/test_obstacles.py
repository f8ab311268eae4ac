"""
Tests for L{vaurien_twisted.wire.http.obstacles}: what is told of errors without effect.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.edited import Answer, Edited
from tests.relays.multiplexed import rule
from tests.wire.http.editing import HTTPSession


class ObstacleTests(SynchronousTestCase):
    """
    A fault that cannot strike says so in the journal, and does not count.
    """

    def test_http2(self) -> None:
        """
        On a stream of HTTP/2, the request passes.
        """
        for code, method, reason in (
            ("slow-headers", "GET", "HTTP/2 has no such fault"),
            ("malformed-chunk", "GET", "HTTP/2 has no such fault"),
            ("slow-body", "HEAD", "the reply to HEAD has no body"),
            ("UNAVAILABLE", "GET", "the request is no call of gRPC"),
        ):
            for behavior in ("error", "transient"):
                link = Edited(Answer([b"abc"]), rule(behavior, None, code=code))
                self.assertTrue(link.get(method).ended)
                self.assertEqual(
                    link.told, [("missed", f"not struck by error {code}: {reason}")], behavior
                )

    def test_deadline(self) -> None:
        """
        A call without a deadline cannot exceed it.
        """
        link = Edited(Answer([b"abc"]), rule("exceed_deadline"))
        self.assertEqual(link.get().body, b"abc")
        self.assertEqual(
            link.told, [("missed", "not struck: the request has no deadline (grpc-timeout)")]
        )

    def test_http1(self) -> None:
        """
        HTTP/1 has no streams.
        """
        data = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
        session = HTTPSession({**rule("error", None, code="rst-stream:CANCEL"), "times": 1})
        self.assertEqual(session.converse(data), data)
        self.assertEqual(session.converse(data), data)
        reason = "the connection is HTTP/1, which has neither RST_STREAM nor GOAWAY"
        self.assertEqual(
            session.told(), [("missed", f"not struck by error rst-stream:CANCEL: {reason}")] * 2
        )
