"""
Tests for L{vaurien_twisted.app.backend_url}.
"""

from __future__ import annotations

from typing import cast

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.backend_url import schemes, withBackendURL
from vaurien_twisted.app.config import configure
from vaurien_twisted.app.config_file import Given
from vaurien_twisted.interfaces import IWireProtocol
from vaurien_twisted.model.options import Refused
from vaurien_twisted.model.url_scheme import URLScheme
from vaurien_twisted.rules.registry import Registry, loadRegistry
from vaurien_twisted.transports.addresses import clientEndpoint
from vaurien_twisted.wire.protocol import WireProtocol

REGISTRY = loadRegistry()


class BackendURLTests(SynchronousTestCase):
    """
    URLs in place of addresses.
    """

    def read(self, backend: str, **settings: str) -> tuple[str, str]:
        """
        The address and the protocol of a configuration.
        """
        found = configure(REGISTRY, Given(settings={"backend": backend, **settings}))
        return found.settings.backend, found.wire.name

    def test_protocol(self) -> None:
        """
        The scheme chooses the protocol, and the port if there is none.
        """
        for url, address, protocol in (
            ("redis://host:6380/0", "host:6380", "redis"),
            ("redis://host", "host:6379", "redis"),
            ("mysql://user:secret@db/shop?charset=utf8", "db:3306", "mysql"),
            ("mysql+pymysql://db:3307/shop", "db:3307", "mysql"),
            ("postgresql://db/shop", "db:5432", "postgresql"),
            ("postgres://[::1]/shop", "[::1]:5432", "postgresql"),
            ("HTTP://example.com/path", "example.com:80", "http"),
            ("https://example.com", "tls:example.com:443", "http"),
            ("rediss://cache:6390", "tls:cache:6390", "redis"),
            ("memcached://cache", "cache:11211", "memcache"),
            ("smtp://mail", "mail:25", "smtp"),
        ):
            self.assertEqual(self.read(url), (address, protocol), url)

    def test_given(self) -> None:
        """
        A protocol that is given stays.
        """
        self.assertEqual(self.read("redis://host:1", protocol="tcp"), ("host:1", "tcp"))

    def test_unreadProtocol(self) -> None:
        """
        Where no wire protocol reads it, it is C{tcp}.
        """
        self.assertEqual(self.read("amqp://broker//"), ("broker:5672", "tcp"))

    def test_ofPlugin(self) -> None:
        """
        A wire protocol of a plugin brings its schemes, also one that is relayed as C{tcp} without.
        """

        class AMQP(WireProtocol):
            name = "amqp"
            schemes = (URLScheme("amqp", 5672), URLScheme("amqps", 5671, tls=True))

        registry = Registry({}, {**REGISTRY.wires, "amqp": cast(IWireProtocol, AMQP())})
        for url, address in (("amqp://broker", "broker:5672"), ("amqps://b", "tls:b:5671")):
            self.assertEqual(
                withBackendURL(registry, {"backend": url}), {"backend": address, "protocol": "amqp"}
            )

    def test_others(self) -> None:
        """
        Addresses and endpoint strings stay as they are.
        """
        for text in ("host:80", "unix:/run/db.sock", "unix://run/db.sock", "tls:host:443", "x"):
            self.assertEqual(withBackendURL(REGISTRY, {"backend": text}), {"backend": text}, text)
        self.assertEqual(withBackendURL(REGISTRY, {}), {})

    def test_refused(self) -> None:
        """
        A scheme that is not known, no host, and ports that are none; secrets are not repeated.
        """
        for url, word in (
            ("redi://host", "did you mean 'redis'?"),
            ("redis:///0", "has no host"),
            ("mysql://user:secret@db:port/", "no valid port"),
            ("mysql://user:secret@db:99999/", "no valid port"),
            ("http://[::1/", "no valid"),
        ):
            refused = self.assertRaises(Refused, self.read, url)
            self.assertEqual(refused.name, "backend")
            self.assertIn(word, refused.description)
            self.assertNotIn("secret", refused.description)

    def test_endpoints(self) -> None:
        """
        What each becomes is an address that can be connected to.
        """
        for name in schemes(REGISTRY):
            for host in ("localhost", "[::1]"):
                address, _ = self.read(f"{name}://{host}")
                clientEndpoint(MemoryReactorClock(), address, "backend")
