"""
What one end says before it is reset reaches the other, over every transport.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import tempfile
import threading
from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.express.support import PATIENCE, theReactor
from tests.integration.authority import papers
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.rules.registry import loadRegistry
from vaurien_twisted.transports.addresses import clientEndpoint, serverEndpoint

#: What is said at the end: one record of TLS.
WORDS = b"1153: too large" * 1000

#: What is never read of what was sent, in bytes.
UNREAD = 2**20

#: How often each way is tried.
TIMES = 5


class DelayedResetTests(TestCase):
    """
    An end that answers and closes while bytes of the other's are unread is heard.
    """

    timeout = PATIENCE

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="words")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def speaker(self, family: Any, place: Any, secured: bool = False) -> Any:
        """
        A backend that says its words once a client has spoken, and closes.
        """
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.bind(place)
        listening.listen(50)
        self.addCleanup(listening.close)
        context = None
        if secured:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(papers().server.certificate, papers().server.key)

        def serve() -> None:
            for _ in range(TIMES):
                try:
                    taken: Any = listening.accept()[0]
                except OSError:
                    return
                if family == socket.AF_INET:
                    # What waits for an acknowledgement would be lost before it is sent.
                    taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with taken:
                    if context is not None:
                        taken = context.wrap_socket(taken, server_side=True)
                    taken.recv(10)
                    taken.sendall(WORDS)
                    if context is not None:
                        taken.close()

        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)

        def wake() -> None:
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)

        self.addCleanup(wake)
        return listening.getsockname()

    def ask(self, family: Any, place: Any, secured: bool) -> bytes:
        """
        What a client reads that sends much.
        """
        with socket.socket(family, socket.SOCK_STREAM) as plain:
            plain.settimeout(PATIENCE)
            plain.connect(place)
            client: Any = plain
            if secured:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                client = context.wrap_socket(plain)
            heard = b""
            with contextlib.suppress(OSError):
                client.sendall(b"x" * UNREAD)
            with contextlib.suppress(OSError):
                while part := client.recv(65536):
                    heard += part
            client.close()
        return heard

    async def heard(self, listener: str, backend: str, wire: str = "tcp") -> None:
        """
        Try one way from the backend to the client.
        """
        reactor = theReactor()
        if backend == "unix":
            path = f"{self.folder}/{listener}-backend"
            self.speaker(socket.AF_UNIX, path)
            to: Any = clientEndpoint(reactor, f"unix:{path}", "backend")
        else:
            port = self.speaker(socket.AF_INET, ("127.0.0.1", 0), backend == "tls")[1]
            if backend == "twisted":
                to = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
            elif backend == "tls":
                authority = papers().authority.folder
                to = clientEndpoint(
                    reactor, f"tls:localhost:{port}:trustRoots={authority}", "backend"
                )
            else:
                to = clientEndpoint(reactor, f"127.0.0.1:{port}", "backend")
        factory = RelayFactory(reactor, to, wire=loadRegistry().wire(wire))
        family: Any = socket.AF_INET
        if listener == "unix":
            family, place = socket.AF_UNIX, f"{self.folder}/{backend}"
            at: Any = serverEndpoint(reactor, f"unix:{place}", "proxy")
        elif listener == "twisted":
            at = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        elif listener == "tls":
            signed = papers().server
            at = serverEndpoint(
                reactor,
                f"ssl:0:interface=127.0.0.1:privateKey={signed.key}:certKey={signed.certificate}",
                "proxy",
            )
        else:
            at = serverEndpoint(reactor, "127.0.0.1:0", "proxy")
        port = await at.listen(factory)
        self.addCleanup(port.stopListening)
        where: Any = place if listener == "unix" else ("127.0.0.1", port.getHost().port)
        for _ in range(TIMES):
            heard = await deferToThread(self.ask, family, where, listener == "tls")
            self.assertEqual(len(heard), len(WORDS), f"{backend} to {listener}")
        await factory.abort()

    async def test_pitfall28_express(self) -> None:
        """
        From a backend on TCP to clients on anything.
        """
        for listener in ("express", "unix", "twisted", "tls"):
            await self.heard(listener, "express")

    async def test_pitfall28_unixBackend(self) -> None:
        """
        From a backend on a UNIX socket.
        """
        for listener in ("express", "unix"):
            await self.heard(listener, "unix")

    async def test_pitfall28_twistedBackend(self) -> None:
        """
        From a backend to which Twisted's own TCP speaks.
        """
        for listener in ("express", "unix"):
            await self.heard(listener, "twisted")

    async def test_pitfall28_tlsBackend(self) -> None:
        """
        From a backend that speaks TLS.
        """
        for listener in ("express", "unix", "tls"):
            await self.heard(listener, "tls")

    async def test_pitfall28_framed(self) -> None:
        """
        Where a framer reads what is said, too.
        """
        for listener in ("express", "unix"):
            await self.heard(listener, "express", "redis")
