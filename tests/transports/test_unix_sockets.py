"""
UNIX sockets that somebody has left behind.
"""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from vaurien_twisted.transports.addresses import CannotListen, listenOn, serverEndpoint

#: The number of a process that lives for as long as the tests do.
ALIVE = os.getppid()


class Telling(Protocol):
    """
    Says which server it is of.
    """

    def connectionMade(self) -> None:
        """
        Say it.
        """
        assert self.transport is not None
        self.transport.write(b"here")
        self.transport.loseConnection()


class PathTests(TestCase):
    """
    What is there when we come, and what is left when we go.
    """

    timeout = 120.0

    def setUp(self) -> None:
        # The path of a UNIX socket is 107 bytes at most (unix(7)).
        self.folder = Path(mkdtemp())
        self.path = self.folder / "socket"
        self.lock = self.folder / "socket.lock"
        self.addCleanup(self.folder.rmdir)
        self.addCleanup(self.clear)

    def clear(self) -> None:
        """
        Remove what a test has left.
        """
        for path in self.folder.iterdir():
            path.unlink()

    def left(self, kind: int = socket.SOCK_STREAM) -> None:
        """
        Somebody's socket stays when they are gone.
        """
        with socket.socket(socket.AF_UNIX, kind) as theirs:
            theirs.bind(str(self.path))

    def listens(self, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """
        Somebody listens.
        """
        theirs = socket.socket(socket.AF_UNIX, kind)
        self.addCleanup(theirs.close)
        theirs.bind(str(self.path))
        if kind == socket.SOCK_STREAM:
            theirs.listen(1)
        return theirs

    async def listen(self, more: str = "", path: Path | None = None, before: str = "") -> Any:
        """
        Listen there.
        """
        from twisted.internet import reactor

        text = f"{before}unix:{path or self.path}{more}"
        endpoint = serverEndpoint(reactor, text, "proxy")
        factory = Factory.forProtocol(Telling)
        factory.noisy = False
        port: Any = await listenOn(endpoint, factory, text, "proxy")
        self.addCleanup(port.stopListening)
        return port

    async def refused(self, more: str = "", path: Path | None = None) -> str:
        """
        Why it cannot.
        """
        with self.assertRaises(CannotListen) as caught:
            await self.listen(more, path)
        self.assertNotIn("\n", caught.exception.description)
        return caught.exception.description

    async def answered(self, path: Path | None = None) -> bytes:
        """
        What a client is told.
        """
        from twisted.internet import reactor
        from twisted.internet.endpoints import UNIXClientEndpoint

        heard: Deferred[bytes] = Deferred()

        class Hearing(Protocol):
            data = b""

            def dataReceived(self, data: bytes) -> None:
                self.data += data

            def connectionLost(self, reason: Any = None) -> None:
                heard.callback(self.data)

        endpoint = UNIXClientEndpoint(reactor, str(path or self.path), 30)
        await endpoint.connect(Factory.forProtocol(Hearing))
        return await heard

    async def test_pitfall34_noLock(self) -> None:
        """
        A socket without a lock is taken.
        """
        self.left()
        await self.listen()
        self.assertEqual(await self.answered(), b"here")

    async def test_pitfall34_numberLives(self) -> None:
        """
        So is one whose lock has the number of a process that lives, ours too, as process 1
        of a container is a new one each time.
        """
        for number in (ALIVE, os.getpid(), 1):
            self.left()
            self.lock.symlink_to(str(number))
            port = await self.listen()
            self.assertEqual(os.readlink(self.lock), str(os.getpid()))
            self.assertEqual(await self.answered(), b"here")
            port.stopListening()
            self.assertEqual(list(self.folder.iterdir()), [])

    async def test_pitfall34_lockAlone(self) -> None:
        """
        A lock without a socket keeps nobody away.
        """
        self.lock.symlink_to(str(ALIVE))
        await self.listen()
        self.assertEqual(await self.answered(), b"here")

    async def test_pitfall34_around(self) -> None:
        """
        The same below C{haproxy:}, and where no lock is wanted.
        """
        for more, before in (("", "haproxy:"), (":lockfile=0", "")):
            self.left()
            port = await self.listen(more, before=before)
            port.stopListening()

    async def test_pitfall34_answered(self) -> None:
        """
        A socket on which somebody listens is left alone, whatever the lock says; also where
        they have no room for another client now, and where it is of another kind.
        """
        theirs = self.listens()
        before = self.path.stat().st_ino
        self.assertIn("address already in use", await self.refused())
        clients = []
        for _ in range(8):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            self.addCleanup(client.close)
            clients.append(client.connect_ex(str(self.path)))
        self.assertTrue(clients[-1], "there is room for any number")
        self.assertIn("address already in use", await self.refused())
        self.assertEqual(self.path.stat().st_ino, before)
        theirs.close()
        self.path.unlink()
        self.listens(socket.SOCK_DGRAM)
        self.assertIn("address already in use", await self.refused())

    async def test_pitfall34_twice(self) -> None:
        """
        One of our own is not taken from ourselves.
        """
        await self.listen()
        self.assertIn("address already in use", await self.refused())
        self.assertEqual(await self.answered(), b"here")

    async def test_pitfall34_noSocket(self) -> None:
        """
        What is no socket is never removed.
        """
        self.path.write_text("precious")
        self.assertIn("is not a socket", await self.refused())
        self.assertEqual(self.path.read_text(), "precious")
        self.assertIn("is not a socket", await self.refused(path=self.folder))

    async def test_pitfall34_symbolicLink(self) -> None:
        """
        A symbolic link is followed and stays, with a socket left at its end or nothing.
        """
        link = self.folder / "link"
        link.symlink_to(self.path)
        for leave in (self.left, lambda: None):
            leave()
            port = await self.listen(path=link)
            self.assertTrue(stat.S_ISSOCK(self.path.lstat().st_mode))
            self.assertEqual(await self.answered(link), b"here")
            port.stopListening()
            self.assertEqual(list(self.folder.iterdir()), [link])

    async def test_pitfall34_gone(self) -> None:
        """
        Where somebody has removed our socket meanwhile, we can stop all the same; what
        others have put in its place stays.
        """
        port = await self.listen()
        self.path.unlink()
        port.stopListening()
        self.assertEqual(list(self.folder.iterdir()), [])
        port = await self.listen()
        self.path.unlink()
        self.listens()
        port.stopListening()
        self.assertTrue(self.path.exists())

    async def test_again(self) -> None:
        """
        The same endpoint listens again and again.
        """
        for _ in range(3):
            port = await self.listen()
            port.stopListening()
            self.assertRaises(RuntimeError, port.getHost)

    async def test_permission(self) -> None:
        """
        A folder that is not there, or a path that is too long, is told in one line.
        """
        self.assertIn("cannot listen on", await self.refused(path=self.folder / "none" / "x"))
        self.assertIn("too long", await self.refused(path=self.folder / ("x" * 120)))
