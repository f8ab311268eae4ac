"""
Tests for the bound on bodies, with the site's own requests.
"""

from __future__ import annotations

import json

from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import around, makeProxy
from vaurien_twisted.control.body_limit import LIMIT, PATIENCE
from vaurien_twisted.control.site import controlRoot, controlSite
from vaurien_twisted.rules.plan import Plan

PUT = b"PUT /behavior HTTP/1.1\r\nHost: localhost\r\n"
PART = b"x" * 2**16


class LimitTests(SynchronousTestCase):
    """
    Bodies over the limit, by their Content-Length or by counting.
    """

    def setUp(self):
        """
        A connection to the site.
        """
        self.proxy = makeProxy()
        self.clock = MemoryReactorClock()
        site = controlSite(self.clock, controlRoot(around(self.proxy)))
        address = IPv4Address("TCP", "127.0.0.1", 1)
        self.transport = StringTransport(address, address)
        site.doStart()
        self.addCleanup(site.doStop)
        self.protocol = site.buildProtocol(address)
        self.protocol.makeConnection(self.transport)

    def send(self, *parts: bytes) -> None:
        """
        Send as a client would.
        """
        for part in parts:
            self.protocol.dataReceived(part)

    def assertRefused(self) -> None:
        """
        There is one answer, a 413 in JSON that announces the end of the connection.
        """
        head, _, body = self.transport.value().partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        self.assertTrue(lines[0].startswith(b"HTTP/1.1 413 "), lines[0])
        self.assertIn(b"Connection: close", lines)
        self.assertIn(b"Content-Type: application/json", lines)
        self.assertIn(b"Content-Length: %d" % len(body), lines)
        self.assertIn(str(LIMIT), json.loads(body)["errors"][0]["description"])
        self.assertEqual(self.proxy.plan, Plan())

    def chunk(self, data: bytes) -> bytes:
        """
        C{data} in chunked coding (RFC 9112 section 7.1).
        """
        return b"%x\r\n%s\r\n" % (len(data), data)

    def test_byLength(self):
        """
        A Content-Length over the limit is answered before the body arrives.
        """
        self.send(PUT + b"Content-Length: %d\r\n\r\n" % (LIMIT + 1))
        self.assertRefused()
        self.assertFalse(self.transport.disconnecting)

    def test_closedAtTheEnd(self):
        """
        The connection is closed after the body, so that the client reads the answer; later bytes
        are not another request.
        """
        self.send(PUT + b"Content-Length: %d\r\n\r\n" % (LIMIT + 1))
        self.send(*[PART] * (LIMIT // len(PART)))
        self.assertFalse(self.transport.disconnecting)
        self.send(b"x" + PUT + b"Content-Length: 16\r\n\r\n" + b'{"name": "hang"}')
        self.assertTrue(self.transport.disconnecting)
        self.assertRefused()

    def test_toxiproxy(self):
        """
        On the paths of Toxiproxy's API, the refusal has Toxiproxy's form.
        """
        for length in (b"%d" % (LIMIT + 1), b"9" * 100):
            self.setUp()
            self.send(b"POST /proxies?x HTTP/1.1\r\nHost: localhost\r\n")
            self.send(b"Content-Length: %s\r\n\r\n" % length)
            head, _, body = self.transport.value().partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 413 "), head)
            refusal = json.loads(body)
            self.assertEqual((set(refusal), refusal["status"]), ({"error", "status"}, 413))
            self.assertIn(str(LIMIT), refusal["error"])

    def test_byCounting(self):
        """
        A chunked body is answered at the byte that is too many.
        """
        self.send(PUT + b"Transfer-Encoding: chunked\r\n\r\n")
        self.send(*[self.chunk(PART)] * (LIMIT // len(PART)))
        self.assertEqual(self.transport.value(), b"")
        self.send(self.chunk(b"x"))
        self.assertRefused()
        self.assertFalse(self.transport.disconnecting)
        self.send(b"0\r\n\r\n")
        self.assertTrue(self.transport.disconnecting)
        self.assertRefused()

    def test_patience(self):
        """
        A body without end is not read without end.
        """
        self.send(PUT + b"Transfer-Encoding: chunked\r\n\r\n")
        self.send(*[self.chunk(PART)] * ((LIMIT + PATIENCE) // len(PART)))
        self.assertFalse(self.transport.disconnecting)
        self.send(self.chunk(b"x"))
        self.assertTrue(self.transport.disconnecting)
        self.assertRefused()

    def test_expect(self):
        """
        A client that waits for leave to send its body gets 413 in its place.
        """
        expect = b"Expect: 100-continue\r\n\r\n"
        self.send(PUT + b"Content-Length: %d\r\n" % (LIMIT + 1) + expect)
        self.assertRefused()
        self.assertNotIn(b"100 Continue", self.transport.value())

    def test_withinBounds(self):
        """
        Bodies within the bound are done, of either kind, one after another.
        """
        self.send(PUT + b"Content-Length: 16\r\n\r\n" + b'{"name": "hang"}')
        self.assertEqual(self.proxy.plan.draws[0].alternatives[0].behavior.name, "hang")
        body = self.chunk(b'{"name": ') + self.chunk(b'"dummy"}') + b"0\r\n\r\n"
        self.send(PUT + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        self.assertEqual(self.proxy.plan.draws[0].alternatives[0].behavior.name, "dummy")
        self.assertEqual(self.transport.value().count(b"HTTP/1.1 200 OK"), 2)
