"""
Bytes, ends and resets through C{tcp}, on real sockets.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import time
from functools import partial
from threading import Semaphore

from tests.integration.children import (
    PATIENCE,
    ChildCase,
    Parallel,
    allowFiles,
    hangUp,
    memory,
    note,
    port,
    readAll,
    report,
    reset,
)
from tests.integration.servers import poll

#: How much goes each way, in bytes, and how often the behavior is switched meanwhile.
AMOUNT, SWITCHES = 100 * 10**6, 1000

MEGABYTE = 2**20

#: The longest that control may take to answer, in seconds.  It takes milliseconds, which are
#: kept in the log; this is what a service that waits for somebody does not reach.
BOUND = 20.0


class ExactTests(ChildCase):
    """
    Every byte arrives unchanged, in order, once.
    """

    def test_bothWaysWhileSwitching(self) -> None:
        """
        100 MB each way at once have their hash after a thousand changes of behavior.
        """
        proxy, client, backend = self.pair()
        control = self.client(proxy)
        part = AMOUNT // SWITCHES
        # Read in step with the switches, so that each meets buffers that are full.
        gates = Semaphore(0), Semaphore(0)

        def send(side: socket.socket) -> str:
            block = os.urandom(part)
            told = hashlib.sha256()
            for number in range(SWITCHES):
                said = block[number:] + block[:number]
                told.update(said)
                side.sendall(said)
            side.shutdown(socket.SHUT_WR)
            return told.hexdigest()

        def receive(side: socket.socket, gate: Semaphore) -> str:
            heard = hashlib.sha256()
            for _ in range(SWITCHES):
                if not gate.acquire(timeout=PATIENCE):
                    raise TimeoutError("no more switches")
                left = part
                while left and (data := side.recv(left)):
                    heard.update(data)
                    left -= len(data)
            heard.update(side.recv(1))
            return heard.hexdigest()

        sending = [Parallel(lambda: send(client)), Parallel(lambda: send(backend))]
        hearing = [
            Parallel(lambda: receive(backend, gates[0])),
            Parallel(lambda: receive(client, gates[1])),
        ]
        began = time.monotonic()
        for number in range(SWITCHES):
            for gate in gates:
                gate.release()
            if number % 2:
                control.set_behavior("dummy")
            else:
                # A wait that is lifted, or over, at the next switch; and none.
                control.set_behavior("delay", sleep=(number % 3) / 1000, before=number % 4 == 0)
        self.assertEqual([t.result() for t in sending], [t.result() for t in hearing])
        report("100 MB each way with 1000 switches", [time.monotonic() - began])

    def test_halfClose(self) -> None:
        """
        A client that has said all still hears the reply, and so does a backend.
        """
        for behavior in ("dummy", "0:error", "delay"):
            options = ["--behavior-delay-sleep", "0.01"]
            for first, client, backend in self.sides(behavior, options=options):
                one, other = (client, backend) if first == "client" else (backend, client)
                one.sendall(b"that is all")
                one.shutdown(socket.SHUT_WR)
                self.assertEqual(readAll(other), b"that is all")
                reply = os.urandom(3 * MEGABYTE)
                answering = Parallel(partial(answer, other, reply))
                self.assertEqual(readAll(one), reply, (behavior, first))
                answering.result()

    def test_halfCloseWhileHeld(self) -> None:
        """
        The end of a request that is held is held too, and follows it.
        """
        proxy, client, backend = self.pair("hang")
        client.sendall(b"asked")
        client.shutdown(socket.SHUT_WR)
        backend.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            backend.recv(1)
        backend.settimeout(PATIENCE)
        self.client(proxy).set_behavior("dummy")
        self.assertEqual(readAll(backend), b"asked")
        backend.sendall(b"answered")
        backend.close()
        self.assertEqual(readAll(client), b"answered")


def answer(side: socket.socket, data: bytes) -> None:
    """
    Send it and close.
    """
    side.sendall(data)
    side.close()


class ResetTests(ChildCase):
    """
    A reset is a reset at the other end, not an end of the stream.
    """

    def test_both(self) -> None:
        """
        Whichever side resets, the other reads ECONNRESET.
        """
        for behavior in ("dummy", "delay"):
            options = ["--behavior-delay-sleep", "0.01"]
            for first, client, backend in self.sides(behavior, options=options):
                one, other = (client, backend) if first == "client" else (backend, client)
                client.sendall(b"ask")
                self.assertEqual(backend.recv(10), b"ask")
                reset(one)
                with self.assertRaises(ConnectionResetError, msg=f"{behavior}, {first}"):
                    other.recv(1)

    def test_abort(self) -> None:
        """
        C{abort} resets both ends where the reply would begin, whatever was set before.
        """
        proxy, client, backend = self.pair("dummy")
        client.sendall(b"ask")
        self.assertEqual(backend.recv(10), b"ask")
        backend.sendall(b"first")
        self.assertEqual(client.recv(10), b"first")
        self.client(proxy).set_behavior("abort")
        client.sendall(b"again")
        self.assertEqual(backend.recv(10), b"again")
        backend.sendall(b"second")
        for side in (client, backend):
            with self.assertRaises(ConnectionResetError):
                side.recv(10)

    def test_whileHeld(self) -> None:
        """
        A client that resets while its request is held takes the backend's side with it.
        """
        _, client, backend = self.pair("hang")
        client.sendall(b"ask")
        reset(client)
        with self.assertRaises(ConnectionResetError):
            backend.recv(1)


class FullTests(ChildCase):
    """
    Peers that do not read hold up neither control nor memory.
    """

    def test_controlWhileHanging(self) -> None:
        """
        C{GET /behavior} is answered while 500 clients with full buffers hang.
        """
        allowFiles(2048)
        listening = self.listen()
        proxy = self.child(port(listening), "hang")
        clients = [self._full(proxy.proxy_port) for _ in range(500)]
        times = []
        for _ in range(50):
            began = time.monotonic()
            asking = http.client.HTTPConnection("127.0.0.1", proxy.http_port, timeout=PATIENCE)
            asking.request("GET", "/behavior")
            answer = asking.getresponse().read()
            asking.close()
            times.append(time.monotonic() - began)
            self.assertIn(b'"hang"', answer)
        # The first comes while the last of the clients are still being accepted.
        report("first GET /behavior beside 500 clients", times[:1])
        report("GET /behavior while 500 clients hang", times[1:])
        self.assertLess(max(times), BOUND)
        began = time.monotonic()
        self.client(proxy).set_behavior("blackout")
        taken = time.monotonic() - began
        report("PUT /behavior then", [taken])
        self.assertLess(taken, BOUND)
        self.assertEqual(len(clients), 500)

    def test_controlWhileBackendsAreDeaf(self) -> None:
        """
        Behaviors can be changed, and the proxy ended, while no backend ever reads.
        """
        listening = self.listen()
        proxy = self.child(port(listening), "dummy")
        for _ in range(50):
            self._full(proxy.proxy_port)
        control = self.client(proxy)
        times = []
        for name in ("delay", "hang", "error", "abort", "dummy") * 4:
            began = time.monotonic()
            control.set_behavior(name)
            self.assertEqual(control.get_behavior(), name)
            times.append(time.monotonic() - began)
        report("PUT and GET /behavior while 50 backends are deaf", times)
        self.assertLess(max(times), BOUND)

    def test_memory(self) -> None:
        """
        200 MB for a client that does not read stay where they come from, and are all
        there when it does.
        """
        for behavior in ("dummy", "delay"):
            options = ["--behavior-delay-sleep", "0", "--behavior-delay-before", "false"]
            proxy, client, backend = self.pair(behavior, options=options)
            client.sendall(b"ask")
            self.assertEqual(backend.recv(10), b"ask")
            before = memory(proxy)
            sent = [0]

            def flood(to: socket.socket = backend, sent: list[int] = sent) -> None:
                for _ in range(200):
                    to.sendall(bytes(10**6))
                    sent[0] += 1
                to.close()

            flooding = Parallel(flood)
            self._stalled(sent)
            grown = memory(proxy) - before
            self.assertLess(sent[0], 200)
            note(f"memory under a flood, {behavior}: {grown / MEGABYTE:.1f} MiB more")
            self.assertLess(grown, 20 * MEGABYTE)
            count = 0
            while data := client.recv(MEGABYTE):
                count += len(data)
            flooding.result()
            self.assertEqual(count, 200 * 10**6)
            self.assertLess(memory(proxy) - before, 20 * MEGABYTE)

    def test_memoryWhileHeld(self) -> None:
        """
        A client that sends and sends while its request is held is made to wait.
        """
        proxy, client, _ = self.pair("hang")
        before = memory(proxy)
        sent = [0]

        def flood() -> None:
            for _ in range(200):
                client.sendall(bytes(10**6))
                sent[0] += 1

        flooding = Parallel(flood)
        self._stalled(sent)
        self.assertLess(sent[0], 200)
        self.assertLess(memory(proxy) - before, 20 * MEGABYTE)
        self.client(proxy).set_behavior("abort")
        hangUp(client)
        with self.assertRaises(OSError):
            flooding.result()

    def _full(self, where: int) -> socket.socket:
        """
        A client that has sent all that anyone takes.
        """
        client = self.opened.enter_context(socket.socket())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", where))
        client.setblocking(False)
        try:
            while True:
                client.send(bytes(65536))
        except BlockingIOError:
            return client

    def _stalled(self, sent: list[int]) -> None:
        """
        Wait until nothing more was sent for a while.
        """
        last = [-1, time.monotonic()]

        def still() -> bool:
            if sent[0] != last[0]:
                last[:] = [sent[0], time.monotonic()]
            return time.monotonic() - last[1] > 0.5

        poll(still, PATIENCE, "the flood")
