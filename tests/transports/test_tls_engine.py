"""
Tests for L{vaurien_twisted.transports.tls_engine}: two ends in memory.
"""

from __future__ import annotations

from OpenSSL.SSL import Error, SysCallError, ZeroReturnError
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.integration.authority import papers
from vaurien_twisted.transports.certificates import clientOptions, serverOptions
from vaurien_twisted.transports.tls_engine import TLSEngine, failureReason, isEnd, newConnection
from vaurien_twisted.transports.tls_factory import TLSFactory
from vaurien_twisted.transports.tls_transport import TLSTransport


def _nothing(outcome: object) -> None:
    """
    Discards the outcome of a handshake.
    """


class EngineTests(SynchronousTestCase):
    """
    A client and a server.
    """

    def setUp(self) -> None:
        own = papers().server
        trust = clientOptions("it", "localhost", papers().authority.certificate)
        options = serverOptions("it", own.certificate, own.key)
        ends = [TLSFactory(each, each is trust, Factory(), Clock()) for each in (trust, options)]
        one, two = (TLSTransport(each, _nothing, _nothing) for each in ends)
        self.client = TLSEngine(newConnection(trust, True, one))
        self.server = TLSEngine(newConnection(options, False, two))

    def carry(self) -> None:
        """
        Let each end have what the other has for it.
        """
        for one, other in ((self.client, self.server), (self.server, self.client)):
            data = one.output()
            if data:
                other.receive(data)

    def shakeHands(self) -> None:
        """
        Complete the handshake of both.
        """
        for _ in range(5):
            for each in (self.client, self.server):
                if not each.established:
                    each.handshake()
            self.carry()
        self.assertTrue(self.client.established and self.server.established)

    def test_waits(self) -> None:
        """
        What is written before the handshake is sent behind it, in order.
        """
        self.client.write(b"one, ")
        self.client.encrypt()
        self.assertEqual((self.client.blocked, self.client.pending), (True, 5))
        self.shakeHands()
        self.client.write(b"two")
        self.client.encrypt()
        self.assertEqual((self.client.blocked, self.client.pending), (False, 0))
        self.carry()
        self.assertEqual((self.server.read(), self.server.read()), (b"one, two", None))

    def test_much(self) -> None:
        """
        More than a record, or than OpenSSL gives at once, arrives whole.
        """
        self.shakeHands()
        data = bytes(range(256)) * 1000
        self.server.write(data)
        self.server.encrypt()
        self.carry()
        found = b""
        while (piece := self.client.read()) is not None:
            found += piece
        self.assertEqual(found, data)
        self.assertEqual(self.server.output(), b"")

    def test_alerts(self) -> None:
        """
        The alert ends what the peer reads; the second one tells that both have ended.
        """
        self.shakeHands()
        self.assertFalse(self.client.alert())
        self.carry()
        self.assertRaises(ZeroReturnError, self.server.read)
        self.assertTrue(self.server.alert())

    def test_ends(self) -> None:
        """
        An end of TCP without an alert can be told from broken TLS.
        """
        self.shakeHands()
        self.client.eof()
        self.assertTrue(isEnd(self.assertRaises(Error, self.client.read)))
        self.server.receive(b"this is not TLS at all")
        broken = self.assertRaises(Error, self.server.read)
        self.assertFalse(isEnd(broken))
        self.assertNotIn("closed during", failureReason(broken))

    def test_reasons(self) -> None:
        """
        The reasons of a failed handshake, in words.
        """
        closed = "the connection was closed during the handshake"
        for error in (ConnectionDone(), SysCallError(-1, "Unexpected EOF"), Error()):
            self.assertEqual(failureReason(error), closed)
        self.assertEqual(failureReason(TimeoutError("too late")), "too late")
        self.assertFalse(isEnd(SysCallError(104, "ECONNRESET")))
