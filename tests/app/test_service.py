"""
Tests for L{vaurien_twisted.app.service}.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import treq
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.usage import UsageError
from twisted.trial.unittest import TestCase

from vaurien_twisted.app.service import Vaurien
from vaurien_twisted.app.tap import Options, serviceFor
from vaurien_twisted.control.service import ControlService
from vaurien_twisted.model.options import Refused


class Stoppable:
    """
    The reactor of the tests, with a note of whether it was to stop.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.stopped = 0

    def stop(self) -> None:
        """
        Note it.
        """
        self.stopped += 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


class ServiceTests(TestCase):
    """
    The whole of Vaurien, listening on free ports.
    """

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.reactor = Stoppable(reactor)

    def service(self, *words: str) -> Vaurien:
        """
        The service for a command line, stopped at the end.
        """
        options = Options()
        proxy = () if "--proxy" in words else ("--proxy", "127.0.0.1:0")
        port = ("--http-port", "0") if "--http" in words else ()
        options.parseOptions([*proxy, *port, *words])
        service = serviceFor(options, self.reactor)
        self.addCleanup(lambda: maybeDeferred(service.stopService))
        return service

    def start(self, *words: str) -> Vaurien:
        """
        The same, started as twistd does.
        """
        service = self.service(*words)
        service.privilegedStartService()
        service.startService()
        return service

    async def ask(self, url: str) -> Any:
        """
        The answer to a request, and its status.
        """
        response = await treq.get(url, persistent=False, timeout=120)
        return response.code, await response.json()

    async def test_listens(self) -> None:
        """
        The proxy listens; the control service only with its option.
        """
        service = self.start()
        await maybeDeferred(lambda: service.ready)
        self.assertRegex(service.proxy.address, r"\A127\.0\.0\.1:[1-9]\d*\Z")
        self.assertIsNone(service.control)
        self.assertEqual(service.refused, "")

    async def test_pitfall18_httpAndPercentages(self) -> None:
        """
        The control service returns a plan of percentages.
        """
        service = self.start("--http", "--behavior", "20:error,10:delay")
        code, told = await self.ask(f"http://{service.control.address}/behavior")
        self.assertEqual((code, told["behavior"]), (200, "20:error,10:delay"))

    async def test_demo(self) -> None:
        """
        The demo answers through the proxy, and has a control service.
        """
        service = self.start("--demo")
        code, told = await self.ask(f"http://{service.proxy.address}/hello")
        self.assertEqual((code, told["path"]), (200, "/hello"))
        code, told = await self.ask(f"http://{service.control.address}/behavior")
        self.assertEqual(told["behavior"], "dummy")

    async def test_stops(self) -> None:
        """
        After the end the ports are free.
        """
        service = self.start("--http")
        places = [a.rpartition(":") for a in (service.proxy.address, service.control.address)]
        await maybeDeferred(service.stopService)
        for host, _, port in places:
            with socket.socket() as fresh:
                fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                fresh.bind((host, int(port)))

    def test_seed(self) -> None:
        """
        The seed is the given one, also 0; otherwise each run picks its own.
        """
        self.assertEqual(self.service("--seed", "0").proxy.decider.seed, 0)
        picked = {self.service().proxy.decider.seed for _ in range(5)}
        self.assertEqual(len(picked), 5)
        self.assertTrue(all(0 <= seed < 2**63 for seed in picked))

    async def test_proxies(self) -> None:
        """
        Proxies of a file listen all, but for those that are disabled; Vaurien's own routes
        speak of the first.
        """
        path = Path(self.mktemp())
        backend = {"upstream": "127.0.0.1:9", "listen": "127.0.0.1:0"}
        items = [{"name": name, **backend, "enabled": name != "b"} for name in "abc"]
        path.write_text(json.dumps(items))
        options = Options()
        options.parseOptions(["--config", str(path), "--toxiproxy", "127.0.0.1:0"])
        service = serviceFor(options, self.reactor)
        self.addCleanup(lambda: maybeDeferred(service.stopService))
        service.privilegedStartService()
        service.startService()
        await maybeDeferred(lambda: service.ready)
        self.assertEqual([p.address != "" for p in service.proxies.proxies], [True, False, True])
        self.assertEqual(service.proxy.name, "a")
        self.assertIsNone(service.control)
        code, told = await self.ask(f"http://{service.toxiproxy.address}/proxies")
        self.assertEqual((code, list(told)), (200, ["a", "b", "c"]))
        code, told = await self.ask(f"http://{service.toxiproxy.address}/backend")
        self.assertEqual((code, told), (200, {"backend": "127.0.0.1:9"}))

    async def test_name(self) -> None:
        """
        The first proxy can be called otherwise.
        """
        self.assertEqual(self.service("--name", "shop").proxy.name, "shop")

    def test_toxiproxyAlone(self) -> None:
        """
        In Toxiproxy's place it begins without a proxy, and announces none.
        """
        reading, writing = os.pipe()
        options = Options()
        options.parseOptions(["--toxiproxy", "localhost:0", "--announce", str(writing)])
        service = serviceFor(options, self.reactor)
        self.addCleanup(lambda: maybeDeferred(service.stopService))
        service.privilegedStartService()
        with open(reading, encoding="utf-8") as pipe:
            told = json.loads(pipe.read())
        self.assertEqual(service.proxies.proxies, [])
        self.assertEqual(told, {"proxy": "", "http": None, "toxiproxy": service.toxiproxy.address})

    def test_beyond(self) -> None:
        """
        The control service does not listen for other machines without a token.
        """
        for words in (("--http", "--http-host", "0.0.0.0"), ("--toxiproxy", "0.0.0.0:0")):
            refused = self.assertRaises(UsageError, self.service, *words)
            self.assertIn("--insecure", str(refused))
            self.service(*words, "--token", "s3cret")
            self.service(*words, "--insecure")

    def test_announces(self) -> None:
        """
        One line of JSON with the real addresses, once all listens; then the end.
        """
        reading, writing = os.pipe()
        service = self.start("--http", "--announce", str(writing))
        with open(reading, encoding="utf-8") as pipe:
            line, *rest = pipe.readlines()
        self.assertEqual(rest, [])
        self.assertEqual(
            json.loads(line), {"proxy": service.proxy.address, "http": service.control.address}
        )

    def test_announcesNowhere(self) -> None:
        """
        A descriptor that is not open ends it with a reason.
        """
        reading, writing = os.pipe()
        os.close(reading)
        os.close(writing)
        service = self.service("--announce", str(writing))
        ended = self.assertRaises(SystemExit, service.privilegedStartService)
        self.assertIn(f"cannot announce to file descriptor {writing}", str(ended.code))

    def test_portInUse(self) -> None:
        """
        Whichever port is in use, it ends with a reason, and what listened is closed by
        stopping.
        """
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            port = busy.getsockname()[1]
            for words in (("--proxy", f"127.0.0.1:{port}"), ("--http", "--http-port", str(port))):
                service = self.service(*words)
                ended = self.assertRaises(SystemExit, service.privilegedStartService)
                self.assertIn("address already in use", str(ended.code))
                self.assertEqual(self.reactor.stopped, 0)

    def test_refusedLater(self) -> None:
        """
        If an endpoint fails later, the reactor is stopped.
        """
        service = self.service()
        late: Deferred[None] = Deferred()

        def listen() -> None:
            service.proxy.listening = late

        self.patch(service.proxy, "privilegedStartService", listen)
        service.privilegedStartService()
        assert service.ready is not None
        self.assertNoResult(service.ready)
        late.errback(Refused("cannot listen there"))
        self.successResultOf(service.ready)
        self.assertEqual((service.refused, self.reactor.stopped), ("cannot listen there", 1))

    def test_pitfall6_startsMeanwhile(self) -> None:
        """
        The control service is opened once, after the proxies, also if the services start while the
        first proxy still checks its backend.
        """
        service = self.service("--http", "--http-port", "0")
        late: Deferred[None] = Deferred()

        def listen() -> None:
            service.proxy.listening = late

        self.patch(service.proxy, "privilegedStartService", listen)
        opened: list[str] = []
        self.patch(service.control, "privilegedStartService", lambda: self.open(service, opened))
        service.privilegedStartService()
        service.startService()
        self.assertEqual((opened, service.control.running), ([], False))
        late.callback(None)
        assert service.ready is not None
        self.successResultOf(service.ready)
        self.assertEqual(len(set(opened)), 1, opened)
        self.assertTrue(service.control.running)

    @staticmethod
    def open(service: Vaurien, opened: list[str]) -> None:
        """
        Let the control service listen, and store its address.
        """
        ControlService.privilegedStartService(service.control)
        opened.append(service.control.address)

    def test_logFile(self) -> None:
        """
        The log file is open before anything listens, so that it has the addresses and the seed.
        """
        path = Path(self.mktemp())
        self.start("--log-output", str(path), "--seed", "5")
        text = path.read_text()
        self.assertIn("[info] proxy: tcp on 127.0.0.1:", text)
        self.assertIn("--seed 5 repeats", text)
