"""
Tests for L{vaurien_twisted.proxies.listener}, on loopback.
"""

from __future__ import annotations

import os
import socket
import stat

from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.listener import Listener
from vaurien_twisted.transports.addresses import CannotListen


def answers(address: str) -> bool:
    """
    Whether a process listens there.
    """
    host, _, port = address.rpartition(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


class ListenerTests(TestCase):
    """
    A place to listen.
    """

    timeout = 120

    def listener(self, text: str = "localhost:0") -> Listener:
        """
        A listener, closed when the test is over.
        """
        from twisted.internet import reactor

        made = Listener(reactor, text, Factory.forProtocol(Protocol), "listen")
        self.addCleanup(lambda: self.closed(made))
        return made

    async def closed(self, listener: Listener) -> None:
        """
        Close it.
        """
        await listener.close()

    def busy(self) -> str:
        """
        An address that is taken.
        """
        other = socket.socket()
        self.addCleanup(other.close)
        other.bind(("127.0.0.1", 0))
        other.listen()
        return f"127.0.0.1:{other.getsockname()[1]}"

    async def test_samePort(self) -> None:
        """
        Port 0 is picked once: later it is that port again.
        """
        listener = self.listener()
        self.assertEqual((listener.text, listener.address), ("localhost:0", ""))
        await listener.open()
        place = listener.address
        self.assertRegex(place, r"\A127\.0\.0\.1:[1-9]\d*\Z")
        self.assertEqual(listener.text, place)
        await listener.open()
        self.assertEqual(listener.address, place)
        await listener.close()
        self.assertEqual((listener.text, listener.address), (place, ""))
        self.assertFalse(answers(place))
        await listener.open()
        self.assertEqual(listener.address, place)
        self.assertTrue(answers(place))

    async def test_at(self) -> None:
        """
        It knows its place in all spellings.
        """
        listener = self.listener()
        await listener.open()
        port = listener.address.rpartition(":")[2]
        for text in ("localhost:0", listener.address, f"localhost:{port}"):
            self.assertTrue(listener.at(text), text)
        for text in (f"0.0.0.0:{port}", f"[::1]:{port}", f"tcp:{port}", "127.0.0.1:0"):
            self.assertFalse(listener.at(text), text)

    async def test_elsewhere(self) -> None:
        """
        The old place is left once there is a new one.
        """
        listener = self.listener()
        await listener.open()
        old = listener.address
        await listener.open("127.0.0.1:0")
        self.assertNotEqual(listener.address, old)
        self.assertFalse(answers(old))
        self.assertTrue(answers(listener.address))

    async def test_samePortElsewhere(self) -> None:
        """
        It can move to another address of the same port.
        """
        listener = self.listener()
        await listener.open()
        port = listener.address.rpartition(":")[2]
        await listener.open(f"0.0.0.0:{port}")
        self.assertEqual(listener.address, f"0.0.0.0:{port}")

    async def test_refused(self) -> None:
        """
        If it cannot move, it stays, and the error has the reason.
        """
        listener = self.listener()
        await listener.open()
        old = listener.address
        place = self.busy()
        with self.assertRaises(CannotListen) as caught:
            await listener.open(place)
        self.assertEqual(
            (caught.exception.text, caught.exception.cause), (place, "address already in use")
        )
        with self.assertRaises(CannotListen):
            # Not an address of this machine (RFC 5737); the old place had to be left to try.
            await listener.open(f"192.0.2.1:{old.rpartition(':')[2]}")
        with self.assertRaises(Refused):
            await listener.open("nowhere")
        self.assertEqual((listener.text, listener.address), (old, old))
        self.assertTrue(answers(old))

    async def test_place(self) -> None:
        """
        An address can be set that is opened only later.
        """
        listener = self.listener()
        await listener.open()
        place = self.busy()
        await listener.place(place)
        self.assertEqual((listener.text, listener.address), (place, ""))
        with self.assertRaises(CannotListen):
            await listener.open()
        with self.assertRaises(Refused):
            await listener.place("nowhere")
        self.assertEqual(listener.text, place)

    async def test_pitfall44_mode(self) -> None:
        """
        A UNIX socket is only for the user who runs Vaurien, whatever the umask, unless its endpoint
        string has another mode.
        """
        self.addCleanup(os.umask, os.umask(0))
        for more, mode in (
            ("", 0o600),
            (":backlog=5", 0o600),
            (":lockfile=0", 0o600),
            (":mode=660", 0o660),
            (":666", 0o666),
            (":0660:5", 0o660),
        ):
            for before in ("", "haproxy:"):
                path = self.mktemp()
                listener = self.listener(f"{before}unix:{path}{more}")
                await listener.open()
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), mode, more)
                await listener.close()

    async def test_endpointString(self) -> None:
        """
        An endpoint string is kept as it was written.
        """
        path = self.mktemp()
        listener = self.listener(f"unix:{path}")
        await listener.open()
        self.assertEqual((listener.text, listener.address), (f"unix:{path}", path))
        self.assertIsNotNone(listener.host)
