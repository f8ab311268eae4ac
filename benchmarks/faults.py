# -*- test-case-name: tests.test_benchmarks_faults -*-
"""
Who is measured with a fault in force, and which.
"""

from __future__ import annotations

from typing import Any

from benchmarks import configs
from benchmarks.relays import Relay, Route, envoy, ruled, vaurien
from benchmarks.results import FAULT

#: The wait of the faults whose accuracy is measured, in milliseconds.
WAIT = 1

#: A wait that is not over while memory is looked at, in seconds.
LONG = 60

#: What the seeded faults begin with.
_SEED = ["--seed", "1"]

_ZERO: list[dict[str, Any]] = [{"behavior": "delay", "options": {"sleep": 0}}]

#: Not an error by name: redis-benchmark would give up.
_TENTH: list[dict[str, Any]] = [{"behavior": "error", "options": {"code": "nil"}, "percent": 10}]
_OTHER_KEYS: list[dict[str, Any]] = [
    {"behavior": "error", "when": {"command": "GET", "key": f"other{number}:*"}}
    for number in range(9)
]


def _fault(
    name: str,
    title: str,
    protocol: str,
    rules: list[dict[str, Any]],
    works: set[str],
    backend: str = "",
    words: tuple[str, ...] = (),
) -> Relay:
    """
    Vaurien with rules.

    @param words: more for its command line.
    """

    def command(route: Route) -> list[str]:
        more = [word.format(folder=route.folder) for word in words]
        return [*vaurien(protocol)(route), *_SEED, *more]

    kinds = frozenset({backend or protocol})
    return Relay(
        f"{FAULT}{name}",
        f"Vaurien {protocol}, {title}",
        command,
        kinds,
        ruled(rules),
        works=frozenset(works),
    )


def _envoyRedis(name: str, title: str, works: set[str], delay: str) -> Relay:
    """
    Envoy's redis_proxy with a delay for everything.
    """
    return Relay(
        f"{FAULT}envoy-{name}",
        f"Envoy redis_proxy, {title}",
        envoy(lambda: configs.envoyRedis(fault_type="DELAY", delay=delay)),
        frozenset({"redis"}),
        works=frozenset(works),
    )


_REDIS = {"c50", "pipeline"}
_DELAYED = {"c50", "late"}
_WAIT_RULE = [{"behavior": "delay", "options": {"sleep": WAIT / 1000}}]
_LATENCY_RULE = [{"behavior": "latency", "options": {"latency": WAIT, "direction": "upstream"}}]
_THIN_RULE = [{"behavior": "bandwidth", "options": {"rate": 100_000}}]
_LONG_RULE = [{"behavior": "delay", "options": {"sleep": LONG}}]

#: In the order of the table.
FAULTS = (
    _fault("tcp-zero", "delay 0 on all", "tcp", _ZERO, _REDIS, "redis"),
    _fault("tcp-latency", "latency 1 ms", "tcp", _LATENCY_RULE, _DELAYED, "redis"),
    _fault("tcp-thin", "bandwidth 100 MB/s", "tcp", _THIN_RULE, _REDIS, "redis"),
    _fault("bulk-thin", "bandwidth 100 MB/s each", "tcp", _THIN_RULE, {"bulk"}, "bulk"),
    _fault("redis-zero", "delay 0 on all", "redis", _ZERO, _REDIS),
    _fault(
        "redis-file",
        "delay 0 on all, journal file",
        "redis",
        _ZERO,
        _REDIS,
        words=("--journal", "{folder}/journal"),
    ),
    _fault("redis-tenth", "10 % answered by nil", "redis", _TENTH, _REDIS),
    _fault("redis-key", "key that never matches", "redis", _OTHER_KEYS[:1], _REDIS),
    _fault("redis-ten", "ten rules, delay 0 on all", "redis", [*_OTHER_KEYS, *_ZERO], _REDIS),
    _fault("redis-delay", "delay 1 ms on all", "redis", _WAIT_RULE, _DELAYED),
    _fault("redis-long", "delay 60 s on all", "redis", _LONG_RULE, {"waiting"}),
    _envoyRedis("zero", "delay 0 on all", _REDIS, "0s"),
    _envoyRedis("delay", "delay 1 ms on all", _DELAYED, "0.001s"),
    _fault("http-zero", "delay 0 on all", "http", _ZERO, {"http"}),
    _fault("http-delay", "delay 1 ms on all", "http", _WAIT_RULE, {"http"}),
    _fault(
        "http-path",
        "path that never matches",
        "http",
        [{"behavior": "error", "when": {"path": "/never/*"}}],
        {"http"},
    ),
    Relay(
        f"{FAULT}envoy-http",
        "Envoy HTTP fault, delay 1 ms on all",
        envoy(lambda: configs.envoyHTTP(delay={"fixed_delay": "0.001s"})),
        frozenset({"http"}),
    ),
    _fault(
        "mysql-sql",
        "sql that never matches",
        "mysql",
        [{"behavior": "error", "when": {"sql": "^SELECT never"}}],
        {"mysql"},
    ),
)

#: The relay without a fault that one with a wait is compared to.
WITHOUT = {
    f"{FAULT}tcp-latency": "vaurien",
    f"{FAULT}redis-delay": "vaurien-redis",
    f"{FAULT}envoy-delay": "envoy-redis",
}
