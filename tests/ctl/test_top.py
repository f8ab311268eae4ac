"""
Tests for C{vaurienctl top}.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pty
import sys
import time
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.control.watched import watched
from tests.ctl.test_main import Shown, Terminal
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import understand
from vaurien_twisted.ctl import main as ctl
from vaurien_twisted.ctl import top as ctl_top


class Asking(Client):
    """
    A client of APIs in memory.
    """

    def __init__(self, asker: Any) -> None:
        super().__init__()
        self._asker = asker

    def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """
        Ask them.
        """
        answer = self._asker.ask(method, path, body)
        return understand(self.url, answer.status, answer.body)


class TopTests(Shown):
    """
    The screen.
    """

    def setUp(self) -> None:
        """
        A proxy with two clients, of which one waits.
        """
        rule = {"behavior": "hang", "when": {"command": "GET"}, "percent": 50.5, "name": "half"}
        self.seen, self.asker = watched(rule)
        self.clients = [self.seen.connect() for _ in range(2)]
        self.client = Asking(self.asker)
        self.patch(ctl, "_client", lambda _: self.client)
        self.patch(time, "time", self.seen.clock.seconds)

    def hang(self) -> None:
        """
        The first client sends requests until it must wait.
        """
        while self.clients[0].ask(b"GET \x1b[2J\n"):
            self.clients[0].answer(b"value\n")

    def test_once(self) -> None:
        """
        Without a terminal it is printed once, with sums.
        """
        self.hang()
        self.seen.clock.advance(5)
        status, out, err = self.run_("top")
        self.assertEqual((status, err), (0, ""))
        head, _, titles, proxy, _, _, first, second = out.splitlines()
        self.assertRegex(head, r"\Avaurien \S+, seed 7\Z")
        self.assertIn("FROM CLIENT  TO CLIENT", titles)
        self.assertRegex(proxy, r"\Aproxy +lines +localhost:8000 +localhost:8888 +2 ")
        self.assertTrue(proxy.endswith("50.5:hang"), proxy)
        self.assertRegex(first, r"\Aproxy 1 +waiting +5 ")
        self.assertIn(r"GET \x1b[2J", first)
        self.assertIn("left without an answer: half: 50.5:hang", first)
        self.assertRegex(second, r"\Aproxy 2 +open +5 +1 +0 B +6 B +\S*\Z")

    def test_json(self) -> None:
        """
        As JSON, the answer of the service.
        """
        _, out, _ = self.run_("--json", "top")
        told = json.loads(out)
        self.assertEqual(told["proxies"][0]["open"], 2)
        self.assertEqual([each["id"] for each in told["connections"]], [1, 2])

    def test_oneProxy(self) -> None:
        """
        Of one proxy; of one that is not there nothing.
        """
        _, out, _ = self.run_("top", "--proxy", "proxy")
        self.assertIn("proxy 2", out)
        status, out, err = self.run_("top", "--proxy", "prox")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("did you mean 'proxy'?", err)

    def test_rates(self) -> None:
        """
        On the second look there are rates.
        """
        before, _ = ctl_top.look(self.client)
        self.clients[1].ask(b"SET a\nSET b\nSET c\n")
        state, connections = ctl_top.screen, ctl_top.look(self.client)
        lines = state(connections[0], connections[1], before, 2.0)
        self.assertIn("EXCHANGES/s", lines[2])
        [cells] = [line.split() for line in lines if line.startswith("proxy  ")]
        # Three exchanges and 18 bytes in two seconds.
        self.assertEqual(cells[5:12], ["2", "0", "-", "-", "-", "9", "B"])

    def test_percentiles(self) -> None:
        """
        Of the durations of all exchanges, then of those since the last look.
        """
        client = self.clients[1]

        def ask(seconds: float, times: int) -> None:
            for _ in range(times):
                client.ask(b"SET a\n")
                self.seen.clock.advance(seconds)
                client.answer(b"value\n")

        ask(0.002, 9)
        ask(1.5, 1)
        before = ctl_top.look(self.client)
        self.assertEqual(self.shown(ctl_top.screen(*before, None, 0.0)), "2 ms 1.5 s 1.5 s")
        ask(0.03, 5)
        lines = ctl_top.screen(*ctl_top.look(self.client), before[0], 1.0)
        self.assertEqual(self.shown(lines), "31 ms 31 ms 31 ms")

    def shown(self, lines: list[str]) -> str:
        """
        The percentiles.
        """
        titles, cells = lines[2], next(line for line in lines if line.startswith("proxy  "))
        at, end = titles.index("P50"), titles.index("FROM CLIENT")
        return " ".join(cells[at:end].split())

    def test_badWords(self) -> None:
        """
        An invalid interval.
        """
        for word in ("0", "x", "nan", "3601"):
            status, _, err = self.run_("top", "--interval", word)
            self.assertEqual(status, 2)
            self.assertIn("0.1 to 3600", err)

    def test_liveUntilQ(self) -> None:
        """
        On a terminal it is refreshed until q; the terminal is restored.
        """
        looks = []
        original = ctl_top.look

        def look(client: Any, proxy: str) -> Any:
            looks.append(proxy)
            if len(looks) == 3:
                os.write(master, b"xq")
            return original(client, proxy)

        self.patch(ctl_top, "look", look)
        master, slave = pty.openpty()
        try:
            with os.fdopen(slave, closefd=False) as keyboard:
                self.patch(sys, "stdin", keyboard)
                status, out, err = self.run_("top", "--interval", "0.1", terminal=True)
        finally:
            os.close(master)
            os.close(slave)
        self.assertEqual((status, err), (0, ""))
        self.assertGreaterEqual(len(looks), 4)
        self.assertTrue(out.startswith(ctl_top._ENTER))
        self.assertTrue(out.endswith(ctl_top._LEAVE))
        self.assertEqual(out.count("seed 7"), len(looks) - 1)

    def test_interrupted(self) -> None:
        """
        Ctrl-C ends it as well, also where there is no keyboard.
        """

        def interrupted(seconds: float) -> None:
            raise KeyboardInterrupt

        self.patch(time, "sleep", interrupted)
        self.patch(sys, "stdin", io.StringIO())
        status, out, err = self.run_("top", terminal=True)
        self.assertEqual((status, err), (0, ""))
        self.assertTrue(out.endswith(ctl_top._LEAVE))

    def test_narrow(self) -> None:
        """
        Lines are cut at the terminal's width, and their number is limited to its height.
        """
        self.patch(ctl_top.shutil, "get_terminal_size", lambda: os.terminal_size((20, 4)))
        out = Terminal()
        self.patch(sys, "stdout", out)
        parsed = argparse.Namespace(proxy="", interval=1.0)
        ctl_top._loop(self.client, parsed, lambda seconds: "q")
        shown = out.getvalue().removeprefix("\x1b[H").removesuffix("\x1b[J")
        lines = [line.removesuffix("\x1b[K") for line in shown.splitlines()]
        self.assertEqual(len(lines), 3)
        self.assertEqual(max(map(len, lines)), 20)

    def test_leftOut(self) -> None:
        """
        Where not all columns fit, those are kept that matter most.
        """
        state, connections = ctl_top.look(self.client)
        for columns in (90, 70, 60):
            lines = ctl_top.screen(state, connections, None, 0.0, columns)
            self.assertLessEqual(max(map(len, lines)), columns)
            self.assertIn("FAULTS", lines[2])
            self.assertTrue(lines[3].endswith("50.5:hang"), lines[3])
            self.assertIn("FAULT", lines[5])
        self.assertNotIn("UPSTREAM", lines[2])


class SpanTests(SynchronousTestCase):
    """
    L{ctl_top.span}.
    """

    def test_spans(self) -> None:
        """
        Two digits and a unit.
        """
        for seconds, told in (
            (0.0000123, "0.012 ms"),
            (0.00123, "1.2 ms"),
            (0.0123, "12 ms"),
            (0.123, "123 ms"),
            (1.23, "1.2 s"),
            (123.4, "123 s"),
        ):
            self.assertEqual(ctl_top.span(seconds), told)


class SizeTests(SynchronousTestCase):
    """
    L{ctl_top.size}.
    """

    def test_sizes(self) -> None:
        """
        Three digits and a unit.
        """
        for count, told in (
            (0, "0 B"),
            (999, "999 B"),
            (999.6, "1.0 kB"),
            (1500, "1.5 kB"),
            (99_960, "100 kB"),
            (123_456_789, "123 MB"),
            (5e12, "5.0 TB"),
            (5e15, "5000 TB"),
        ):
            self.assertEqual(ctl_top.size(count), told)
