"""
Stream behaviors that end connections or change what arrives, between real sockets.
"""

from __future__ import annotations

import hashlib
import os
import select
import socket
import time
from collections.abc import Iterable
from contextlib import nullcontext
from functools import partial
from typing import Any

from tests.integration.children import PATIENCE, Parallel, note, port, readAll, report
from tests.integration.staged import MEGABYTE, StagedCase, flood

#: A delay that nobody lives to see, in milliseconds.
DAY = 86_400_000

#: How often to try what shows only if this thread runs in time.
TRIES = 5

#: How much goes each way while plans are switched, in bytes, and how often that is.
AMOUNT, SWITCHES = 20 * 10**6, 1000


def rule(behavior: str, name: str = "", **options: Any) -> dict[str, Any]:
    """
    One stream rule.
    """
    return {"behavior": behavior, "name": name, "options": options}


def send(side: socket.socket, parts: Iterable[bytes]) -> str:
    """
    Send all, then end; the hash of it.
    """
    told = hashlib.sha256()
    for part in parts:
        told.update(part)
        side.sendall(part)
    side.shutdown(socket.SHUT_WR)
    return told.hexdigest()


def receive(side: socket.socket) -> str:
    """
    The hash of all up to the end.
    """
    heard = hashlib.sha256()
    while data := side.recv(MEGABYTE):
        heard.update(data)
    return heard.hexdigest()


class EndTests(StagedCase):
    """
    Connections that end otherwise.
    """

    def test_pitfall3_resetPeer(self) -> None:
        """
        A reset is ECONNRESET at both ends, at once or after the timeout, and only where
        something was sent.
        """
        for timeout in (0, 300):
            _, client, backend = self.addresses("reset_peer", timeout=timeout)
            client.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                client.recv(1)
            client.settimeout(PATIENCE)
            began = time.monotonic()
            client.sendall(b"something")
            self.assertReset(client)
            took = time.monotonic() - began
            self.assertReset(backend)
            report(f"a reset after {timeout} ms", [took])
            self.assertGreaterEqual(took, timeout / 1000)

    def test_pitfall2_noShare(self) -> None:
        """
        A reset for 0 percent resets nobody, not even a close.
        """
        control, client, backend = self.addresses()
        control.set_rules([{**rule("reset_peer"), "percent": 0}])
        client.sendall(b"ask")
        self.assertEqual(backend.recv(10), b"ask")
        backend.sendall(b"answer")
        backend.close()
        self.assertEqual(readAll(client), b"answer")

    def test_limitData(self) -> None:
        """
        So many bytes arrive, and then the end.
        """
        _, client, backend = self.addresses("limit_data", bytes=100_000, direction="downstream")
        sending = Parallel(partial(flood, backend))
        self.assertEqual(len(readAll(client)), 100_000)
        sending.result()

    def test_timeout(self) -> None:
        """
        Nothing arrives, and then the end; without a timeout when it is lifted.
        """
        _, client, backend = self.addresses("timeout", timeout=400)
        began = time.monotonic()
        backend.sendall(b"lost")
        self.assertEqual(readAll(client), b"")
        self.assertGreater(time.monotonic() - began, 0.3)
        control, client, backend = self.addresses("timeout")
        backend.sendall(b"lost")
        client.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            client.recv(1)
        client.settimeout(PATIENCE)
        control.set_behavior("dummy")
        self.assertEqual((readAll(client), readAll(backend)), (b"", b""))

    def test_slowClose(self) -> None:
        """
        Bytes arrive at once, the end later.
        """
        for delay, comes in ((500, True), (DAY, False)):
            _, client, backend = self.addresses("slow_close", delay=delay, direction="downstream")
            began = time.monotonic()
            backend.sendall(b"all")
            backend.close()
            self.assertEqual(client.recv(10), b"all")
            if comes:
                self.assertEqual(client.recv(10), b"")
                self.assertGreaterEqual(time.monotonic() - began, 0.5)
            else:
                client.settimeout(0.3)
                with self.assertRaises(TimeoutError):
                    client.recv(10)

    def test_lifetime(self) -> None:
        """
        A connection is reset, or closed, at its age though it is busy.
        """
        listening = self.listen()
        proxy = self.child(port(listening))
        for how in (True, False):
            self.client(proxy).set_behavior("lifetime", seconds=0.5, reset=how)
            began = time.monotonic()
            client = self.connect(proxy.proxy_port)
            sending = Parallel(partial(flood, self.accept(listening)))
            with self.assertRaises(ConnectionResetError) if how else nullcontext():
                while client.recv(MEGABYTE):
                    pass
            self.assertGreaterEqual(time.monotonic() - began, 0.5)
            sending.result()

    def test_slowOpen(self) -> None:
        """
        A new connection carries nothing at first, one that is older carries on.
        """
        listening = self.listen()
        proxy = self.child(port(listening))
        old = self.connect(proxy.proxy_port), self.accept(listening)
        time.sleep(0.6)
        self.client(proxy).set_behavior("slow_open", delay=500)
        for _ in range(TRIES):
            began = time.monotonic()
            new = self.connect(proxy.proxy_port), self.accept(listening)
            for client, _ in (new, old):
                client.sendall(b"hello")
            first = select.select([old[1], new[1]], [], [], PATIENCE)[0]
            for _, backend in (old, new):
                self.assertEqual(backend.recv(10), b"hello")
            self.assertGreaterEqual(time.monotonic() - began, 0.5)
            if first == [old[1]]:
                break
        else:
            self.fail("the old connection waited for the new one")

    def test_pitfall6_down(self) -> None:
        """
        A service that is down resets its connections and refuses new ones, one that
        refuses keeps those it has.
        """
        for behavior in ("down", "refuse"):
            control, client, backend = self.addresses(behavior)
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.proxy.proxy_port), 5)
            if behavior == "down":
                self.assertReset(client)
                self.assertReset(backend)
            else:
                client.sendall(b"still")
                self.assertEqual(backend.recv(10), b"still")
            control.set_behavior("dummy")
            self.connect(self.proxy.proxy_port)


