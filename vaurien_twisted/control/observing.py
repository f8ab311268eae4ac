# -*- test-case-name: tests.control.test_observing -*-
"""
The faces that only look, put together: state, connections, events, explanations, metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IReactorTime

from vaurien_twisted.clocks import wallTime
from vaurien_twisted.control.connections import ConnectionsFace
from vaurien_twisted.control.counting import RequestCounter
from vaurien_twisted.control.events import EventsFace
from vaurien_twisted.control.explain import ExplainFace
from vaurien_twisted.control.metrics import MetricsFace
from vaurien_twisted.control.state import StateFace
from vaurien_twisted.interfaces import IJournal
from vaurien_twisted.journal import Journal
from vaurien_twisted.metrics import Collector
from vaurien_twisted.observed import Observed
from vaurien_twisted.proxy import Proxy
from vaurien_twisted.readers import Readers

if TYPE_CHECKING:
    from vaurien_twisted.control.site import Face


def observingFaces(
    clock: IReactorTime,
    proxies: Callable[[], Iterable[Proxy]],
    journal: IJournal,
    requests: RequestCounter,
    seed: int,
) -> list[Face]:
    """
    All of them.

    @param clock: times the event streams.
    @param proxies: tells which proxies there are now.
    @param journal: what they tell; one of another kind than L{Journal} cannot be read, and
        an empty one stands in for it.
    @param requests: what the site counts.
    @param seed: of all decisions.
    """
    readable = journal if isinstance(journal, Journal) else Journal(wallTime(clock))
    observed = Observed(proxies, readable, seed)
    return [
        StateFace(observed),
        ConnectionsFace(observed),
        EventsFace(observed, Readers(clock, readable)),
        ExplainFace(observed),
        MetricsFace(Collector(observed, requests.counts)),
    ]
