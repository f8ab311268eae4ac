"""
Tests for L{vaurien_twisted.wire.postgresql.startup}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.postgresql.conversation_parts import SSL_REQUEST, STARTUP, packet
from tests.wire.support import converse
from vaurien_twisted.wire.postgresql.messages import Malformed
from vaurien_twisted.wire.postgresql.protocol import PostgreSQLFramer
from vaurien_twisted.wire.postgresql.startup import Packet, StartupKind, readStartup


class StartupTests(SynchronousTestCase):
    """
    First packets.
    """

    def test_session(self) -> None:
        """
        A session is known by user and database, which is by default called as the user.
        """
        self.assertEqual(
            readStartup(STARTUP, 0), Packet(StartupKind.SESSION, len(STARTUP), "app/shop")
        )
        data = b"xx" + packet(196610, b"user\0app\0\0") + b"more"
        self.assertEqual(readStartup(data, 2), Packet(StartupKind.SESSION, 18, "app/app"))

    def test_incomplete(self) -> None:
        """
        It says how many bytes it needs.
        """
        self.assertEqual(readStartup(STARTUP[:3], 0), Packet(StartupKind.UNKNOWN, 8))
        self.assertEqual(readStartup(STARTUP[:-1], 0), Packet(StartupKind.UNKNOWN, len(STARTUP)))

    def test_encryption(self) -> None:
        """
        TLS may be asked for, or begun without asking.
        """
        self.assertIs(readStartup(SSL_REQUEST, 0).kind, StartupKind.ENCRYPTION)
        framer = PostgreSQLFramer()
        heard = converse(framer, [("client", b"\x16\3\1\0\5hello")])
        self.assertEqual(framer.opaque, "TLS")
        self.assertEqual(heard.loose[0], b"\x16\3\1\0\5hello")

    def test_cancel(self) -> None:
        """
        Cancelling another session's query has no reply.
        """
        request = packet(80877102, b"\0\0\1\0secr")
        for size in (0, 1):
            heard = converse(PostgreSQLFramer(), [("client", request)], size)
            self.assertEqual(heard.exchanges[1].description, "CancelRequest 256")
            self.assertFalse(heard.exchanges[1].replies)
            self.assertEqual(heard.ended[0], [1])
        self.assertEqual(readStartup(packet(80877102), 0).subject, "")

    def test_impossible(self) -> None:
        """
        Lengths out of bounds and other versions are refused.
        """
        for data in (packet(196608)[:3] + b"\7rest", b"\0\0\x27\x11" + b"x" * 6, packet(131072)):
            self.assertRaises(Malformed, readStartup, data, 0)
