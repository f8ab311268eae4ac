"""
Tests for L{vaurien_twisted.wire.http.host}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.wire.http.host import hostOf, overwriteHost


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
        head = b"GET /http://h/ HTTP/1.1\r\nA: host: x\r\nhOST:old:1\r\nX-Host: y\n\n"
        self.assertEqual(
            overwriteHost(head, b"new\\1:2"), head.replace(b"hOST:old:1", b"hOST: new\\1:2")
        )
        old = b"GET / HTTP/1.0\r\n\r\n"
        self.assertEqual(overwriteHost(old, b"new"), old)

    def test_pitfall36_absoluteForm(self) -> None:
        """
        A target in absolute form wins over Host, so its authority is another one too; its
        path, its query and other forms of target stay.
        """
        for target, wanted in (
            (b"http://old/a?b=http://old/", b"http://new:1/a?b=http://old/"),
            (b"HTTP://old:80", b"HTTP://new:1"),
            (b"https://user:word@old:444/@x", b"https://new:1/@x"),
            (b"http://[::1]:80?q", b"http://new:1?q"),
            (b"http://old#f", b"http://new:1#f"),
            (b"/http://old/", b"/http://old/"),
            (b"/?u=http://old/", b"/?u=http://old/"),
            (b"*", b"*"),
            (b"old:443", b"old:443"),
        ):
            for ending in (b"\r\n", b"\n"):
                for before in (b"", ending):
                    head = ending.join((before + b"GET %s HTTP/1.1", b"Host: %s", b"", b""))
                    self.assertEqual(
                        overwriteHost(head % (target, b"old"), b"new:1"),
                        head % (wanted, b"new:1"),
                    )
