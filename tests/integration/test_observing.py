"""
Metrics and event streams of a Vaurien in a process of its own.
"""

from __future__ import annotations

import http.client
import json
import re
import selectors
import socket
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tests.integration.children import PATIENCE, ChildCase, Parallel
from tests.integration.servers import find, missing, newFolder, poll, redis, start
from tests.integration.support import run
from tests.ports import freePort
from vaurien_twisted.client.launcher import ProxyProcess

#: How many read the events, and how many requests are made meanwhile: half of them are
#: told of, fewer than the journal keeps for those who are slow.
READERS, REQUESTS = 100, 15_000

#: How much the proxy's memory may grow over that, in bytes; journals and buffers are less.
GROWTH = 150 * 2**20


def ask(proxy: ProxyProcess, path: str) -> str:
    """
    What the control service answers.
    """
    with urllib.request.urlopen(f"{proxy.http_url}{path}", timeout=PATIENCE) as answer:
        text: str = answer.read().decode()
    return text


def value(metrics: str, name: str, **labels: str) -> float:
    """
    The one sample of that name and these labels.
    """
    found = [
        line.rpartition(" ")[2]
        for line in metrics.splitlines()
        if line.startswith(f"{name}{{") and all(f'{k}="{v}"' in line for k, v in labels.items())
    ]
    [only] = found
    return float(only)


class MetricsTests(ChildCase):
    """
    C{/metrics} for Prometheus.
    """

    skip = missing("promtool", "prometheus")

    def talk(self, **more: Any) -> tuple[ProxyProcess, int, int]:
        """
        A client and a backend exchange bytes; how many each sent.
        """
        proxy, client, backend = self.pair(**more)
        sent = received = 0
        for size in (1, 1000, 70_000):
            client.sendall(b"q" * size)
            backend.sendall(b"a" * (3 * size))
            for connection, wanted in ((backend, size), (client, 3 * size)):
                while wanted:
                    wanted -= len(connection.recv(wanted))
            sent, received = sent + size, received + 3 * size
        return proxy, sent, received

    def assertSums(self, proxy: ProxyProcess, sent: int, received: int) -> str:
        """
        The byte counters are what the client sent and got.
        """
        metrics = ask(proxy, "/metrics")
        for kind, direction, count in (
            ("received", "upstream", sent),
            ("sent", "upstream", sent),
            ("received", "downstream", received),
            ("sent", "downstream", received),
        ):
            name = f"toxiproxy_proxy_{kind}_bytes_total"
            self.assertEqual(value(metrics, name, direction=direction), count, (kind, direction))
        return metrics

    def test_toTheByte(self) -> None:
        """
        On the shortest way, while the connection is open.
        """
        self.assertSums(*self.talk())

    def test_framed(self) -> None:
        """
        The same where each turn is decided; what was kept back is in the histogram.
        """
        options = ["--behavior-delay-sleep", "0.01"]
        metrics = self.assertSums(*self.talk(behavior="delay", options=options))
        self.assertGreaterEqual(value(metrics, "vaurien_added_delay_seconds_count"), 3)
        self.assertGreaterEqual(value(metrics, "vaurien_added_delay_seconds_sum"), 0.03)
        self.assertGreaterEqual(value(metrics, "vaurien_faults_total", behavior="delay"), 3)

    def test_otherTransports(self) -> None:
        """
        The same by Twisted's own TCP, whose transports do not count.
        """
        listening = self.listen()
        backend = f"tcp:127.0.0.1:{listening.getsockname()[1]}"
        proxy = self.child(1, options=["--backend", backend])
        client = self.connect(proxy.proxy_port)
        accepted = self.accept(listening)
        client.sendall(b"question")
        self.assertEqual(accepted.recv(8), b"question")
        accepted.sendall(b"the answer")
        self.assertEqual(client.recv(10), b"the answer")
        self.assertSums(proxy, 8, 10)

    def test_promtool(self) -> None:
        """
        Prometheus' own checker has nothing to say against it.
        """
        proxy, _, _ = self.talk(behavior="delay", options=["--behavior-delay-sleep", "0"])
        # The second time requests have been counted, too.
        ask(proxy, "/metrics")
        checked = run("promtool", "check", "metrics", said=ask(proxy, "/metrics"))
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))

    def test_prometheus(self) -> None:
        """
        A real server scrapes it, and has the same sums.
        """
        proxy, sent, received = self.talk()
        folder, place = newFolder("prometheus"), freePort()
        target = urlsplit(str(proxy.http_url)).netloc
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s}\n"
            f"scrape_configs: [{{job_name: v, static_configs: [{{targets: ['{target}']}}]}}]\n"
        )
        server = start(
            [
                find("prometheus") or "prometheus",
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{place}",
            ],
            place,
            folder,
            lambda: query(place, "/-/ready") != "",
        )
        self.addCleanup(server.stop)

        def scraped(name: str, direction: str) -> float:
            asked = quote(f'{name}{{direction="{direction}"}}')
            answer = query(place, f"/api/v1/query?query={asked}")
            found = json.loads(answer)["data"]["result"] if answer else []
            return float(found[0]["value"][1]) if found else -1.0

        for name, direction, count in (
            ("toxiproxy_proxy_received_bytes_total", "upstream", sent),
            ("toxiproxy_proxy_sent_bytes_total", "downstream", received),
        ):
            poll(lambda n=name, d=direction: scraped(n, d) >= 0, PATIENCE, name)
            self.assertEqual(scraped(name, direction), count)