class StreamTests(StagedCase):
    """
    What arrives.
    """

    def test_slicer(self) -> None:
        """
        Slices arrive one by one, not joined by a transport on the way.
        """
        _, client, backend = self.addresses(
            "slicer", average_size=100, size_variation=20, delay=5000, direction="downstream"
        )
        most = 0
        for _ in range(TRIES):
            backend.sendall(bytes(4000))
            sizes: list[int] = []
            while sum(sizes) < 4000:
                sizes.append(len(client.recv(MEGABYTE)))
            note(f"slices of 100 bytes, 5 ms apart: {sizes}")
            most = max(most, len(sizes))
            if most > 20:
                break
        self.assertGreater(most, 20)

    def test_corrupt(self) -> None:
        """
        About as many bytes are wrong as was asked for, by a bit each, and none is missing.
        """
        _, client, backend = self.addresses("corrupt", rate=0.01, direction="downstream")
        sending = Parallel(partial(send, backend, [bytes(MEGABYTE)]))
        data = readAll(client)
        sending.result()
        wrong = [byte for byte in data if byte]
        self.assertEqual(len(data), MEGABYTE)
        self.assertTrue(0.009 < len(wrong) / MEGABYTE < 0.011, len(wrong))
        self.assertTrue(all(byte.bit_count() == 1 for byte in wrong))

    def test_loss(self) -> None:
        """
        No byte is missing, but it takes longer.
        """
        _, client, backend = self.addresses("loss", p=0.2, rto=20, direction="downstream")
        block = os.urandom(200_000)
        began = time.monotonic()
        sending = Parallel(partial(send, backend, [block]))
        self.assertEqual(readAll(client), block)
        sending.result()
        self.assertGreater(time.monotonic() - began, 0.03)

    def test_switching(self) -> None:
        """
        Many megabytes each way have their hash after a thousand changes of the stages
        they pass through.
        """
        control, client, backend = self.addresses()
        slow = rule("latency", "slow", latency=3, jitter=3)
        line = rule("bandwidth", "line", rate=50_000)
        cut = rule("slicer", "cut", average_size=20_000, size_variation=5_000)
        loss = rule("loss", "loss", p=0.001, rto=1)
        plans = [
            [slow],
            [slow, line, cut],
            [rule("latency", "slow", latency=1), cut],
            [],
            [cut, slow, line],
            [rule("bandwidth", "line", rate=20_000, shared=True)],
            [loss, {"behavior": "delay", "options": {"sleep": 0.001}}],
        ]
        running = [True]

        def parts() -> Iterable[bytes]:
            block, number = os.urandom(65536), 0
            while running[0] or number * 65536 < AMOUNT:
                yield block[number % 65536 :] + block[: number % 65536]
                number += 1

        sending = [Parallel(partial(send, side, parts())) for side in (client, backend)]
        hearing = [Parallel(partial(receive, side)) for side in (backend, client)]
        began = time.monotonic()
        for number in range(SWITCHES):
            control.set_rules(plans[number % len(plans)])
        control.set_rules([])
        running[0] = False
        told = [each.result() for each in sending]
        self.assertEqual([each.result() for each in hearing], told)
        report("1000 switches of stages under load", [time.monotonic() - began])

    def test_halfClose(self) -> None:
        """
        Through stages, too, a side that has said all still hears the reply.
        """
        listening = self.listen()
        self.proxy = self.child(port(listening))
        control = self.client(self.proxy)
        for behavior, options in (
            ("latency", {"latency": 50}),
            ("bandwidth", {"rate": 100_000}),
            ("slicer", {"average_size": 10_000}),
            ("slow_close", {"delay": 100}),
        ):
            control.set_behavior(behavior, **options)
            client = self.connect(self.proxy.proxy_port)
            backend = self.accept(listening)
            reply = os.urandom(MEGABYTE)
            client.sendall(b"that is all")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(readAll(backend), b"that is all", behavior)
            answering = Parallel(partial(send, backend, [reply]))
            self.assertEqual(readAll(client), reply, behavior)
            answering.result()
