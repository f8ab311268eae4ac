"""
The endpoints, and their strings.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import clientFromString, serverFromString
from twisted.internet.error import CannotListenError, DNSLookupError
from twisted.internet.interfaces import IStreamClientEndpoint, IStreamServerEndpoint
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

import vaurien_twisted
from tests.express.support import PATIENCE, ExpressCase, theReactor, withoutSix
from tests.express.test_port import Building
from vaurien_twisted.express.endpoints import ExpressClientEndpoint, ExpressServerEndpoint


class EndpointTests(ExpressCase):
    """
    From one end to the other.
    """

    async def test_interfaces(self) -> None:
        """
        They are stream endpoints.
        """
        server = ExpressServerEndpoint(theReactor(), 0)
        client = ExpressClientEndpoint(theReactor(), "127.0.0.1", 80)
        verifyObject(IStreamServerEndpoint, server)
        verifyObject(IStreamClientEndpoint, client)

    async def test_both(self) -> None:
        """
        Bytes get from a client to a server and back, by IPv4 and IPv6.
        """
        for host in ("127.0.0.1", *([] if withoutSix() else ["::1"])):
            server, client = Building(), Building()
            port = await self.listen(server, host)
            endpoint = ExpressClientEndpoint(theReactor(), host, port.getHost().port)
            protocol: Any = await endpoint.connect(client)
            self.addCleanup(self.ended)
            protocol.transport.write(b"hello")
            await self.until(lambda server=server: server.built and server.built[0].data)
            self.assertEqual(server.built[0].transport.getHost().host, host)
            self.assertEqual(protocol.transport.getPeer(), port.getHost())
            self.assertEqual(protocol.transport.getHost(), server.addresses[0])

    async def test_taken(self) -> None:
        """
        Listening where it cannot be fails.
        """
        port = await self.listen(Building())
        endpoint = ExpressServerEndpoint(theReactor(), port.getHost().port, "127.0.0.1")
        self.failureResultOf(endpoint.listen(Building()), CannotListenError)

    async def test_name(self) -> None:
        """
        A name is looked up by the reactor.
        """
        server = Building()
        port = await self.listen(server)
        endpoint = ExpressClientEndpoint(theReactor(), "localhost", port.getHost().port)
        protocol: Any = await endpoint.connect(Building())
        self.addCleanup(self.ended)
        self.assertEqual(protocol.transport.getPeer().host, "127.0.0.1")

    async def test_noName(self) -> None:
        """
        A name that is not there fails, and the factory was never in use.
        """
        client = Building()
        asked: list[str] = []

        def resolve(name: str) -> Deferred[str]:
            asked.append(name)
            return fail(DNSLookupError("no such name"))

        self.patch(theReactor(), "resolve", resolve)
        made = ExpressClientEndpoint(theReactor(), "no-such-name.invalid", 80).connect(client)
        await self.assertFailure(made, DNSLookupError)
        self.assertEqual(asked, ["no-such-name.invalid"])
        self.assertEqual((client.running, client.built), (0, []))


class StringTests(ExpressCase):
    """
    C{express:} in endpoint strings.
    """

    async def test_server(self) -> None:
        """
        A port alone listens everywhere; an interface can be named.
        """
        for text, host in (
            ("express:0", "0.0.0.0"),
            ("express:0:interface=127.0.0.1:backlog=7", "127.0.0.1"),
            (r"express:port=0:interface=\:\:1", "::1"),
        ):
            endpoint = serverFromString(theReactor(), text)
            self.assertIsInstance(endpoint, ExpressServerEndpoint)
            if ":" in host and withoutSix():
                continue
            port = await endpoint.listen(Building())
            self.addCleanup(port.stopListening)
            self.assertEqual(port.getHost().host, host)

    async def test_client(self) -> None:
        """
        Host and port, by place or by name.
        """
        number = (await self.listen(Building())).getHost().port
        self.addCleanup(self.ended)
        for text in (
            f"express:127.0.0.1:{number}",
            f"express:host=127.0.0.1:port={number}:timeout=75",
        ):
            endpoint = clientFromString(theReactor(), text)
            self.assertIsInstance(endpoint, ExpressClientEndpoint)
            protocol = await endpoint.connect(Building())
            self.assertTrue(protocol.transport.connected)
        self.assertEqual(endpoint._timeout, 75)

    def test_wrong(self) -> None:
        """
        What is missing, unknown or no number is refused.
        """
        for text in ("express:", "express:x", "express:0:backlog=x"):
            self.assertRaises(ValueError, serverFromString, theReactor(), text)
        self.assertRaises(TypeError, serverFromString, theReactor(), "express:0:colour=red")
        self.assertRaises(TypeError, clientFromString, theReactor(), "express:127.0.0.1")
        self.assertRaises(ValueError, clientFromString, theReactor(), "express:127.0.0.1:x")

    def test_unfit(self) -> None:
        """
        A reactor without file descriptors is refused, with advice.
        """
        error = self.assertRaises(RuntimeError, serverFromString, Clock(), "express:0")
        self.assertIn("tcp:", str(error))
        error = self.assertRaises(RuntimeError, clientFromString, Clock(), "express:h:1")
        self.assertIn("Clock", str(error))


class LazyTests(SynchronousTestCase):
    """
    Systems without epoll.
    """

    def test_withoutEpoll(self) -> None:
        """
        The parsers are found without epoll, and say what is missing.
        """
        program = (
            "import select\n"
            "for name in list(vars(select)):\n"
            "    if 'poll' in name.lower(): delattr(select, name)\n"
            "from twisted.internet import selectreactor; selectreactor.install()\n"
            "from twisted.internet import endpoints, reactor\n"
            "for make, text in ((endpoints.serverFromString, 'express:0'),\n"
            "                   (endpoints.clientFromString, 'express:h:1')):\n"
            "    try: make(reactor, text)\n"
            "    except RuntimeError as error: print(error)\n"
        )
        root = os.path.dirname(os.path.dirname(vaurien_twisted.__file__))
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={**os.environ, "PYTHONPATH": root},
        )
        self.assertEqual(done.stdout.count("express needs epoll"), 2, done.stderr)
