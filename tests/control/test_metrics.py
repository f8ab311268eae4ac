"""
Tests for the API for Prometheus.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import controlled
from tests.control.watched import watched
from vaurien_twisted.control.metrics import MANY


class MetricsTests(SynchronousTestCase):
    """
    C{/metrics}.
    """

    def test_text(self) -> None:
        """
        The text format, under its name.
        """
        _, asker = watched()
        answer = asker.ask("GET", "/metrics")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8")
        self.assertIn(b"\n# TYPE vaurien_exchanges_total counter\n", answer.body)

    def test_head(self) -> None:
        """
        The head alone.
        """
        _, asker = watched()
        answer = asker.ask("HEAD", "/metrics")
        self.assertEqual((answer.status, answer.body), (200, b""))

    def test_countsItself(self) -> None:
        """
        A request is counted when it is answered: the next answer has it.
        """
        _, asker = watched()
        for count in range(3):
            line = b'vaurien_control_requests_total{code="200",method="GET",path="/metrics"}'
            body = asker.ask("GET", "/metrics").body
            self.assertEqual(line in body, count > 0)
            if count:
                self.assertIn(line + b" %d.0" % count, body)

    def test_refused(self) -> None:
        """
        It is only to be read.
        """
        _, asker = watched()
        self.assertEqual(asker.ask("POST", "/metrics").status, 405)

    def test_pitfall38_manyProxies(self) -> None:
        """
        Those of many proxies are the same, made in pieces.
        """
        _, asker = controlled()
        declared = [
            {"name": f"p{number}", "upstream": "localhost:1", "enabled": False}
            for number in range(MANY + 1)
        ]
        self.assertEqual(asker.ask("POST", "/populate", declared).status, 201)
        answer = asker.ask("GET", "/metrics")
        self.assertIsNone(answer.header("Content-Length"))
        lines = answer.body.decode().splitlines()
        self.assertEqual(len(lines), len(set(lines)))
        self.assertIn(f'vaurien_open_connections{{proxy="p{MANY}"}} 0.0', lines)
        self.assertEqual(asker.ask("HEAD", "/metrics").body, b"")
