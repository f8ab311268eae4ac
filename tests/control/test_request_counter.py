"""
Tests for L{vaurien_twisted.control.request_counter}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.test.requesthelper import DummyRequest

from vaurien_twisted.control.request_counter import RequestCounter


class RequestCounterTests(SynchronousTestCase):
    """
    L{RequestCounter}.
    """

    def counted(self, method: bytes, path: bytes, code: int = 200) -> tuple[str, str, str]:
        """
        As what a request counts.
        """
        counter = RequestCounter()
        request = DummyRequest([])
        request.method, request.path, request.code = method, path, code
        counter.count(request, {"state", ""})
        self.assertEqual(counter.counts, {})
        request.finish()
        [(words, count)] = counter.counts.items()
        self.assertEqual(count, 1)
        return words

    def test_words(self) -> None:
        """
        The method, the beginning of the path, the status.
        """
        self.assertEqual(self.counted(b"GET", b"/state"), ("GET", "/state", "200"))
        self.assertEqual(self.counted(b"PUT", b"/state/x", 404), ("PUT", "/state", "404"))
        self.assertEqual(self.counted(b"GET", b"/"), ("GET", "/", "200"))

    def test_bounded(self) -> None:
        """
        What clients make up is one.
        """
        self.assertEqual(self.counted(b"BREW", b"/st\xff"), ("other", "other", "200"))
        self.assertEqual(self.counted(b"GET", b"*"), ("GET", "other", "200"))

    def test_left(self) -> None:
        """
        A client that leaves before the answer is counted, too.
        """
        counter = RequestCounter()
        request = DummyRequest([])
        request.path, request.code = b"/state", 200
        counter.count(request, {"state"})
        request.processingFailed(self.failed())
        self.assertEqual(sum(counter.counts.values()), 1)

    def failed(self):
        """
        Why a client's request ends early.
        """
        from twisted.internet.error import ConnectionLost
        from twisted.python.failure import Failure

        return Failure(ConnectionLost())
