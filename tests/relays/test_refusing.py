"""
Links whose ends are kept from agreeing on TLS.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY, Pair
from tests.wire.postgresql.conversation_parts import STARTUP
from vaurien_twisted.model.options import build
from vaurien_twisted.relays.unreadable import adviceOn

#: SSLRequest (PostgreSQL manual, "Message Formats").
ASKED = bytes.fromhex("0000000804d2162f")


def options(wire: str, **words: str) -> Any:
    """
    A wire protocol's options.
    """
    return build(REGISTRY.wire(wire).options, words, "it")


class DenialTests(SynchronousTestCase):
    """
    What PostgreSQL's clients ask for is answered here.
    """

    def pair(self, *plan: str, **more: Any) -> Pair:
        """
        A link on which nothing was said.
        """
        refusing = options("postgresql", tls="refuse")
        return Pair("postgresql", *plan, protocolOptions=refusing, **more)

    def test_denied(self) -> None:
        """
        The backend does not hear of it.
        """
        pair = self.pair()
        self.assertEqual((pair.ask(ASKED), pair.client.heard()), (b"", b"N"))
        self.assertEqual((pair.ask(STARTUP), pair.client.heard()), (STARTUP, b""))

    def test_once(self) -> None:
        """
        It is denied once; who asks again says so to the backend.
        """
        pair = self.pair()
        self.assertEqual((pair.ask(ASKED), pair.client.heard()), (b"", b"N"))
        self.assertEqual((pair.ask(ASKED * 3), pair.client.heard()), (ASKED * 3, b""))

    def test_beforeAnError(self) -> None:
        """
        A client that asks and begins at once reads the denial first, and then how its
        beginning was answered.
        """
        pair = self.pair("error")
        self.assertEqual(pair.ask(ASKED + STARTUP), b"")
        heard = pair.client.heard()
        self.assertEqual(heard[:2], b"NE")
        self.assertIn(b"FATAL", heard)

    def test_beforeGarbage(self) -> None:
        """
        What cannot be read after it passes; the denial is told all the same.
        """
        pair = self.pair()
        garbage = b"\0\0\0\1garbage"
        self.assertEqual((pair.ask(ASKED + garbage), pair.client.heard()), (garbage, b"N"))

    def test_whileDelayed(self) -> None:
        """
        A behavior of requests does not keep it back: it is none.
        """
        pair = self.pair("delay", options={"sleep": 1})
        self.assertEqual(pair.client.heard(), b"")
        pair.clock.advance(1)
        pair.ask(ASKED)
        self.assertEqual(pair.client.heard(), b"N")


class AdviceTests(SynchronousTestCase):
    """
    What a user is told of a link that became opaque.
    """

    def advice(self, reason: str, wire: str, **words: str) -> str:
        """
        For a wire protocol with such options.
        """
        return adviceOn(reason, REGISTRY.wire(wire), options(wire, **words))

    def test_tls(self) -> None:
        """
        Where TLS was agreed upon both ways out are told.
        """
        for wire in ("mysql", "postgresql", "smtp"):
            told = self.advice("TLS", wire)
            self.assertIn(f"--protocol-{wire}-tls refuse ", told)
            self.assertIn(f"--protocol-{wire}-tls-certificate ", told)

    def test_none(self) -> None:
        """
        There is none for other reasons, nor other protocols, nor where that was tried.
        """
        self.assertEqual(self.advice("compression", "mysql"), "")
        self.assertEqual(self.advice("TLS", "redis"), "")
        self.assertEqual(self.advice("TLS", "postgresql", tls="refuse"), "")
        self.assertEqual(self.advice("TLS", "smtp", tls_certificate="x"), "")
