# -*- test-case-name: tests.test_benchmarks -*-
"""
What is measured.
"""

from __future__ import annotations

import attrs


@attrs.frozen
class Quantity:
    """
    One column of the tables.

    @ivar key: its name in the JSON file.
    @ivar title: its name for people, a few words.
    @ivar unit: of the figures.
    @ivar more: whether more is better.
    @ivar digits: how many decimals are shown.
    """

    key: str
    title: str
    unit: str
    more: bool = True
    digits: int = 0


REDIS = (
    Quantity("c50", "50 connections", "GET/s"),
    Quantity("pipeline", "50 connections, pipeline of 16", "GET/s"),
    Quantity("single", "one connection", "GET/s"),
    Quantity("short", "short connections", "conn/s"),
)

OTHERS = (
    Quantity("http", "HTTP, 50 connections", "requests/s"),
    Quantity("http2", "HTTP/2, 4 connections of 25 streams", "requests/s"),
    Quantity("bulk", "bulk, 2 connections", "MB/s"),
)

DATABASES = (
    Quantity("mysql", "MariaDB, 16 connections", "queries/s"),
    Quantity("postgresql", "PostgreSQL, 16 connections", "queries/s"),
    Quantity("prepared", "PostgreSQL, prepared", "queries/s"),
    Quantity("memcache", "memcached, 50 connections", "operations/s"),
)

SPEEDS = REDIS + OTHERS + DATABASES

COSTS = (
    Quantity("added50", "added latency, median", "µs", more=False, digits=1),
    Quantity("added99", "added latency, 99th percentile", "µs", more=False, digits=1),
    Quantity("idle", "memory of an idle connection", "KiB", more=False, digits=1),
    Quantity("start", "start to first answer", "ms", more=False),
)

#: Kept in the JSON file; the added latency is computed from them.
LATENCIES = (
    Quantity("p50", "latency, median", "µs", more=False, digits=1),
    Quantity("p99", "latency, 99th percentile", "µs", more=False, digits=1),
)

#: What a fault in force costs.
FAULTED = (
    Quantity("late50", "later than asked for, median", "µs", more=False),
    Quantity("late99", "later than asked for, 99th percentile", "µs", more=False),
    Quantity("ideal", "throughput, part of the ideal", "ratio", digits=2),
    Quantity("waiting", "memory of a waiting exchange", "KiB", more=False, digits=2),
)

#: Kept in the JSON file; how late answers came is computed from them.
WAITED = (
    Quantity("waited50", "latency with a wait, median", "µs", more=False),
    Quantity("waited99", "latency with a wait, 99th percentile", "µs", more=False),
)

QUANTITIES = {
    quantity.key: quantity for quantity in (*SPEEDS, *COSTS, *LATENCIES, *FAULTED, *WAITED)
}
