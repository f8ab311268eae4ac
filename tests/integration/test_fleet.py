"""
An experiment on 20 services at once, each with connections of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from vaurien_twisted.app.config import configure
from vaurien_twisted.app.config_file import Given
from vaurien_twisted.app.service import Vaurien
from vaurien_twisted.client.aio import AsyncClient
from vaurien_twisted.experiments.document import Load, readExperiment
from vaurien_twisted.experiments.externals import Externals
from vaurien_twisted.experiments.fleet import Fleet
from vaurien_twisted.experiments.record import Record
from vaurien_twisted.experiments.report import report
from vaurien_twisted.experiments.requests import TreqRequests
from vaurien_twisted.experiments.run import ExperimentRun
from vaurien_twisted.experiments.service import Service
from vaurien_twisted.record.histogram import Histogram
from vaurien_twisted.rules.registry import loadRegistry

SERVICES = 20
CLIENTS = 3

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

TEXT = """
seed: 3
proxies: {web: }
load: see below
policy: {every: 500ms, unreachable: continue}
hypothesis: [{quantile: 99%, below: 30s}]
method:
  - {name: normal, hold: 1s}
  - {name: slow, set: {behavior: delay, options: {sleep: 0.1}, percent: 20}, for: 2s}
"""


class Backend(Protocol):
    """
    Answers each request.
    """

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(RESPONSE * data.count(b"\r\n\r\n"))


class Asking(Protocol):
    """
    A client that sends a request 50 ms after each response, until it is told to stop.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.stopping = False
        self.stopped: Deferred[None] = Deferred()
        self._left = 0

    def connectionMade(self) -> None:
        self.ask()

    def ask(self) -> None:
        assert self.transport is not None
        if self.stopping:
            self.transport.loseConnection()
            return
        self._left = len(RESPONSE)
        self.transport.write(REQUEST)

    def dataReceived(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left <= 0:
            self._reactor.callLater(0.05, self.ask)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.stopping = True
        self.stopped.callback(None)


class Clients:
    """
    The load: clients of each service's proxy.
    """

    def __init__(self, reactor: Any, services: list[Vaurien]) -> None:
        self._reactor = reactor
        self._services = services
        self._clients: list[Asking] = []
        self._connecting: list[Deferred[Any]] = []

    def start(self, load: Load) -> None:
        for service in self._services:
            host, _, port = service.proxy.address.rpartition(":")
            endpoint = TCP4ClientEndpoint(self._reactor, host, int(port))
            for _ in range(CLIENTS):
                client = Asking(self._reactor)
                self._clients.append(client)
                self._connecting.append(connectProtocol(endpoint, client))

    async def stop(self) -> Mapping[str, object]:
        await gatherResults(self._connecting)
        for client in self._clients:
            client.stopping = True
        await gatherResults([client.stopped for client in self._clients])
        return {"command": "", "status": 0, "good": True, "output": ""}


class FleetTests(TestCase):
    """
    One experiment, one verdict.
    """

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.reactor: Any = reactor

    async def start(self) -> list[Vaurien]:
        """
        Start the services, each with a proxy C{web}.
        """
        factory = Factory.forProtocol(Backend)
        port = await TCP4ServerEndpoint(self.reactor, 0, interface="127.0.0.1").listen(factory)
        self.addCleanup(port.stopListening)
        services = []
        for _ in range(SERVICES):
            given = Given(settings={"toxiproxy": "127.0.0.1:0"})
            service = Vaurien(self.reactor, configure(loadRegistry(), given))
            service.privilegedStartService()
            service.startService()
            self.addCleanup(service.stopService)
            await service.ready
            services.append(service)
            await self.client(service).create_proxy(
                "web", f"127.0.0.1:{port.getHost().port}", protocol="http"
            )
        return services

    def client(self, service: Vaurien) -> AsyncClient:
        url = f"http://{service.toxiproxy.address}"
        return AsyncClient(url=url, timeout=20, reactor=self.reactor)

    async def conduct(self, services: list[Vaurien]) -> tuple[Record, dict[str, Any]]:
        """
        Run the experiment; what was seen, and the report.
        """
        self.told: list[str] = []

        def missing(url: str, reason: str) -> bool:
            self.told.append(url)
            return True

        async def holds(condition: object) -> bool:
            return False

        experiment = readExperiment(TEXT)
        fleet = Fleet([Service(self.client(each), self.reactor) for each in services], missing)
        externals = Externals(self.reactor, TreqRequests(self.reactor), holds)
        run = ExperimentRun(
            self.reactor, experiment, fleet, externals, Clients(self.reactor, services)
        )
        record = await run.run()
        return record, report(experiment, record, 0.0)

    def inForce(self, services: list[Vaurien]) -> list[object]:
        return [list(each.proxy.plan.rules) for each in services]

    async def test_merged(self) -> None:
        """
        The percentile of the merged histograms is that of all durations, within 5 percent.
        """
        services = await self.start()
        timed = [service.proxy.counters.duration for service in services]
        raw: list[float] = []
        observe = Histogram.observe

        def observed(histogram: Histogram, seconds: float, times: int = 1) -> None:
            if any(histogram is each for each in timed):
                raw.extend([seconds] * times)
            observe(histogram, seconds, times)

        self.patch(Histogram, "observe", observed)
        record, found = await self.conduct(services)
        self.assertEqual((found["outcome"], found["notes"]), ("held", []), found)
        self.assertEqual(len(found["conditions"]), 1)
        merged = record.readings[-1].proxies["web"]
        self.assertEqual(merged.timed, len(raw))
        self.assertGreater(len(raw), SERVICES * CLIENTS)
        exact = sorted(raw)[math.ceil(0.99 * len(raw)) - 1]
        quantile = merged.quantile(0.99)
        assert quantile is not None
        self.assertLess(abs(quantile - exact), exact * 0.05)
        self.assertEqual(self.inForce(services), [[]] * SERVICES)

    async def test_stopped(self) -> None:
        """
        One that stops in the middle is told; the others go on, and are lifted.
        """
        services = await self.start()
        gone, others = services[7], services[:7] + services[8:]
        running = Deferred.fromCoroutine(self.conduct(services))
        while not all(self.inForce(services)):
            await deferLater(self.reactor, 0.05)
        url = f"http://{gone.toxiproxy.address}"
        await gone.stopService()
        _, found = await running
        self.assertEqual(self.told, [url])
        self.assertIn(f"{url} was left out", " ".join(found["notes"]))
        self.assertEqual(found["outcome"], "held", found)
        self.assertEqual(self.inForce(others), [[]] * (SERVICES - 1))
        for each in others:
            self.assertEqual((await self.client(each).request("GET", "/leases"))["leases"], [])
