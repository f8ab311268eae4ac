# -*- test-case-name: tests.test_benchmarks_readings -*-
"""
Understands what the measuring programs print.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from itertools import pairwise


class ReadingError(Exception):
    """
    The output has no figure that could be trusted; says why, in one line.
    """


def redisRate(output: str) -> float:
    """
    Requests per second, from C{redis-benchmark --csv} of one test.

    @raise ReadingError: there is no such figure, or the rate is not positive.
    """
    return _redis(output, "rps")


def redisLatency(output: str, percent: int) -> float:
    """
    The latency that C{percent} of the requests did not exceed, in microseconds, from
    C{redis-benchmark --csv} of one test.

    @raise ReadingError: there is no such figure, or it is not positive.
    """
    return 1000 * _redis(output, f"p{percent}_latency_ms")


def _redis(output: str, column: str) -> float:
    rows = list(csv.reader(line for line in output.splitlines() if line.startswith('"')))
    for head, row in pairwise(rows):
        if column in head and len(row) == len(head):
            return _positive(row[head.index(column)], "redis-benchmark")
    raise ReadingError(f"redis-benchmark told no {column}: {_shorten(output)}")


def wrkRate(output: str) -> float:
    """
    Requests per second, from C{wrk}.

    @raise ReadingError: there is no rate, or some requests failed.
    """
    for wrong in ("Socket errors:", "Non-2xx or 3xx responses:"):
        found = re.search(re.escape(wrong) + ".*", output)
        if found:
            raise ReadingError(f"wrk: {found[0].strip()}")
    found = re.search(r"Requests/sec:\s*(\S+)", output)
    if found is None:
        raise ReadingError(f"wrk told no rate: {_shorten(output)}")
    return _positive(found[1], "wrk")


def h2loadRate(output: str) -> float:
    """
    Requests per second, from C{h2load}.

    @raise ReadingError: there is no rate, or some requests failed.
    """
    found = re.search(r"requests: .* (\d+) failed, (\d+) errored, (\d+) timeout", output)
    wrong = re.search(r"status codes: .* ([1-9]\d*) [345]xx", output)
    if found is None or any(int(each) for each in found.groups()) or wrong is not None:
        raise ReadingError(f"h2load: {_shorten(output)}")
    found = re.search(r"finished in \S+, (\S+) req/s", output)
    if found is None:
        raise ReadingError(f"h2load told no rate: {_shorten(output)}")
    return _positive(found[1], "h2load")


def iperfRate(output: str) -> float:
    """
    Received megabytes (10**6 bytes) per second, from C{iperf3 --json}.

    @raise ReadingError: the test failed, or this is not its JSON.
    """
    try:
        told = json.loads(output)
        if "error" in told:
            raise ReadingError(f"iperf3: {told['error']}")
        bits = told["end"]["sum_received"]["bits_per_second"]
    except (ValueError, KeyError, TypeError):
        raise ReadingError(f"iperf3 told no rate: {_shorten(output)}") from None
    return _positive(bits, "iperf3") / 8e6


def sysbenchRate(output: str) -> float:
    """
    Queries per second, from C{sysbench}.

    @raise ReadingError: there is no rate, or some queries failed.
    """
    for wrong in ("ignored errors", "reconnects"):
        found = re.search(rf"{wrong}:\s*([1-9]\d*)\s", output)
        if found:
            raise ReadingError(f"sysbench: {wrong}: {found[1]}")
    found = re.search(r"queries:\s+\d+\s+\((\S+) per sec\.\)", output)
    if found is None:
        raise ReadingError(f"sysbench told no rate: {_shorten(output)}")
    return _positive(found[1], "sysbench")


def pgbenchRate(output: str) -> float:
    """
    Transactions per second, the time for connecting left out, from C{pgbench}.

    @raise ReadingError: there is no rate, some transactions failed, or not all clients
        came to the end.
    """
    for wrong in (r"number of failed transactions: [1-9].*", r"Run was aborted.*"):
        found = re.search(wrong, output)
        if found:
            raise ReadingError(f"pgbench: {found[0]}")
    found = re.search(r"^tps = (\S+) \(without initial connection time\)", output, re.MULTILINE)
    if found is None:
        raise ReadingError(f"pgbench told no rate: {_shorten(output)}")
    return _positive(found[1], "pgbench")


def memcaslapRate(output: str) -> float:
    """
    Operations per second, from C{memcaslap}.

    @raise ReadingError: there is no rate, or values that were stored were not there.
    """
    found = re.search(r"get_misses: ([1-9]\d*)", output)
    if found:
        raise ReadingError(f"memcaslap: {found[0]}")
    found = re.search(r"^Run time: .* TPS: (\S+)", output, re.MULTILINE)
    if found is None:
        raise ReadingError(f"memcaslap told no rate: {_shorten(output)}")
    return _positive(found[1], "memcaslap")


def residentSize(status: str) -> int:
    """
    Resident memory in KiB, from C{/proc/PID/status} (proc(5)).

    @raise ReadingError: there is no C{VmRSS} line, as of a process that has ended.
    """
    found = re.search(r"^VmRSS:\s*(\d+) kB$", status, re.MULTILINE)
    if found is None:
        raise ReadingError("the process has ended")
    return int(found[1])


def listening(table: str) -> set[int]:
    """
    The ports listened on, from C{/proc/net/tcp} (proc(5)).
    """
    ports = set()
    for line in table.splitlines()[1:]:
        words = line.split()
        # 0A is TCP_LISTEN; ports are in hexadecimal.
        if len(words) > 3 and words[3] == "0A":
            ports.add(int(words[1].rpartition(":")[2], 16))
    return ports


def version(output: str) -> str:
    """
    The first version number in what C{--version} prints, C{"?"} if there is none.
    """
    found = re.search(r"(?<![\w.])\d+\.\d+(\.\d+)*", output)
    return found[0] if found else "?"


def percentile(values: Sequence[float], percent: float) -> float:
    """
    The smallest value that at least C{percent} of the values do not exceed.

    @param values: at least one, in any order.
    @param percent: above 0, up to 100.
    """
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(int(rank), 1) - 1]


def _positive(value: object, program: str) -> float:
    try:
        rate = float(str(value))
    except ValueError:
        rate = 0.0
    # Not a number, too, is not above 0.
    if not 0 < rate < float("inf"):
        raise ReadingError(f"{program} told {value!r} for a rate")
    return rate


def _shorten(output: str) -> str:
    line = " ".join(output.split())
    return line[:80] + "..." if len(line) > 80 else line or "nothing"
