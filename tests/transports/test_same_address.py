"""
Which addresses are the same place.
"""

from __future__ import annotations

import socket
from pathlib import Path
from tempfile import mkdtemp

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.transports import same_address as places
from vaurien_twisted.transports.same_address import Place, leadsTo, placeOf, reached, served


class SamePlaceTests(SynchronousTestCase):
    """
    The target of a client, and the address of a server.
    """

    def leads(self, backend: str, listen: str) -> bool:
        """
        Whether the one is the other.
        """
        target, here = reached(backend), served(listen)
        return target is not None and here is not None and leadsTo(target, here)

    def test_pitfall31_everywhere(self) -> None:
        """
        A server on every address is reached by each of this machine.
        """
        self.patch(socket, "gethostname", lambda: "box.example")
        for listen in ("0.0.0.0:80", ":80", "tcp:80", "express:80", "tls:/x:80", "ssl:80"):
            for host in (
                "0.0.0.0",
                "",
                "127.0.0.1",
                "127.0.0.2",
                "127.1",
                "localhost",
                "LOCALHOST.",
                "[::ffff:127.0.0.1]",
                "box",
                "Box.example",
            ):
                self.assertTrue(self.leads(f"{host}:80", listen), (host, listen))
            self.assertFalse(self.leads("127.0.0.1:81", listen))
            self.assertFalse(self.leads("192.0.2.7:80", listen))
            self.assertFalse(self.leads("redis:80", listen))

    def test_pitfall31_own(self) -> None:
        """
        By an address of a network, too.
        """
        self.patch(places, "isOwn", lambda address: str(address) == "192.0.2.7")
        self.assertTrue(self.leads("192.0.2.7:80", "0.0.0.0:80"))
        self.assertFalse(self.leads("192.0.2.8:80", "0.0.0.0:80"))

    def test_pitfall31_six(self) -> None:
        """
        IPv6: the address of all is reached by IPv4 too where the system has it so.
        """
        self.assertTrue(self.leads("[::1]:80", "[::]:80"))
        self.assertTrue(self.leads("[::]:80", "[::1]:80"))
        self.assertTrue(self.leads("[fe80::1%lo]:80", "[fe80::1]:80"))
        self.assertTrue(self.leads("localhost:80", "[::1]:80"))
        self.assertFalse(self.leads("[::1]:80", "0.0.0.0:80"))
        for both in (True, False):
            self.patch(places, "_takesBoth", lambda both=both: both)
            self.assertEqual(self.leads("127.0.0.1:80", "tcp6:80"), both)

    def test_pitfall31_one(self) -> None:
        """
        A server on one address is reached by that one.
        """
        for listen in ("127.0.0.1:80", "localhost:80", "tcp:80:interface=127.0.0.1"):
            for host in ("127.0.0.1", "localhost", "0.0.0.0", "[::ffff:7f00:1]"):
                self.assertTrue(self.leads(f"{host}:80", listen), (host, listen))
            self.assertFalse(self.leads("127.0.0.2:80", listen))

    def test_pitfall31_strings(self) -> None:
        """
        Endpoint strings are read, with the arguments' names and without.
        """
        for backend in (
            "tcp:127.0.0.1:80",
            "tcp:host=localhost:port=80",
            "tcp:localhost:port=80",
            "ssl:127.0.0.1:80",
            "tls:localhost:80:trustRoots=x",
            r"tls:x:443:endpoint=tcp\:127.0.0.1\:80",
            "express:127.0.0.1:80",
            "proxied:v2:127.0.0.1:80",
            "proxied:v1:tcp:127.0.0.1:80",
        ):
            for listen in (
                "tcp:port=80",
                "tcp:80:interface=127.0.0.1",
                "haproxy:tcp:80",
                "haproxy:127.0.0.1:80",
                "ssl:80:privateKey=x",
                "express:80:127.0.0.1",
            ):
                self.assertTrue(self.leads(backend, listen), (backend, listen))

    def test_unknown(self) -> None:
        """
        An address that is known only after listening has no place.
        """
        for listen in ("localhost:0", "tcp:0", "systemd:domain=INET:index=0", "nonsense"):
            self.assertIsNone(served(listen))
        self.assertIsNone(reached("nonsense"))

    def test_pitfall31_paths(self) -> None:
        """
        A UNIX socket is one by whichever path.
        """
        folder = Path(mkdtemp())
        self.addCleanup(folder.rmdir)
        here, link, hard = folder / "socket", folder / "link", folder / "hard"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(here))
        self.addCleanup(here.unlink)
        link.symlink_to(here)
        self.addCleanup(link.unlink)
        hard.hardlink_to(here)
        self.addCleanup(hard.unlink)
        for path in (here, link, hard, folder / ".." / folder.name / "socket"):
            for backend in (f"unix:{path}", f"unix:path={path}", f"proxied:v2:unix:{path}"):
                self.assertTrue(self.leads(backend, f"unix:{here}:mode=660"), backend)
                self.assertTrue(self.leads(backend, f"haproxy:unix:address={here}"), backend)
        self.assertFalse(self.leads(f"unix:{folder}/other", f"unix:{here}"))
        self.assertFalse(self.leads("localhost:80", f"unix:{here}"))

    def test_placeOf(self) -> None:
        """
        The addresses of ports and transports.
        """
        self.assertEqual(placeOf(IPv4Address("TCP", "127.0.0.1", 80)), Place("127.0.0.1", 80))
        self.assertEqual(placeOf(UNIXAddress(b"/x")), Place("", 0, "/x"))
        self.assertIsNone(placeOf(UNIXAddress(None)))
        self.assertIsNone(placeOf(None))
