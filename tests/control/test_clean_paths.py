"""
Tests for redirects to the plain form of a path.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import controlled
from vaurien_twisted.control.clean_paths import cleanPath


class CleanPathTests(SynchronousTestCase):
    """
    Paths with empty segments and dots.
    """

    def test_paths(self) -> None:
        """
        As Toxiproxy's router has it: a slash at the end stays, an encoded slash is none.
        """
        for path, cleaned in (
            (b"/", b"/"),
            (b"//", b"/"),
            (b"///proxies", b"/proxies"),
            (b"/proxies//a/", b"/proxies/a/"),
            (b"/./proxies/../version", b"/version"),
            (b"/../..", b"/"),
            (b"/proxies/a%2F%2Fb", b"/proxies/a%2F%2Fb"),
            (b"/proxies/..a", b"/proxies/..a"),
            (b"*", b"*"),
            (b"http://localhost//", b"http://localhost//"),
        ):
            self.assertEqual(cleanPath(path), cleaned, path)

    def test_redirects(self) -> None:
        """
        GET is redirected as there; other methods keep their method and body.
        """
        _, asker = controlled()
        self.assertEqual(asker.ask("GET", "//proxies").json, asker.ask("GET", "/proxies").json)
        for method, path, status, location in (
            ("GET", "//journal?limit=1&proxy=//", 301, "/journal?limit=1&proxy=//"),
            ("POST", "//proxies/a//toxics", 308, "/proxies/a/toxics"),
            ("PATCH", "//proxies/a", 308, "/proxies/a"),
        ):
            answer = asker.ask(method, path, follow=False)
            self.assertEqual((answer.status, answer.header("location")), (status, location))

    def test_checkedBefore(self) -> None:
        """
        Whoever may not ask is not redirected.
        """
        _, asker = controlled()
        answer = asker.ask("GET", "//proxies", headers={"host": ["evil.example"]})
        self.assertEqual(answer.status, 403)
        self.assertIsNone(answer.header("location"))
