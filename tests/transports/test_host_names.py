"""
Names of hosts, of every kind of address.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IHostResolution
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from vaurien_twisted.model.options import Refused
from vaurien_twisted.transports.addresses import clientEndpoint, hostPort, serverEndpoint
from vaurien_twisted.transports.host_names import asciiName

#: Names that no standard allows but networks use, and the names that are looked up.
ODD = {
    "my_service": "my_service",
    "MY_Service": "MY_Service",
    "my_service.": "my_service.",
    "_sip._tcp.example": "_sip._tcp.example",
    "project_db_1.project_default": "project_db_1.project_default",
    "-db": "-db",
    "b\u00fccher_db.example": "xn--bcher_db-65a.example",
}

#: Names like others.
PLAIN = {
    "example.com": "example.com",
    "Example.COM.": "Example.COM.",
    "b\u00fccher.example": "xn--bcher-kva.example",
    "xn--bcher-kva.example": "xn--bcher-kva.example",
    f"{'a' * 63}.example": f"{'a' * 63}.example",
}

#: What cannot be a name.
BAD = ["a" * 64, "a..b", ".", "\u00fc" * 80, ".".join(["ab"] * 90)]


@implementer(IHostResolution)
class Resolution:
    """
    One look-up.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """
        Nothing is under way.
        """


class Resolver:
    """
    A resolver with given addresses, which records the requested names.
    """

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    def resolveHostName(
        self,
        receiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Any = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """
        Return them at once.
        """
        self.asked.append(hostName)
        resolution = Resolution(hostName)
        receiver.resolutionBegan(resolution)
        for host in self.addresses:
            kind = IPv6Address if ":" in host else IPv4Address
            receiver.addressResolved(kind("TCP", host, portNumber))
        receiver.resolutionComplete()
        return resolution


def connecting(text: str, *addresses: str) -> tuple[Any, Resolver, MemoryReactorClock]:
    """
    The outcome of connecting to C{text}, the resolver, and the reactor.
    """
    reactor = MemoryReactorClock()
    resolver = Resolver(*addresses)
    reactor.installNameResolver(resolver)
    endpoint = clientEndpoint(reactor, text, "backend")
    return endpoint.connect(Factory.forProtocol(Protocol)), resolver, reactor


class AsciiTests(SynchronousTestCase):
    """
    Looking up names.
    """

    def test_pitfall32_names(self) -> None:
        """
        Odd names stay as they are, but for other alphabets.
        """
        for name, expected in {**ODD, **PLAIN}.items():
            self.assertEqual(asciiName(name), expected)

    def test_addresses(self) -> None:
        """
        An IP address is not looked up.
        """
        for host in ("127.0.0.1", "::1", "fe80::1%br-1a2b", "::ffff:127.0.0.1"):
            self.assertEqual(asciiName(host), host)

    def test_pitfall32_bad(self) -> None:
        """
        Names that cannot be looked up are refused.
        """
        for name in BAD:
            self.assertRaises(ValueError, asciiName, name)


class ConnectTests(SynchronousTestCase):
    """
    Backends by their names.
    """

    def test_pitfall32_forms(self) -> None:
        """
        Every kind of address looks up the name, and connects to its address.
        """
        for form in ("{}:6379", "proxied:v1:{}:6379", "ssl:{}:6379", "tls:{}:6379"):
            for name, expected in {**ODD, **PLAIN}.items():
                _, resolver, reactor = connecting(form.format(name), "10.0.0.7")
                self.assertEqual(resolver.asked, [expected], form)
                self.assertEqual(reactor.tcpClients[0][:2], ("10.0.0.7", 6379), form)

    def test_pitfall32_tcp(self) -> None:
        """
        Twisted's own string, whose transport looks the name up.
        """
        _, _, reactor = connecting("tcp:my_service:6379", "10.0.0.7")
        self.assertEqual(reactor.tcpClients[0][:2], ("my_service", 6379))

    def test_pitfall32_six(self) -> None:
        """
        A name with addresses of both kinds: the next one is tried after a while.
        """
        _, _, reactor = connecting("my_service:6379", "fd00::7", "10.0.0.7")
        reactor.advance(0.5)
        self.assertEqual([place[0] for place in reactor.tcpClients], ["fd00::7", "10.0.0.7"])

    def test_pitfall32_unknown(self) -> None:
        """
        The error about an unknown name has it as it was written.
        """
        for name in ("my_service", "my-service"):
            outcome, _, _ = connecting(f"{name}:6379")
            failure = self.failureResultOf(outcome, DNSLookupError)
            self.assertIn(name, failure.getErrorMessage())

    def test_pitfall32_refused(self) -> None:
        """
        What cannot be a name is refused before anything is connected, in one line.
        """
        for form in ("{}:80", "tcp:{}:80", "proxied:v1:{}:80", "ssl:{}:80", "tls:{}:80"):
            for name in BAD:
                text = form.format(name)
                refused = self.assertRaises(
                    Refused, clientEndpoint, MemoryReactorClock(), text, "backend"
                )
                self.assertEqual(refused.name, "backend")
                self.assertNotIn("\n", refused.description)

    def test_zones(self) -> None:
        """
        The interface of a link-local address may have a hyphen, as Docker's have.
        """
        self.assertEqual(hostPort("[fe80::1%br-1a2b]:80"), ("fe80::1%br-1a2b", 80))
        self.assertEqual(hostPort("[fe80::1%eth0.100]:80"), ("fe80::1%eth0.100", 80))

    def test_localhost(self) -> None:
        """
        C{localhost} is this machine, in any spelling.
        """
        for name in ("localhost", "LOCALHOST", "localhost."):
            _, resolver, reactor = connecting(f"{name}:80", "10.0.0.7")
            self.assertEqual(resolver.asked, [])
            self.assertEqual(reactor.tcpClients[0][0], "127.0.0.1")
            serverEndpoint(reactor, f"{name}:80", "proxy").listen(Factory.forProtocol(Protocol))
            self.assertEqual(reactor.tcpServers[0][3], "127.0.0.1")
