"""
Requests at random: whatever is sent to control, no answer says that the service has failed, a
refusal is JSON in the form of its API, and has changed nothing.
"""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, seed, settings
from twisted.trial.unittest import SynchronousTestCase

from tests.control.fuzzing import Served, requests


class FuzzTests(SynchronousTestCase):
    """
    All routes of all APIs.
    """

    @seed(41)
    @settings(
        max_examples=400,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests())
    def test_pitfall41_requests(self, data: bytes) -> None:
        """
        Any request gets an answer that is none of a failure.
        """
        served = Served()
        try:
            self.check_(served, data)
        finally:
            served.stop()

    def check_(self, served: Served, data: bytes) -> None:
        """
        Send one request.
        """
        before = served.state()
        answer = served.ask(data)
        self.assertEqual(self.flushLoggedErrors(), [])
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        if lines[0] == b"http/1.1 100 continue":
            head, _, body = body.partition(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
        status = int(lines[0].split(b" ")[1])
        self.assertTrue(200 <= status < 500, answer)
        if status < 400:
            return
        self.assertEqual(served.state(), before)
        if data.startswith(b"HEAD ") or not body:
            return
        self.assertIn(b"content-type: application/json", lines)
        told = json.loads(body)
        if "error" in told:
            self.assertEqual(told["status"], status)
            description = told["error"]
        else:
            self.assertEqual(told["status"], "error")
            [error] = told["errors"]
            description = error["description"]
        self.assertNotIn("\n", description)
        self.assertNotIn("\x1b", description)
