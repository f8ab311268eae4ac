"""
How connections begin and end where TLS is on one side of the proxy, or on both.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

from twisted.internet.threads import deferToThread

from tests.integration.authority import papers
from tests.integration.secured import serving, trusting
from tests.integration.support import ProxyCase, inThread

#: More than all buffers on the way hold.
MUCH = 8 * 2**20


class Peer:
    """
    A server that does as told to one connection after the other, with TLS or without.

    @ivar failed: what went wrong with the latest.
    """

    def __init__(self, serve: Callable[[Any], None], secure: bool) -> None:
        self._serve = serve
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if secure else None
        if self._context is not None:
            self._context.load_cert_chain(papers().server.certificate, papers().server.key)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(15)
        self.failed: Exception | None = None
        port = self._listening.getsockname()[1]
        trust = papers().authority.folder
        self.backend = f"127.0.0.1:{port}"
        if secure:
            self.backend = f"tls:localhost:{port}:trustRoots={trust}"
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            connection, _ = self._listening.accept()
            connection.settimeout(15)
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                self._serve(connection)
        except Exception as error:
            self.failed = error

    def close(self) -> None:
        """
        Wait until it is over.
        """
        self._thread.join(30)
        self._listening.close()


def readAll(connection: Any) -> bytes:
    """
    What comes, up to the end.
    """
    found = b""
    while data := connection.recv(65536):
        found += data
    return found


def rawEnd(client: Any) -> None:
    """
    Read what comes below TLS, up to the end.

    @raise ConnectionResetError: the end was a reset.
    """
    with socket.socket(fileno=os.dup(client.fileno())) as below:
        below.settimeout(15)
        readAll(below)


class EndsTests(ProxyCase):
    """
    A client, the proxy and a peer, each side with TLS or without.
    """

    async def prepare(self) -> None:
        """
        Nothing is needed beforehand.
        """
        papers()

    def before(self, serve: Callable[[Any], None], secure: bool, ours: bool) -> None:
        """
        A proxy before a peer.
        """
        self.peer = Peer(serve, secure)
        self.addCleanup(deferToThread, self.peer.close)
        self.reopen(self.peer.backend, "tcp", listen=serving() if ours else "127.0.0.1:0")

    async def exchange(self, data: bytes, ours: bool) -> bytes:
        """
        What comes back while C{data} is sent.
        """
        reader, writer = await asyncio.open_connection(
            "localhost", self.proxy.port, ssl=trusting() if ours else None
        )

        async def send() -> None:
            writer.write(data)
            await writer.drain()

        _, found = await asyncio.gather(send(), reader.readexactly(len(data)))
        writer.close()
        return found

    def addresses(self, serve: Callable[[Any], None], secure: bool, ours: bool) -> Any:
        """
        A client of a proxy before a peer; TLS is spoken to the peer if C{secure}, to the
        client if C{ours}.
        """
        self.before(serve, secure, ours)
        client: Any = socket.create_connection(("127.0.0.1", self.proxy.port), 15)
        if ours:
            client = trusting().wrap_socket(
                client, server_hostname="localhost", suppress_ragged_eofs=False
            )
        self.addCleanup(client.close)
        return client

    def everyWay(self, serve: Callable[[Any], None]) -> Any:
        """
        A client for each way of having TLS.
        """
        for secure, ours in ((True, False), (False, True), (True, True)):
            yield self.addresses(serve, secure, ours)

    @inThread
    def test_both_directions(self) -> None:
        """
        Much passes in both directions at the same time, unchanged, whoever speaks TLS.
        """
        data = bytes(range(256)) * (MUCH // 256)

        def echo(connection: Any) -> None:
            for _ in range(0, MUCH, 65536):
                left = 65536
                while left:
                    part = connection.recv(left)
                    connection.sendall(part)
                    left -= len(part)

        for secure, ours in ((True, False), (False, True), (True, True)):
            self.before(echo, secure, ours)
            self.assertTrue(asyncio.run(self.exchange(data, ours)) == data)

    @inThread
    def test_peerEnds(self) -> None:
        """
        All that the peer said before it ended arrives, then the end.
        """

        def speak(connection: Any) -> None:
            connection.recv(10)
            connection.sendall(b"x" * MUCH)
            if isinstance(connection, ssl.SSLSocket):
                connection.unwrap()

        for client in self.everyWay(speak):
            client.sendall(b"go")
            self.assertEqual(len(readAll(client)), MUCH)

    @inThread
    def test_peerEndsRoughly(self) -> None:
        """
        The same where the peer ends TCP only, and not TLS: to the client the end is in
        order, as it was in TCP.
        """

        def speak(connection: Any) -> None:
            connection.recv(10)
            connection.sendall(b"x" * 100_000)

        for client in self.everyWay(speak):
            client.sendall(b"go")
            self.assertEqual(len(readAll(client)), 100_000)

    @inThread
    def test_peerResets(self) -> None:
        """
        A reset of the peer's reaches the client as one.
        """

        def abort(connection: Any) -> None:
            connection.recv(10)
            linger = b"\x01\0\0\0\0\0\0\0"
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

        for client in self.everyWay(abort):
            client.sendall(b"go")
            self.assertRaises(ConnectionResetError, rawEnd, client)

    @inThread
    def test_clientEnds(self) -> None:
        """
        All that the client said before it ended arrives, then the end.
        """
        got: list[bytes] = []

        def listen(connection: Any) -> None:
            got.append(readAll(connection))

        for client in self.everyWay(listen):
            client.sendall(b"x" * 100_000)
            if isinstance(client, ssl.SSLSocket):
                client = client.unwrap()
            client.close()
            self.peer.close()
            self.assertEqual((self.peer.failed, len(got.pop())), (None, 100_000))

    @inThread
    def test_clientHalfCloses(self) -> None:
        """
        A client without TLS half-closes: the peer's TLS is told the end, and what it still
        says is read.
        """

        def answer(connection: Any) -> None:
            said = readAll(connection)
            connection.sendall(said[::-1])

        client = self.addresses(answer, True, False)
        client.sendall(b"said")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(readAll(client), b"dias")

    @inThread
    def test_peerHalfCloses(self) -> None:
        """
        A peer without TLS half-closes: the client is told the end of TLS, and what it still
        says arrives.
        """
        got: list[bytes] = []

        def end(connection: Any) -> None:
            connection.sendall(b"first")
            connection.shutdown(socket.SHUT_WR)
            got.append(readAll(connection))

        client = self.addresses(end, False, True)
        self.assertEqual(readAll(client), b"first")
        client.sendall(b"last")
        client.unwrap().close()
        self.peer.close()
        self.assertEqual((self.peer.failed, got), (None, [b"last"]))

    @inThread
    def test_abort(self) -> None:
        """
        C{abort} resets TCP: the client reads no end of TLS.
        """

        def answer(connection: Any) -> None:
            connection.sendall(connection.recv(10))
            readAll(connection)

        for client in self.everyWay(answer):
            self.behave("abort")
            client.sendall(b"go")
            self.assertRaises(ConnectionResetError, rawEnd, client)
        client = self.addresses(answer, False, True)
        self.behave("abort")
        client.sendall(b"go")
        # An alert would have made it the end of a file.
        self.assertRaises((ConnectionResetError, ssl.SSLEOFError), client.recv, 10)

    @inThread
    def test_blackout(self) -> None:
        """
        C{blackout} ends in order: the client reads an end of TLS, and the peer too.
        """
        got: list[bytes] = []

        def listen(connection: Any) -> None:
            connection.sendall(connection.recv(6))
            got.append(readAll(connection))

        for client in self.everyWay(listen):
            client.sendall(b"before")
            self.assertEqual(client.recv(6), b"before")
            self.behave("blackout")
            client.sendall(b"after")
            self.assertEqual(readAll(client), b"")
            self.peer.close()
            self.assertEqual((self.peer.failed, got.pop()), (None, b""))

    @inThread
    def test_speaksAtOnce(self) -> None:
        """
        What a client says with the end of its handshake, while the backend is not connected
        yet, is kept for it.
        """
        got: list[bytes] = []

        def listen(connection: Any) -> None:
            got.append(connection.recv(100))

        self.peer = Peer(listen, False)
        self.addCleanup(deferToThread, self.peer.close)
        self.reopen(self.peer.backend, "redis", listen=serving())
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = trusting().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with socket.create_connection(("127.0.0.1", self.proxy.port), 15) as plain:
            while True:
                try:
                    client.do_handshake()
                except ssl.SSLWantReadError:
                    plain.sendall(outgoing.read())
                    incoming.write(plain.recv(65536))
                else:
                    break
            client.write(b"PING\r\n")
            # The client's last words of the handshake, and a command, in one piece.
            plain.sendall(outgoing.read())
            self.peer.close()
        self.assertEqual(got, [b"PING\r\n"])
