"""
Tests for L{vaurien_twisted.transports.proxy_header}.
"""

from __future__ import annotations

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.protocols.haproxy._v1parser import V1Parser
from twisted.protocols.haproxy._v2parser import V2Parser
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.transports.proxy_header import BadHeader, headerFor, readHeader

FOUR = IPv4Address("TCP", "192.0.2.7", 4000), IPv4Address("TCP", "192.0.2.1", 80)
SIX = IPv6Address("TCP", "2001:db8::7", 4000), IPv6Address("TCP", "2001:db8::1", 80)
PATHS = UNIXAddress("/tmp/client"), UNIXAddress("/tmp/server")


class HeaderTests(SynchronousTestCase):
    """
    Headers, written and read.
    """

    def test_bytes(self) -> None:
        """
        As the specification has them.
        """
        self.assertEqual(headerFor("v1", *FOUR), b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 80\r\n")
        self.assertEqual(headerFor("v1", *SIX), b"PROXY TCP6 2001:db8::7 2001:db8::1 4000 80\r\n")
        for unknown in ((None, None), PATHS, (FOUR[0], SIX[1]), (UNIXAddress(None), None)):
            self.assertEqual(headerFor("v1", *unknown), b"PROXY UNKNOWN\r\n")
        self.assertEqual(
            headerFor("v2", *FOUR).hex(),
            "0d0a0d0a000d0a515549540a2111000cc0000207c00002010fa00050",
        )
        self.assertEqual(headerFor("v2", None, None)[12:].hex(), "20000000")
        self.assertEqual(headerFor("v2", FOUR[0], SIX[1])[12:].hex(), "21000000")

    def test_scope(self) -> None:
        """
        The interface of a link-local address is omitted.
        """
        local = IPv6Address("TCP", "fe80::1%eth0", 4000)
        self.assertEqual(
            headerFor("v1", local, SIX[1]), b"PROXY TCP6 fe80::1 2001:db8::1 4000 80\r\n"
        )

    def test_pitfall44_mapped(self) -> None:
        """
        An IPv4 client of an IPv6 socket is written, and read, as an IPv4 client.
        """
        source = IPv6Address("TCP", "::ffff:192.0.2.7", 4000)
        destination = IPv6Address("TCP", "::ffff:c000:201", 80)
        for version in ("v1", "v2"):
            self.assertEqual(headerFor(version, source, destination), headerFor(version, *FOUR))
        told = readHeader(b"PROXY TCP6 ::ffff:192.0.2.7 ::FFFF:c000:0201 4000 80\r\n")
        assert told is not None
        self.assertEqual((told.source, told.destination), FOUR)
        packed = bytes(10) + b"\xff\xff"
        pair = packed + b"\xc0\0\2\7" + packed + b"\xc0\0\2\1" + b"\x0f\xa0\0\x50"
        told = readHeader(headerFor("v2", *SIX)[:16] + pair)
        assert told is not None
        self.assertEqual((told.source, told.destination), FOUR)

    def test_pitfall44_scopes(self) -> None:
        """
        An interface is only a name, without control characters.
        """
        told = readHeader(b"PROXY TCP6 fe80::1%eth0 fe80::2%3 4000 80\r\n")
        assert told is not None
        self.assertEqual(told.source, IPv6Address("TCP", "fe80::1%eth0", 4000))
        for scope in (b"\x1b[2J", b"a\nb", b"\xc2\x9b", b"a" * 65, b"a/b", b"%"):
            self.assertRaises(BadHeader, readHeader, b"PROXY TCP6 fe80::1%%%s ::1 1 2\r\n" % scope)

    def test_twisted(self) -> None:
        """
        Twisted's parsers read them.
        """
        for version, parser in (("v1", V1Parser), ("v2", V2Parser)):
            for pair in (FOUR, SIX):
                info = parser.parse(headerFor(version, *pair).removesuffix(b"\r\n"))
                self.assertEqual((info.source.port, info.destination.port), (4000, 80))

    def test_back(self) -> None:
        """
        So do we, at every length; what follows is left.
        """
        for version in ("v1", "v2"):
            for pair in (FOUR, SIX, PATHS, (None, None)):
                header = headerFor(version, *pair)
                for size in range(len(header)):
                    self.assertIsNone(readHeader(header[:size]))
                told = readHeader(header + b"rest")
                assert told is not None
                unknown = pair == (None, None) or (pair == PATHS and version == "v1")
                expected = (None, None) if unknown else pair
                self.assertEqual((told.source, told.destination, told.rest), (*expected, b"rest"))

    def test_broken(self) -> None:
        """
        Other bytes are refused as soon as that is certain.
        """
        for data in (
            b"G",
            b"PROXy",
            b"PROXY TCP4 192.0.2.7\r\n",
            b"PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n",
            b"PROXY TCP4 \xff\xff 192.0.2.1 1 2\r\n",
            b"PROXY TCP4 ::1 192.0.2.1 1 2\r\n",
            b"PROXY TCP6 192.0.2.7 ::1 1 2\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 +2\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n",
            b"PROXY " + b"1" * 107,
            b"\r\n\r\n\0\r\nQUIZ",
            headerFor("v2", *FOUR)[:12] + b"\x31\x11\0\x0c" + bytes(12),
            headerFor("v2", *FOUR)[:12] + b"\x21\x11\x10\0",
            headerFor("v2", *FOUR)[:12] + b"\x22\x11\0\x0c" + bytes(12),
            headerFor("v2", *FOUR)[:12] + b"\x21\x41\0\x0c" + bytes(12),
            headerFor("v2", *FOUR)[:12] + b"\x21\x13\0\x0c" + bytes(12),
            headerFor("v2", *FOUR)[:12] + b"\x21\x11\0\x0b" + bytes(11),
        ):
            self.assertRaises(BadHeader, readHeader, data)
