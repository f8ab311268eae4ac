# -*- test-case-name: tests.metrics.test_prometheus -*-
"""
The counters in the Prometheus text format, collected at each request.

The names and labels of the byte counters are those of Toxiproxy's metrics; the others
begin with C{vaurien_}.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING

import attrs

from vaurien_twisted import __version__
from vaurien_twisted.metrics.observe import Observed, Totals, totals
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.histogram import BOUNDS, Histogram

if TYPE_CHECKING:
    from prometheus_client.core import Metric

#: The media type of the format (the Prometheus manual, "Exposition formats").
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: By name: the help text, and what reads the value.
COUNTERS: Mapping[str, tuple[str, Callable[[Totals], float]]] = {
    "connections_accepted": ("Connections accepted from clients.", lambda t: t.accepted),
    "connect_failures": (
        "Connections to the backend that could not be made.",
        lambda t: t.counters.connectFailures,
    ),
    "exchanges": ("Exchanges, those included that were passed over.", lambda t: t.exchanges),
}

HISTOGRAMS: Mapping[str, tuple[str, Callable[[Totals], Histogram]]] = {
    "exchange_duration_seconds": (
        "From a request to the end of its reply, of all exchanges that the backend answered.",
        lambda t: t.counters.duration,
    ),
    "added_delay_seconds": (
        "For how long faults kept requests and replies back.",
        lambda t: t.counters.added,
    ),
}


@attrs.frozen
class Collector:
    """
    Collects all metrics.

    @ivar requests: the number of requests to the control service, by method, path and status.
    """

    observed: Observed
    requests: Mapping[tuple[str, str, str], int]

    @property
    def size(self) -> int:
        """
        The number of proxies.
        """
        return sum(1 for _ in self.observed.proxies())

    def collect(self) -> Iterator[Metric]:
        from prometheus_client import core

        now = [(proxy, totals(proxy)) for proxy in self.observed.proxies()]
        info = core.InfoMetricFamily("vaurien", "The version that is running.")
        info.add_metric([], {"version": __version__})
        yield info
        yield from _traffic(now)
        for name, (words, read) in COUNTERS.items():
            counter = core.CounterMetricFamily(f"vaurien_{name}", words, labels=["proxy"])
            for _, sums in now:
                counter.add_metric([sums.name], read(sums))
            yield counter
        yield _faults(now)
        yield _errors(now)
        yield from _gauges(now)
        for name, (words, histogramOf) in HISTOGRAMS.items():
            histogram = core.HistogramMetricFamily(f"vaurien_{name}", words, labels=["proxy"])
            for _, sums in now:
                observed = histogramOf(sums)
                histogram.add_metric([sums.name], _buckets(observed), observed.total)
            yield histogram
        asked = core.CounterMetricFamily(
            "vaurien_control_requests",
            "Requests to the control service.",
            labels=["method", "path", "code"],
        )
        for labels, count in sorted(self.requests.items()):
            asked.add_metric(labels, count)
        yield asked

    def text(self) -> bytes:
        """
        All metrics in the text format, whose media type is L{CONTENT_TYPE}.
        """
        return b"".join(self.parts())

    def parts(self) -> Iterator[bytes]:
        """
        The same, in a part for each metric.
        """
        # Imported at the first request, since most proxies get no request for metrics.
        from prometheus_client.exposition import generate_latest

        for metric in self.collect():
            yield generate_latest(_One(metric))


@attrs.frozen
class _One:
    """
    A collector of a single metric.
    """

    metric: Metric

    def collect(self) -> list[Metric]:
        return [self.metric]


def _traffic(now: Iterable[tuple[Proxy, Totals]]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily

    labels = ["direction", "proxy", "listener", "upstream"]
    received = CounterMetricFamily(
        "toxiproxy_proxy_received_bytes",
        "Bytes read, from clients (upstream) and from backends (downstream).",
        labels=labels,
    )
    sent = CounterMetricFamily(
        "toxiproxy_proxy_sent_bytes",
        "Bytes written, to backends (upstream) and to clients (downstream).",
        labels=labels,
    )
    for proxy, sums in now:
        place = [sums.name, proxy.address or proxy.listen, proxy.backend]
        traffic = sums.traffic
        received.add_metric(["upstream", *place], traffic.fromClient)
        received.add_metric(["downstream", *place], traffic.fromBackend)
        sent.add_metric(["upstream", *place], traffic.toBackend)
        sent.add_metric(["downstream", *place], traffic.toClient)
    yield received
    yield sent


def _faults(now: Iterable[tuple[Proxy, Totals]]) -> Metric:
    return _counter(
        "vaurien_faults",
        "Exchanges and connections that a fault struck; code is that of an error.",
        ("behavior", "code"),
        ((sums.name, sums.counters.faults) for _, sums in now),
    )


def _errors(now: Iterable[tuple[Proxy, Totals]]) -> Metric:
    return _counter(
        "vaurien_failed_exchanges",
        "Exchanges that were answered with an error of the protocol, or never.",
        ("command", "code"),
        ((sums.name, sums.counters.errors) for _, sums in now),
    )


def _counter(
    name: str,
    description: str,
    labels: tuple[str, str],
    counts: Iterable[tuple[str, Mapping[tuple[str, str], int]]],
) -> Metric:
    """
    A counter of each proxy with two more labels.

    @param counts: the name of each proxy, and its counts by the values of C{labels}.
    """
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, description, labels=["proxy", *labels])
    for proxy, table in counts:
        for values, count in sorted(table.items()):
            family.add_metric([proxy, *values], count)
    return family


def _gauges(now: Iterable[tuple[Proxy, Totals]]) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    isOpen = GaugeMetricFamily("vaurien_open_connections", "Open connections.", labels=["proxy"])
    held = GaugeMetricFamily(
        "vaurien_held_bytes",
        "Memory that is taken by what is kept back and by requests that await replies.",
        labels=["proxy"],
    )
    active = GaugeMetricFamily(
        "vaurien_active_faults",
        "Requests and replies that are kept back now, and connections that a stream fault is on.",
        labels=["proxy", "behavior"],
    )
    for proxy, sums in now:
        isOpen.add_metric([sums.name], sums.open)
        held.add_metric([sums.name], proxy.relays.memory.held)
        counts = Counter(name for link in proxy.links for name in link.snapshot.faults)
        # A behavior that was active stays listed, so that its graph returns to zero.
        known = {behavior for behavior, _ in sums.counters.faults}
        for behavior in sorted(known | set(counts)):
            active.add_metric([sums.name, behavior], counts[behavior])
    yield isOpen
    yield held
    yield active


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    bounds = [*(repr(bound) for bound in BOUNDS), "+Inf"]
    return list(zip(bounds, accumulate(histogram.counts), strict=True))
