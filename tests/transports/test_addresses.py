"""
Tests for L{vaurien_twisted.transports.addresses}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.error import (
    CannotListenError,
    ConnectingCancelledError,
    ConnectionRefusedError,
)
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from vaurien_twisted.model.options import Refused
from vaurien_twisted.transports.addresses import (
    addressText,
    clientEndpoint,
    hostPort,
    listenOn,
    serverEndpoint,
)
from vaurien_twisted.transports.localhost import LocalhostEndpoint

#: Texts that are neither C{HOST:PORT} nor endpoint strings.
BAD = (
    "",
    "nowhere",
    "localhost",
    "80",
    "a b:80",
    "localhost:http",
    "localhost:65536",
    "[::1]",
    "::1:80",
    "tcp:",
    "quic:80",
    "localhost:-1",
    "localhost:80:90",
)


def factory() -> Factory:
    """
    A reactor that is never used.
    """
    return Factory.forProtocol(Protocol)


class HostPortTests(SynchronousTestCase):
    """
    C{HOST:PORT}.
    """

    def test_forms(self) -> None:
        """
        Names, addresses, IPv6 in brackets, and no host at all.
        """
        for text, expected in (
            ("localhost:8000", ("localhost", 8000)),
            ("db-1.example.com:3306", ("db-1.example.com", 3306)),
            ("127.0.0.1:0", ("127.0.0.1", 0)),
            ("[::1]:80", ("::1", 80)),
            ("[fe80::1%eth0]:80", ("fe80::1%eth0", 80)),
            (":65535", ("", 65535)),
        ):
            self.assertEqual(hostPort(text), expected)

    def test_others(self) -> None:
        """
        Other texts.
        """
        for text in (*BAD, "unix:/tmp/socket", "tcp:80:interface=127.0.0.1"):
            if text not in ("tcp:", "quic:80"):
                self.assertIsNone(hostPort(text), text)


class ServerTests(SynchronousTestCase):
    """
    Where to listen.
    """

    def listens(self, text: str) -> tuple[Any, ...]:
        """
        Where a reactor in memory listens for C{text}.
        """
        reactor = MemoryReactorClock()
        serverEndpoint(reactor, text, "proxy").listen(factory())
        if reactor.unixServers:
            return tuple(reactor.unixServers[0][:1])
        port, _, _, interface = reactor.tcpServers[0]
        return interface, port

    def test_hostPort(self) -> None:
        """
        On the interface that is named; C{localhost} is IPv4's; no host is every interface.
        """
        self.assertEqual(self.listens("localhost:8000"), ("127.0.0.1", 8000))
        self.assertEqual(self.listens("0.0.0.0:8000"), ("0.0.0.0", 8000))
        self.assertEqual(self.listens("[::1]:8000"), ("::1", 8000))
        self.assertEqual(self.listens(":8000"), ("", 8000))

    def test_endpointStrings(self) -> None:
        """
        Any endpoint string that Twisted understands.
        """
        self.assertEqual(self.listens("tcp:8000"), ("", 8000))
        self.assertEqual(self.listens("tcp:8000:interface=127.0.0.1"), ("127.0.0.1", 8000))
        self.assertEqual(self.listens("unix:/tmp/socket"), ("/tmp/socket",))

    def test_refused(self) -> None:
        """
        Other texts are refused with the option that they were given for.
        """
        for text in BAD:
            if text == "quic:80":
                continue
            refused = self.assertRaises(
                Refused, serverEndpoint, MemoryReactorClock(), text, "proxy"
            )
            self.assertEqual(refused.name, "proxy", text)
            self.assertIn("is not an address", refused.description)
            self.assertNotIn("\n", refused.description)


class ClientTests(SynchronousTestCase):
    """
    Addresses to connect to.
    """

    def test_kinds(self) -> None:
        """
        Addresses are connected to without a look-up, names with one; C{localhost} is both.
        """
        for text, kind in (
            ("127.0.0.1:80", TCP4ClientEndpoint),
            (":80", TCP4ClientEndpoint),
            ("[::1]:80", TCP6ClientEndpoint),
            ("example.com:80", HostnameEndpoint),
            ("localhost:80", LocalhostEndpoint),
            ("tcp:example.com:80", TCP4ClientEndpoint),
        ):
            endpoint = clientEndpoint(MemoryReactorClock(), text, "backend")
            self.assertIsInstance(endpoint, kind)
            self.assertTrue(verifyObject(IStreamClientEndpoint, endpoint))

    def test_timeout(self) -> None:
        """
        It is how long a connection may take.
        """
        for text in ("127.0.0.1:80", "[::1]:80", "localhost:80"):
            reactor = MemoryReactorClock()
            clientEndpoint(reactor, text, "backend", 2.5).connect(factory())
            self.assertEqual(reactor.tcpClients[0][3], 2.5)

    def test_refused(self) -> None:
        """
        Invalid addresses, and port 0.
        """
        for text in BAD:
            if text == "quic:80":
                continue
            refused = self.assertRaises(
                Refused, clientEndpoint, MemoryReactorClock(), text, "backend"
            )
            self.assertEqual(refused.name, "backend", text)
        refused = self.assertRaises(
            Refused, clientEndpoint, MemoryReactorClock(), "localhost:0", "backend"
        )
        self.assertIn("port 0", refused.description)


class LocalhostTests(SynchronousTestCase):
    """
    IPv4 first, then IPv6.
    """

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.outcome = clientEndpoint(self.reactor, "localhost:80", "backend").connect(factory())

    def hosts(self) -> list[str]:
        """
        The hosts tried.
        """
        return [place[0] for place in self.reactor.tcpClients]

    def fails(self, error: Exception) -> None:
        """
        The latest attempt fails.
        """
        place: Any = self.reactor.tcpClients[-1]
        place[2].clientConnectionFailed(None, Failure(error))

    def test_four(self) -> None:
        """
        IPv6 is not tried while IPv4 may answer.
        """
        self.assertEqual(self.hosts(), ["127.0.0.1"])
        self.assertNoResult(self.outcome)
        made: Any = self.reactor.tcpClients[0][2].buildProtocol(None)
        made.makeConnection(StringTransport())
        self.successResultOf(self.outcome)
        self.assertEqual(len(self.hosts()), 1)

    def test_six(self) -> None:
        """
        IPv6 is tried where IPv4 refuses.
        """
        self.fails(ConnectionRefusedError())
        self.assertEqual(self.hosts(), ["127.0.0.1", "::1"])
        self.assertNoResult(self.outcome)

    def test_neither(self) -> None:
        """
        If both refuse, the error has IPv4's reason.
        """
        first = ConnectionRefusedError("four")
        self.fails(first)
        self.fails(ConnectionRefusedError("six"))
        self.assertIs(self.failureResultOf(self.outcome, ConnectionRefusedError).value, first)

    def test_cancelled(self) -> None:
        """
        Giving up the first attempt does not begin the second.
        """
        self.outcome.cancel()
        self.failureResultOf(self.outcome, ConnectingCancelledError)
        self.assertEqual(self.hosts(), ["127.0.0.1"])


class ListenTests(SynchronousTestCase):
    """
    Why something cannot listen.
    """

    def refused(self, error: Exception) -> str:
        """
        The words for an endpoint that fails with C{error}.
        """

        class Failing:
            """
            Cannot listen.
            """

            def listen(self, factory: Any) -> Deferred[Any]:
                """
                Fail.
                """
                return fail(error)

        endpoint: Any = Failing()
        outcome = Deferred.fromCoroutine(listenOn(endpoint, factory(), "a:80", "proxy"))
        failure = self.failureResultOf(outcome, Refused)
        refused = failure.value
        assert isinstance(refused, Refused)
        self.assertEqual(refused.name, "proxy")
        return refused.description

    def test_reasons(self) -> None:
        """
        One line with the address and the system's words.
        """
        busy = CannotListenError("a", 80, OSError(98, "Address already in use"))
        self.assertEqual(
            self.refused(busy),
            "cannot listen on a:80: address already in use; choose another address",
        )
        self.assertIn(
            "some words", self.refused(CannotListenError("a", 80, Exception("some words")))
        )
        self.assertEqual(
            self.refused(PermissionError(13, "Permission denied")),
            "cannot listen on a:80: Permission denied",
        )

    def test_listens(self) -> None:
        """
        The port, if it can listen.
        """

        class Fine:
            """
            Listens.
            """

            def listen(self, factory: Any) -> Deferred[str]:
                """
                Succeed.
                """
                return succeed("port")

        endpoint: Any = Fine()
        outcome = Deferred.fromCoroutine(listenOn(endpoint, factory(), "a:80", "proxy"))
        self.assertEqual(self.successResultOf(outcome), "port")


class TellTests(SynchronousTestCase):
    """
    Addresses as text, which can be parsed again.
    """

    def test_forms(self) -> None:
        """
        Of each kind.
        """
        self.assertEqual(addressText(IPv4Address("TCP", "127.0.0.1", 80)), "127.0.0.1:80")
        self.assertEqual(addressText(IPv6Address("TCP", "::1", 80)), "[::1]:80")
        self.assertEqual(addressText(UNIXAddress("/tmp/socket")), "/tmp/socket")
        self.assertEqual(hostPort("[::1]:80"), ("::1", 80))
