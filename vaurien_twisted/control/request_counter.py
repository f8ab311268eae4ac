# -*- test-case-name: tests.control.test_request_counter -*-
"""
Counting the requests to the control service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

#: The methods that are told apart; clients may make up others.
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

OTHER = "other"


class RequestCounter:
    """
    Counts requests by method, the beginning of the path, and status, each as soon as it
    was answered or its client has left.

    @ivar counts: how often, by those three words.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()

    def count(self, request: Any, segments: Collection[str]) -> None:
        """
        A request begins.

        @param segments: the first path segments there are; others are counted as one.
        """
        method = request.method.decode("ascii", "replace")
        segment = request.path.decode("ascii", "replace").split("/")[1:2]
        known = bool(segment) and segment[0] in segments
        label = f"/{segment[0]}" if known else OTHER

        def ended(_: object) -> None:
            self.counts[method if method in METHODS else OTHER, label, str(request.code)] += 1

        request.notifyFinish().addBoth(ended)
