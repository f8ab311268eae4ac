# -*- test-case-name: tests.metrics.test_statsd -*-
"""
Sends the counters to a statsd server by UDP (statsd's C{docs/metric_types.md}): C{NAME:COUNT|c}.

As in Vaurien 1 there are C{start}, C{end}, C{to_backend} and C{to_client}; they count for a whole
proxy, instead of for each connection under a separate name.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IListeningPort, IUDPTransport
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.metrics.observe import Observed, totals
from vaurien_twisted.metrics.statsd_settings import StatsdSettings
from vaurien_twisted.model.names import bareHost
from vaurien_twisted.transports.host_names import asciiName

#: Seconds between two reports.
INTERVAL = 1.0

#: The longest datagram, in bytes: it fits a usual Ethernet frame, as statsd recommends.
LONGEST = 1400

#: Characters with a meaning in statsd or Graphite, which a name must not contain.
_SPECIAL = re.compile(r"[^A-Za-z0-9_-]+")


#: How much of a datagram is read, in bytes; none is expected.
READ = 8192


class _Sender(DatagramProtocol):
    noisy = False
    transport: IUDPTransport


class StatsdService(Service):
    """
    Sends once a second the counts since the last report.

    @param reactor: sends the datagrams, and resolves the server's name once.
    """

    _log = Logger()

    def __init__(
        self, reactor: IServerReactor, settings: StatsdSettings, observed: Observed
    ) -> None:
        self._reactor = reactor
        self._settings = settings
        self._observed = observed
        self._random = random.Random()
        self._told: dict[str, int] = {}
        self._call: IDelayedCall | None = None
        self._protocol = _Sender()
        self._port: IListeningPort | None = None
        self._looking: Deferred[str] | None = None

    def startService(self) -> None:
        super().startService()
        try:
            name = asciiName(bareHost(self._settings.host))
        except ValueError:
            self._lost(Failure())
            return
        self._looking = self._reactor.resolve(name)
        self._looking.addCallbacks(self._begin, self._lost)

    def _begin(self, address: str) -> None:
        self._looking = None
        host = "::" if ":" in address else "0.0.0.0"
        self._port = self._reactor.listenUDP(0, self._protocol, host, READ)
        self._protocol.transport.connect(address, self._settings.port)
        self._wait()

    def _lost(self, failure: Failure) -> None:
        self._looking = None
        if self.running:
            self._log.error(
                "statsd: cannot look up {host}: {reason}",
                host=self._settings.host,
                reason=failure.getErrorMessage(),
            )

    def _wait(self) -> None:
        self._call = self._reactor.callLater(INTERVAL, self._report)

    def _report(self) -> None:
        self._wait()
        self.report()

    def report(self) -> None:
        """
        Send the counts since the last report.  Counts that are not sampled are never sent; the
        server extrapolates from the rate.
        """
        rate, lines = self._settings.sample_rate, []
        suffix = "" if rate == 1 else f"|@{rate:g}"
        for name, count in self._counts():
            more = count - self._told.get(name, 0)
            self._told[name] = count
            if more > 0 and (rate == 1 or self._random.random() < rate):
                lines.append(f"{name}:{more}|c{suffix}")
        for datagram in _packed(lines):
            self._protocol.transport.write(datagram, None)

    def _counts(self) -> Iterator[tuple[str, int]]:
        for proxy in self._observed.proxies():
            sums = totals(proxy)
            counts: Mapping[str, int] = {
                "start": sums.accepted,
                "end": sums.counters.ended,
                "exchanges": sums.exchanges,
                "to_backend": sums.traffic.toBackend,
                "to_client": sums.traffic.toClient,
                "connect_failures": sums.counters.connectFailures,
                "faults": sums.faults,
                "failed": sum(sums.counters.errors.values()),
            }
            parts = [self._settings.prefix, _plain(sums.name)]
            start = ".".join(part for part in parts if part)
            for name, count in counts.items():
                yield f"{start}.{name}", count
            for (behavior, code), count in sums.counters.faults.items():
                parts = ["fault", _plain(behavior), *([_plain(code)] if code else [])]
                yield ".".join([start, *parts]), count

    def stopService(self) -> Deferred[None]:
        """
        Send the last counts; fires when the port is closed.
        """
        super().stopService()
        if self._looking is not None:
            self._looking.cancel()
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if self._port is None:
            return maybeDeferred(lambda: None)
        self.report()
        port, self._port = self._port, None
        return maybeDeferred(cast("Callable[[], Deferred[None]]", port.stopListening))


def _plain(name: str) -> str:
    return _SPECIAL.sub("_", name)


def _packed(lines: list[str]) -> Iterator[bytes]:
    """
    The lines, in as few datagrams as possible.
    """
    packed = b""
    for line in lines:
        data = line.encode("ascii")
        if packed and len(packed) + 1 + len(data) > LONGEST:
            yield packed
            packed = b""
        packed = packed + b"\n" + data if packed else data
    if packed:
        yield packed
