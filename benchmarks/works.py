"""
How it is measured.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import attrs

from benchmarks.processes import PATIENCE, output
from benchmarks.readings import (
    ReadingError,
    h2loadRate,
    iperfRate,
    memcaslapRate,
    percentile,
    pgbenchRate,
    redisLatency,
    redisRate,
    residentSize,
    sysbenchRate,
    wrkRate,
)
from benchmarks.results import CONNECTIONS
from benchmarks.servers import pgbench, sysbench

#: What redis-benchmark asks for, and how the answer to it ends.
REQUEST = b"*2\r\n$3\r\nGET\r\n$16\r\nkey:__rand_int__\r\n"
_VALUE = b"$3\r\n"

#: What iperf3 tells while the server has another client.
BUSY = "the server is busy running a test"


@attrs.define
class Way:
    """
    Where a measurement goes.

    @ivar relay: the relay's key.
    @ivar port: where to connect.
    @ivar pid: the relay's process, 0 where there is none.
    @ivar begun: when the relay was started, by C{time.perf_counter}.
    """

    relay: str
    port: int
    pid: int = 0
    begun: float = 0.0


@attrs.define
class Effort:
    """
    How much of it.

    @ivar seconds: how long a measurement goes on.
    @ivar whole: the same for programs that count in whole seconds.
    @ivar idle: with how many idle connections memory is looked at, first and last.
    @ivar waiting: with how many waiting requests of each of 50 connections memory is looked
        at, first and last.
    @ivar paces: the rate of each work and relay, as it was last time.
    """

    seconds: float
    whole: int
    idle: tuple[int, int]
    waiting: tuple[int, int] = (100, 500)
    paces: dict[tuple[str, str], float] = attrs.field(factory=dict)


@attrs.frozen
class Work:
    """
    One measurement.

    @ivar key: its name for C{--only}.
    @ivar backend: the kind of backend that it needs.
    @ivar measure: the figures by quantity; raises L{ReadingError} or C{OSError}.
    @ivar fresh: it needs a relay of its own, just started.
    @ivar named: it is only for relays whose C{works} name it.
    """

    key: str
    backend: str
    measure: Callable[[Way, Effort], dict[str, float]]
    fresh: bool = False
    named: bool = False


def _redis(key: str, words: list[str], pilot: int, most: int = 10_000_000) -> Work:
    """
    redis-benchmark, for as many requests as fill the time.

    @param pilot: how many to ask when nothing is known of the pace.
    @param most: how many to ask at most.
    """

    def ask(way: Way, requests: int, limit: float) -> float:
        return redisRate(_gets(way, requests, words, limit))

    def measure(way: Way, effort: Effort) -> dict[str, float]:
        place = key, way.relay
        if place not in effort.paces:
            effort.paces[place] = ask(way, pilot, 15)
        requests = max(pilot, min(int(effort.paces[place] * effort.seconds), most))
        effort.paces[place] = rate = ask(way, requests, 15 + 5 * effort.seconds)
        return {key: rate}

    return Work(key, "redis", measure)


def _gets(way: Way, requests: int, words: list[str], limit: float) -> str:
    """
    What redis-benchmark tells of so many requests.

    @param limit: how long it may take, in seconds: it never ends by itself when the relay
        stops answering.
    """
    command = ["redis-benchmark", "-h", "127.0.0.1", "-p", str(way.port), "-t", "get"]
    return output([*command, "-d", "3", "--csv", "-n", str(requests), *words], limit)


def _late(way: Way, effort: Effort) -> dict[str, float]:
    """
    The latency that all of 50 connections see, which ask as fast as they can.
    """
    told = _gets(way, int(20_000 * effort.seconds), ["-c", str(CONNECTIONS)], 60)
    return {"waited50": redisLatency(told, 50), "waited99": redisLatency(told, 99)}


def _waiting(way: Way, effort: Effort) -> dict[str, float]:
    """
    Requests that wait at the relay, the same number of them on each of 50 connections.
    """
    sizes = []
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(way.port)) for _ in range(CONNECTIONS)]
        asked = 0
        for count in (each * CONNECTIONS for each in effort.waiting):
            for client in clients:
                client.sendall(REQUEST * ((count - asked) // CONNECTIONS))
            asked = count
            time.sleep(1)
            sizes.append(residentSize(Path(f"/proc/{way.pid}/status").read_text()))
    first, last = effort.waiting
    return {"waiting": (sizes[1] - sizes[0]) / (last - first) / CONNECTIONS}


def _http(way: Way, effort: Effort) -> dict[str, float]:
    command = ["wrk", "-t1", "-c50", f"-d{effort.whole}s", f"http://127.0.0.1:{way.port}/"]
    return {"http": wrkRate(output(command, 15 + effort.whole))}


def _http2(way: Way, effort: Effort) -> dict[str, float]:
    command = ["h2load", "-t1", "-c4", "-m25", f"-D{effort.whole}", f"http://127.0.0.1:{way.port}/"]
    return {"http2": h2loadRate(output(command, 15 + effort.whole))}


def _bulk(way: Way, effort: Effort) -> dict[str, float]:
    command = ["iperf3", "--json", "-c", "127.0.0.1", "-p", str(way.port), "-P", "2"]
    command += ["-t", str(effort.whole)]
    told = ""
    for _ in range(10):
        # Its JSON has the reason if it fails.
        told = output(command, 15 + effort.whole, strict=False)
        if BUSY not in told:
            break
        # Behind a slow relay, the end of the measurement before may come late.
        time.sleep(0.5)
    return {"bulk": iperfRate(told)}


def _mysql(way: Way, effort: Effort) -> dict[str, float]:
    command = sysbench(way.port, 16, f"--time={effort.whole}", "run")
    return {"mysql": sysbenchRate(output(command, 15 + effort.whole))}


def _postgresql(key: str, mode: str) -> Work:
    """
    pgbench's selects.

    @param mode: how it asks: C{simple} or C{prepared}.
    """

    def measure(way: Way, effort: Effort) -> dict[str, float]:
        words = ["--no-vacuum", "--select-only", f"--protocol={mode}", "--client=16"]
        command = pgbench(way.port, *words, f"--time={effort.whole}")
        return {key: pgbenchRate(output(command, 15 + effort.whole))}

    return Work(key, "postgresql", measure)


def _memcache(way: Way, effort: Effort) -> dict[str, float]:
    command = ["memcaslap", f"--servers=127.0.0.1:{way.port}", "--threads=1", "--concurrency=50"]
    command += ["--win_size=1k", "--fixed_size=32", f"--time={effort.whole}s"]
    return {"memcache": memcaslapRate(output(command, 15 + effort.whole))}


def _latency(way: Way, effort: Effort) -> dict[str, float]:
    """
    One request after the other; by hand, as redis-benchmark's clock is too coarse.
    """
    times = []
    with connected(way.port) as client:
        until = time.perf_counter() + effort.seconds
        while time.perf_counter() < until:
            before = time.perf_counter_ns()
            ask(client)
            times.append((time.perf_counter_ns() - before) / 1000)
    # The first ones find everything cold.
    settled = times[len(times) // 10 :]
    if len(settled) < 100:
        raise ReadingError(f"only {len(times)} answers came")
    return {"p50": percentile(settled, 50), "p99": percentile(settled, 99)}


def _idle(way: Way, effort: Effort) -> dict[str, float]:
    """
    Connections that have asked once and are silent since.
    """
    sizes = []
    with ExitStack() as stack:
        opened = 0
        for count in effort.idle:
            while opened < count:
                ask(stack.enter_context(connected(way.port)))
                opened += 1
            time.sleep(0.2)
            sizes.append(residentSize(Path(f"/proc/{way.pid}/status").read_text()))
    first, last = effort.idle
    return {"idle": (sizes[1] - sizes[0]) / (last - first)}


def _start(way: Way, effort: Effort) -> dict[str, float]:
    """
    From the start of the process to the first answer through it.
    """
    until = way.begun + PATIENCE
    while True:
        try:
            with connected(way.port) as client:
                ask(client)
                return {"start": (time.perf_counter() - way.begun) * 1000}
        except (OSError, ReadingError):
            if time.perf_counter() > until:
                raise
            time.sleep(0.001)


def connected(port: int) -> socket.socket:
    """
    A new connection, without Nagle's delay.
    """
    client = socket.create_connection(("127.0.0.1", port), timeout=5)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def ask(client: socket.socket) -> None:
    """
    Send one request and wait for its whole answer.

    @raise ReadingError: it is not the value that is stored there.
    """
    client.sendall(REQUEST)
    answer = b""
    while len(answer) < 9:
        part = client.recv(64)
        if not part:
            raise ReadingError("the relay closed the connection")
        answer += part
    if not answer.startswith(_VALUE):
        raise ReadingError(f"the answer was {answer!r}")


WORKS = (
    _redis("c50", ["-c", str(CONNECTIONS)], 5000),
    _redis("pipeline", ["-c", str(CONNECTIONS), "-P", "16"], 40_000),
    _redis("single", ["-c", "1"], 1000),
    # Each leaves client ports behind that cannot be had again at once.
    _redis("short", ["-c", "50", "-k", "0"], 1000, most=10_000),
    Work("http", "http", _http),
    Work("http2", "http2", _http2),
    Work("bulk", "bulk", _bulk),
    Work("mysql", "mysql", _mysql),
    _postgresql("postgresql", "simple"),
    _postgresql("prepared", "prepared"),
    Work("memcache", "memcache", _memcache),
    Work("latency", "redis", _latency),
    Work("idle", "redis", _idle, fresh=True),
    Work("start", "redis", _start, fresh=True),
    Work("late", "redis", _late, named=True),
    Work("waiting", "redis", _waiting, fresh=True, named=True),
)

#: What each work measures.
MEASURES = {work.key: (work.key,) for work in WORKS} | {
    "latency": ("p50", "p99"),
    "late": ("waited50", "waited99"),
}
