# -*- test-case-name: tests.control.test_request_counter -*-
"""
Counts the requests to the control service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from twisted.web.http import Request

#: The methods that are counted by name; clients can invent others.
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

OTHER = "other"


class RequestCounter:
    """
    Counts requests by method, first part of the path, and status, when they are answered or their
    client has disconnected.

    @ivar counts: the number of requests by method, path and status.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()

    def count(self, request: Request, segments: Collection[str]) -> None:
        """
        Count a request when it ends.

        @param segments: the known first segments of paths; all others are counted as one.
        """
        method = request.method.decode("ascii", "replace")
        segment = request.path.decode("ascii", "replace").split("/")[1:2]
        known = bool(segment) and segment[0] in segments
        label = f"/{segment[0]}" if known else OTHER

        def ended(_: object) -> None:
            self.counts[method if method in METHODS else OTHER, label, str(request.code)] += 1

        request.notifyFinish().addBoth(ended)
