# -*- test-case-name: tests.control.test_figures -*-
"""
Figures to compute with: C{/figures}.
"""

from __future__ import annotations

from twisted.web.iweb import IRequest

from vaurien_twisted.control.responses import answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.metrics.observe import Observed, totals
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.counters import BOUNDS


class FiguresAPI:
    """
    Tells sums and histograms since each proxy began; differences and sums of them are
    meaningful.
    """

    routes = Routes()

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    @routes.route("/figures", "GET")
    def getFigures(self, request: IRequest) -> bytes:
        """
        Of each proxy: exchanges that ended, those of them that failed, open connections, and
        how many exchanges took how long: C{[[bound, count], ...]}, the upper bound of each
        bucket in seconds; buckets without any are left out.
        """
        return answer(request, {"proxies": [_figures(proxy) for proxy in self._observed.proxies()]})


def _figures(proxy: Proxy) -> dict[str, object]:
    sums = totals(proxy)
    counts = sums.counters.duration.counts
    return {
        "name": proxy.name,
        "exchanges": sums.exchanges,
        "failed": 0,
        "connections": sums.open,
        "durations": [
            [bound, count] for bound, count in zip((*BOUNDS, 3600.0), counts, strict=True) if count
        ],
    }
