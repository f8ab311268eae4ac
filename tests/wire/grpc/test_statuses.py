"""
Tests for L{vaurien_twisted.wire.grpc.statuses}, and for what requests and trailers say.
"""

from __future__ import annotations

import grpc
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.wire.grpc.answers import encoded
from vaurien_twisted.wire.grpc.statuses import NUMBERS, nameOf, statusOf
from vaurien_twisted.wire.grpc.timeouts import timeoutOf


class StatusTests(SynchronousTestCase):
    """
    Names and numbers.
    """

    def test_all(self) -> None:
        """
        They are those of C{grpcio}.
        """
        self.assertEqual(NUMBERS, {code.name: code.value[0] for code in grpc.StatusCode})

    def test_codes(self) -> None:
        """
        A code is a name or a number.
        """
        for code, number in (("UNAVAILABLE", 14), ("14", 14), ("0", 0), ("OK", 0)):
            self.assertEqual(statusOf(code), number)
        for code in ("17", "unavailable", "-1", "014", "", "503"):
            self.assertIsNone(statusOf(code))

    def test_names(self) -> None:
        """
        An unknown number is told as it is.
        """
        self.assertEqual([nameOf("5"), nameOf("99"), nameOf("x")], ["NOT_FOUND", "99", "x"])


class WordsTests(SynchronousTestCase):
    """
    Deadlines and messages.
    """

    def test_timeouts(self) -> None:
        """
        At most eight digits and a unit.
        """
        for text, seconds in (
            ("1H", 3600),
            ("2M", 120),
            ("3S", 3),
            ("5m", 0.005),
            ("99999999n", 0.099999999),
        ):
            found = timeoutOf(b"POST / HTTP/2\r\ngrpc-timeout: %s\r\n\r\n" % text.encode())
            self.assertAlmostEqual(found or 0, seconds)
        for text in ("1h", "S", "123456789S", "-1S", "1.5S"):
            self.assertIsNone(
                timeoutOf(b"POST / HTTP/2\r\ngrpc-timeout: %s\r\n\r\n" % text.encode())
            )

    def test_encoded(self) -> None:
        """
        What is not plain ASCII is percent-encoded, and so is the percent sign.
        """
        self.assertEqual(encoded("a b~"), "a b~")
        self.assertEqual(encoded("50%\n\u00e9"), "50%25%0A%C3%A9")
