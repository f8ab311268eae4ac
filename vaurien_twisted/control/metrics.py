# -*- test-case-name: tests.control.test_metrics -*-
"""
The face for Prometheus: C{/metrics}.
"""

from __future__ import annotations

from typing import Any

from klein import Klein
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource

from vaurien_twisted.control.pieces import answerParts
from vaurien_twisted.control.responses import problemOf, refuse
from vaurien_twisted.metrics.prometheus import CONTENT_TYPE, Collector

#: How many proxies are told in one piece.
MANY = 50


class MetricsFace:
    """
    Tells all counters.

    @cvar segments: the first path segments that are this face's.
    """

    app = Klein()
    segments = ("metrics",)

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def resource(self) -> IResource:
        """
        What answers under L{segments}.
        """
        resource: IResource = self.app.resource()
        return resource

    @app.handle_errors(Exception)
    def failed(self, request: IRequest, failure: Failure) -> bytes:
        """
        Every refusal is JSON.
        """
        return refuse(request, problemOf(request, failure))

    @app.route("/metrics", methods=["GET"])
    def getMetrics(self, request: IRequest) -> Any:
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
