"""
Tests for L{vaurien_twisted.testing}, on loopback.
"""

from __future__ import annotations

import socket
import unittest

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.threads import deferToThread
from twisted.protocols.wire import Echo
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from vaurien_twisted.model.options import Refused
from vaurien_twisted.testing import FaultAssertions, VaurienTests, _kits, proxyFor


class Ask(Protocol):
    """
    Sends once, keeps the answer.
    """

    def __init__(self) -> None:
        self.answer: Deferred[bytes] = Deferred()
        self.lost: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        """
        The answer.
        """
        self.answer.callback(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The end.
        """
        self.lost.callback(None)


class Answering(Echo):
    """
    Repeats what it hears, and knows when that is over.
    """

    over: Deferred[None]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The end.
        """
        self.over.callback(None)


class ProxyForTests(TestCase):
    """
    One call puts a proxy on the reactor.
    """

    async def test_relays(self) -> None:
        """
        What is sent comes back; the behavior can be changed; nothing is left at the end.
        """
        from twisted.internet import reactor

        Answering.over = Deferred()
        server = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(
            Factory.forProtocol(Answering)
        )
        self.addCleanup(server.stopListening)
        proxy = await proxyFor(reactor, f"127.0.0.1:{server.getHost().port}")
        endpoint = TCP4ClientEndpoint(reactor, proxy.host, proxy.port)
        ask = await endpoint.connect(Factory.forProtocol(Ask))
        ask.transport.write(b"hello")
        self.assertEqual(await ask.answer, b"hello")
        proxy.setBehavior("delay", sleep=0.5)
        self.assertEqual(proxy.behavior, "delay")
        with self.assertRaises(Refused):
            proxy.setBehavior("delay", slep=1)
        await proxy.stop()
        await ask.lost
        await Answering.over
        self.assertEqual(proxy.address, "")
        self.assertEqual(proxy.proxy.links, set())


class FaultTests(FaultAssertions, TestCase):
    """
    Faults on a proxy in this process.
    """

    async def test_struck(self) -> None:
        """
        A fault is in force for a block, and says what it struck; one that struck nothing fails
        the assertion in words.
        """
        from twisted.internet import reactor

        Answering.over = Deferred()
        server = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(
            Factory.forProtocol(Answering)
        )
        self.addCleanup(server.stopListening)
        proxy = await proxyFor(reactor, f"127.0.0.1:{server.getHost().port}")
        endpoint = TCP4ClientEndpoint(reactor, proxy.host, proxy.port)
        with proxy.fault("delay", sleep=0.001, name="slow") as fault:
            ask = await endpoint.connect(Factory.forProtocol(Ask))
            ask.transport.write(b"hello")
            await ask.answer
        self.assertStruck(fault, 1)
        self.assertEqual([each["effect"] for each in fault.exchanges], ["wait 0.001 s"])
        self.assertEqual([each.name for each in proxy.proxy.plan.rules], [""])
        with proxy.fault("hang") as other:
            pass
        self.assertStruck(other, 0)
        for times, words in ((None, "never struck: 0 exchanges were seen"), (2, "never struck")):
            with self.assertRaises(AssertionError) as caught:
                self.assertStruck(other, times)
            self.assertIn(words, str(caught.exception))
        with self.assertRaises(AssertionError) as caught:
            self.assertStruck(fault, 3)
        self.assertIn("struck 1 times, not 3", str(caught.exception))
        await proxy.stop()
        await ask.lost
        await Answering.over


class UnittestTests(TestCase):
    """
    The mixin for unittest, in threads.
    """

    async def test_mixin(self) -> None:
        """
        Each test finds the proxy as it was; a fault that never struck fails its test.
        """
        from twisted.internet import reactor

        server = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(
            Factory.forProtocol(Echo)
        )
        self.addCleanup(server.stopListening)
        backend = f"127.0.0.1:{server.getHost().port}"

        class Inner(VaurienTests, unittest.TestCase):
            def test_a(self) -> None:
                db = self.proxyTo("db", backend)
                with db.fault("delay", sleep=0.001) as fault:
                    with socket.create_connection((db.host, db.port), 60) as client:
                        client.sendall(b"hello")
                        client.recv(5)
                    self.assertStruck(fault, 1)
                db.set_behavior("hang")

            def test_b(self) -> None:
                self.assertEqual(self.proxyTo("db").get_rules(), [])
                with self.proxyTo("db").fault("hang"):
                    pass

        result = unittest.TestResult()
        suite = unittest.TestSuite([Inner("test_a"), Inner("test_b")])
        try:
            await deferToThread(suite.run, result)
        finally:
            await deferToThread(_kits.pop().stop)
        self.assertEqual((result.testsRun, result.errors), (2, []))
        [(failed, words)] = result.failures
        self.assertIn("test_b", failed.id())
        self.assertIn("never struck", words)