def query(port: int, path: str) -> str:
    """
    What a server on this machine answers, C{""} while it does not.
    """
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
            text: str = answer.read().decode()
            return text
    except (OSError, http.client.HTTPException):
        return ""


class Reading:
    """
    Many who read the events at once.

    @ivar ids: what each has had, by its socket.
    """

    def __init__(self) -> None:
        self.ids: dict[socket.socket, list[int]] = {}
        self._rest: dict[socket.socket, bytes] = {}
        self._selector = selectors.DefaultSelector()
        self.enough = False

    def add(self, reader: socket.socket) -> None:
        """
        One more.
        """
        reader.setblocking(False)
        self.ids[reader], self._rest[reader] = [], b""
        self._selector.register(reader, selectors.EVENT_READ)

    def read(self) -> None:
        """
        Read until it is enough.
        """
        while not self.enough:
            for key, _ in self._selector.select(0.1):
                reader: Any = key.fileobj
                data = reader.recv(262_144)
                if not data:
                    self._selector.unregister(reader)
                *lines, self._rest[reader] = (self._rest[reader] + data).split(b"\n")
                self.ids[reader] += [int(line[4:]) for line in lines if line[:4] == b"id: "]


class EventTests(ChildCase):
    """
    C{/events} under load.
    """

    skip = missing("redis-server", "redis-benchmark")

    def reader(self, proxy: ProxyProcess) -> socket.socket:
        """
        One who has asked for the events, and was answered.
        """
        connection = self.connect(int(str(proxy.http_url).rpartition(":")[2]))
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        heard = b""
        while b"\n:\n\n" not in heard:
            heard += connection.recv(4096)
        return connection

    def test_hundredReaders(self) -> None:
        """
        While one takes nothing the others miss nothing, the proxy's memory is bounded, and
        control answers.
        """
        proxy = self.child(redis().port, protocol="redis")
        self.client(proxy).set_rules(
            [{"behavior": "delay", "options": {"sleep": 0}, "percent": 50}]
        )
        begun = json.loads(ask(proxy, "/state"))["journal"]["last"]
        reading = Reading()
        stalled = self.reader(proxy)
        for _ in range(READERS - 1):
            reading.add(self.reader(proxy))
        before = memory(proxy)
        others = Parallel(reading.read)
        words = ["-p", str(proxy.proxy_port), "-t", "get", "-n", str(REQUESTS), "-c", "20", "-q"]
        self.assertEqual(run("redis-benchmark", *words).returncode, 0)
        last = json.loads(ask(proxy, "/state"))["journal"]["last"]
        self.assertGreater(last, REQUESTS / 3)
        poll(
            lambda: all(ids[-1:] == [last] for ids in reading.ids.values()), PATIENCE, "the events"
        )
        reading.enough = True
        others.join(PATIENCE)
        whole = list(range(begun + 1, last + 1))
        self.assertTrue(all(ids == whole for ids in reading.ids.values()))
        self.assertLess(memory(proxy) - before, GROWTH)
        stalled.close()


def memory(proxy: ProxyProcess) -> int:
    """
    How much of it is in memory, in bytes (proc_pid_status(5)).
    """
    status = Path(f"/proc/{int(proxy)}/status").read_text()
    [kilobytes] = re.findall(r"VmRSS:\s+(\d+) kB", status)
    return int(kilobytes) * 1024
