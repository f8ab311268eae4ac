"""
Tests for L{vaurien_twisted.wire.http_host}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.wire.http_host import hostOf, overwriteHost


class HostTests(SynchronousTestCase):
    """
    Host of backends and in requests.
    """

    def test_hostOf(self) -> None:
        """
        The usual port is left out; brackets are kept or given; a path is no host.
        """
        for backend, host in (
            ("app.test:8080", b"app.test:8080"),
            ("app.test:80", b"app.test"),
            ("[::1]:8080", b"[::1]:8080"),
            ("tcp:app.test:8080", b"app.test:8080"),
            ("tcp:host=app.test:port=80:timeout=3", b"app.test"),
            ("tcp:\\:\\:1:81", b"[::1]:81"),
            ("tls:app.test:443", b"app.test"),
            ("ssl:host=app.test:port=444", b"app.test:444"),
            ("b\xfccher.test:80", b"xn--bcher-kva.test"),
            ("unix:/run/app.sock", None),
            ("tcp:", None),
        ):
            self.assertEqual(hostOf(backend), host, backend)

    def test_overwrite(self) -> None:
        """
        Only the field's value changes; a request without the field keeps none.
        """
        head = b"GET http://h/ HTTP/1.1\r\nA: host: x\r\nhOST:old:1\r\nX-Host: y\n\n"
        self.assertEqual(
            overwriteHost(head, b"new\\1:2"), head.replace(b"hOST:old:1", b"hOST: new\\1:2")
        )
        old = b"GET / HTTP/1.0\r\n\r\n"
        self.assertEqual(overwriteHost(old, b"new"), old)
