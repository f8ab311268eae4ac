"""
Tests for L{vaurien_twisted.control.access}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.control.access import Access, checkToken, isLoopback, toxiproxyPlace
from vaurien_twisted.model.options import Refused


class AccessTests(SynchronousTestCase):
    """
    Who may use the control service.
    """

    def test_loopback(self) -> None:
        """
        Names and addresses that only this machine reaches.
        """
        for host in ("localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.8.9.1", "::1"):
            self.assertTrue(isLoopback(host), host)
        for host in ("", "0.0.0.0", "::", "192.168.1.1", "example.com", "localhost.example"):
            self.assertFalse(isLoopback(host), host)

    def test_beyond(self) -> None:
        """
        Other machines need a token, unless C{insecure} is set.
        """
        refused = self.assertRaises(Refused, Access().check, "0.0.0.0", "http_host")
        self.assertEqual(refused.name, "http_host")
        self.assertIn("--token", refused.description)
        Access().check("localhost", "http_host")
        Access("secret").check("0.0.0.0", "http_host")
        Access(insecure=True).check("0.0.0.0", "http_host")

    def test_anyName(self) -> None:
        """
        Any Host is allowed with a token, or with C{insecure}.
        """
        self.assertTrue(Access("secret").anyName("localhost"))
        self.assertTrue(Access(insecure=True).anyName("0.0.0.0"))
        self.assertFalse(Access(insecure=True).anyName("localhost"))
        self.assertFalse(Access().anyName("localhost"))

    def test_untold(self) -> None:
        """
        Log lines do not have the token.
        """
        self.assertNotIn("secret", repr(Access("secret")))

    def test_token(self) -> None:
        """
        A token can be sent in a header.
        """
        checkToken("aZ0~!")
        for token in ("", "a b", "a\n", "é", "\x7f"):
            self.assertRaises(Refused, checkToken, token)


class PlaceTests(SynchronousTestCase):
    """
    Where Toxiproxy's clients look.
    """

    def test_places(self) -> None:
        """
        An address, a port, or yes or no.
        """
        for text, place in (
            ("", None),
            ("no", None),
            ("yes", ("localhost", 8474)),
            ("localhost:8474", ("localhost", 8474)),
            ("9000", ("localhost", 9000)),
            ("0", ("localhost", 0)),
            ("[::1]:0", ("::1", 0)),
            ("0.0.0.0:8474", ("0.0.0.0", 8474)),
        ):
            self.assertEqual(toxiproxyPlace(text), place, text)

    def test_refused(self) -> None:
        """
        Other values are refused.
        """
        for text in ("here", "unix:/tmp/x", "localhost:70000"):
            refused = self.assertRaises(Refused, toxiproxyPlace, text)
            self.assertEqual(refused.name, "toxiproxy")
