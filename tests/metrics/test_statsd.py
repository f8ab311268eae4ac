"""
Tests for L{vaurien_twisted.metrics.statsd}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import DatagramProtocol
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.seen import SeenProxy
from vaurien_twisted.app.config import configure
from vaurien_twisted.app.config_file import readConfig
from vaurien_twisted.metrics.statsd import LONGEST, StatsdService
from vaurien_twisted.metrics.statsd_settings import StatsdSettings
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.registry import loadRegistry


class Server(DatagramProtocol):
    """
    Keeps what it is sent.
    """

    noisy = False

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.first: Deferred[None] = Deferred()

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        """
        Keep it.
        """
        self.heard.append(datagram)
        if not self.first.called:
            self.first.callback(None)


class Written:
    """
    A transport that keeps datagrams.
    """

    def __init__(self) -> None:
        self.datagrams: list[bytes] = []

    def write(self, data: bytes, addr: object = None) -> None:
        """
        Keep it.
        """
        self.datagrams.append(data)


class ReportTests(SynchronousTestCase):
    """
    What is reported.
    """

    def service(self, seen: SeenProxy, **settings: Any) -> tuple[StatsdService, Written]:
        """
        A service that reports to a list.
        """
        service = StatsdService(seen.clock, StatsdSettings(**settings), seen.observed)
        service._protocol.transport = written = Written()
        return service, written

    def lines(self, written: Written) -> set[str]:
        """
        What was reported since the last time.
        """
        lines = b"\n".join(written.datagrams).decode().splitlines()
        written.datagrams.clear()
        self.assertEqual(len(lines), len(set(lines)))
        return set(lines)

    def test_counts(self) -> None:
        """
        What was counted since the last report, and no more.
        """
        rule = {"behavior": "error", "options": {"code": "busy"}, "when": {"command": "BAD"}}
        seen = SeenProxy(rule)
        service, written = self.service(seen)
        client = seen.connect()
        client.ask(b"GET a\nBAD a\n")
        service.report()
        self.assertEqual(
            self.lines(written),
            {
                "vaurien.proxy.start:1|c",
                "vaurien.proxy.exchanges:3|c",
                "vaurien.proxy.to_backend:6|c",
                "vaurien.proxy.to_client:6|c",
                "vaurien.proxy.failed:1|c",
                "vaurien.proxy.faults:1|c",
                "vaurien.proxy.fault.error.busy:1|c",
            },
        )
        service.report()
        self.assertEqual(self.lines(written), set())
        client.answer(b"value\n")
        service.report()
        self.assertEqual(self.lines(written), {"vaurien.proxy.to_client:22|c"})

    def test_names(self) -> None:
        """
        What separates words in statsd is replaced; the prefix is the user's own.
        """
        seen = SeenProxy(name="my.proxy:1")
        service, written = self.service(seen, prefix="team.chaos")
        seen.connect()
        service.report()
        self.assertIn("team.chaos.my_proxy_1.start:1|c", self.lines(written))

    def test_sampled(self) -> None:
        """
        A share of the counts is sent, and says so; none twice.
        """
        seen = SeenProxy()
        service, written = self.service(seen, sample_rate=0.5)
        service._random.seed(1)
        told = 0
        for _ in range(200):
            seen.connect()
            service.report()
            for line in self.lines(written):
                self.assertTrue(line.endswith("|@0.5"), line)
                told += line.startswith("vaurien.proxy.start:1|c")
        self.assertTrue(70 < told < 130, told)

    def test_packed(self) -> None:
        """
        Many lines go into few datagrams, none longer than a frame takes.
        """
        seen = SeenProxy()
        service, written = self.service(seen)
        for number in range(300):
            seen.proxy.counters.fault("error", f"code{number}")
        service.report()
        self.assertGreater(len(written.datagrams), 1)
        self.assertLessEqual(max(map(len, written.datagrams)), LONGEST)
        self.assertEqual(len(self.lines(written)), 302)


class ServiceTests(TestCase):
    """
    By UDP on loopback.
    """

    timeout = 120

    async def test_sends(self) -> None:
        """
        It reports by itself, and what is left when it stops.
        """
        from twisted.internet import reactor

        server: Any = Server()
        port = reactor.listenUDP(0, server, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        seen = SeenProxy()
        settings = StatsdSettings(port=port.getHost().port)
        service = StatsdService(reactor, settings, seen.observed)
        service.startService()
        seen.connect()
        await server.first
        self.assertIn(b"vaurien.proxy.start:1|c", server.heard[0])
        server.first = Deferred()
        seen.connect()
        await service.stopService()
        await server.first
        self.assertIn(b"vaurien.proxy.start:1|c", server.heard[-1])

    async def test_stoppedAtOnce(self) -> None:
        """
        One that has not begun leaves nothing behind, and neither does one without a server.
        """
        from twisted.internet import reactor

        seen = SeenProxy()
        service = StatsdService(reactor, StatsdSettings(port=1), seen.observed)
        service.startService()
        await service.stopService()

    def test_unknownHost(self) -> None:
        """
        A name that is not known is logged, and nothing is sent.
        """
        from twisted.internet.defer import fail
        from twisted.internet.error import DNSLookupError

        seen = SeenProxy()
        seen.clock.resolve = lambda name: fail(DNSLookupError("no such name"))
        service = StatsdService(seen.clock, StatsdSettings(host="nowhere"), seen.observed)
        service.startService()
        self.assertEqual(seen.clock.getDelayedCalls(), [])
        return service.stopService()

    def test_pitfall32_names(self) -> None:
        """
        A name with an underscore is looked up as it is; what cannot be a name is told, and
        not waited for.
        """
        seen = SeenProxy()
        asked: list[str] = []

        def resolve(name: str) -> Any:
            asked.append(name)
            return Deferred()

        seen.clock.resolve = resolve
        for host in ("my_statsd", "a" * 64):
            service = StatsdService(seen.clock, StatsdSettings(host=host), seen.observed)
            service.startService()
        self.assertEqual(asked, ["my_statsd"])


class SectionTests(SynchronousTestCase):
    """
    The C{[statsd]} section.
    """

    def configured(self, text: str) -> Any:
        """
        What an ini file makes of it.
        """
        path = self.mktemp()
        Path(path).write_text(text)
        return configure(loadRegistry(), readConfig(path)).statsd

    def test_asIn2013(self) -> None:
        """
        The keys that it has always had.
        """
        text = "[statsd]\nenabled = true\nhost = stats\nport = 9\nprefix = x\nsample_rate = .1\n"
        self.assertEqual(
            self.configured(text),
            StatsdSettings(enabled=True, host="stats", port=9, prefix="x", sample_rate=0.1),
        )
        self.assertFalse(self.configured("[vaurien]\n").enabled)

    def test_refused(self) -> None:
        """
        Unknown keys and bad values, with the section.
        """
        for text, words in (("prot = 1", "did you mean 'port'?"), ("port = 0", "minimum 1")):
            refused = self.assertRaises(Refused, self.configured, f"[statsd]\n{text}\n")
            self.assertIn(words, str(refused))
            self.assertIn("[statsd]", str(refused))
