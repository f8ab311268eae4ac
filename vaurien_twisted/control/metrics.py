# -*- test-case-name: tests.control.test_metrics -*-
"""
The metrics for Prometheus: C{/metrics}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.web.iweb import IRequest

from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.pieces import answerParts
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.metrics.prometheus import CONTENT_TYPE, Collector

#: The number of proxies in one piece.
MANY = 50


class MetricsAPI:
    """
    Tells all counters.
    """

    routes = Routes()

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    @routes.route("/metrics", "GET")
    @routes.describe(Operation("Text", media="text/plain"))
    def getMetrics(self, request: IRequest) -> bytes | Deferred[bytes]:
        """
        The counters of all proxies, in the Prometheus text format.
        """
        request.setHeader(b"content-type", CONTENT_TYPE.encode())
        request.setHeader(b"cache-control", b"no-store")
        if self._collector.size > MANY:
            return (
                b"" if request.method == b"HEAD" else answerParts(request, self._collector.parts())
            )
        text = self._collector.text()
        request.setHeader(b"content-length", b"%d" % len(text))
        return b"" if request.method == b"HEAD" else text
