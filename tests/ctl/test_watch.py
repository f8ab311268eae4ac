"""
Tests for C{vaurienctl watch}.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.control.support import listening
from tests.ctl.test_main import Shown
from tests.ports import freePort
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import ClientError, RequestRefused, Unreachable
from vaurien_twisted.ctl import watch as ctl_watch


class Scripted(Client):
    """
    A client to which streams are given: lines, and how each ends.
    """

    def __init__(self, *streams: Any) -> None:
        super().__init__()
        self.streams = list(streams)
        self.asked: list[tuple[str, int | None]] = []

    def stream(self, path: str, last: int | None = None) -> Iterator[str]:
        """
        The next one.
        """
        self.asked.append((path, last))
        if not self.streams:
            raise KeyboardInterrupt
        for line in self.streams.pop(0):
            if isinstance(line, Exception):
                raise line
            yield line


def event(number: int) -> list[str]:
    """
    The lines of an event.
    """
    entry = {"id": number, "kind": "decision", "proxy": "proxy", "connection": 1, "time": 0}
    return [f"id: {number}", "event: decision", f"data: {json.dumps(entry)}", ""]


class FollowTests(SynchronousTestCase):
    """
    L{ctl_watch.follow}.
    """

    def setUp(self) -> None:
        """
        Waiting takes no time.
        """
        self.patch(ctl_watch, "AGAIN", 0.0)

    def follow(self, client: Scripted, **more: Any) -> list[int]:
        """
        The ids of all entries, until there are no more streams.
        """
        ids = []
        try:
            for entry in ctl_watch.follow(client, **more):
                ids.append(entry["id"])
        except KeyboardInterrupt:
            pass
        return ids

    def test_resumes(self) -> None:
        """
        A stream that ends or breaks is requested again after the last entry.
        """
        broken = [*event(3), Unreachable("there", "gone")]
        client = Scripted([":", "", *event(1), *event(2)], broken, event(4))
        self.assertEqual(self.follow(client), [1, 2, 3, 4])
        self.assertEqual([last for _, last in client.asked], [None, 2, 3, 4])

    def test_since(self) -> None:
        """
        It begins at the given id, with the given proxy.
        """
        client = Scripted(event(8))
        self.follow(client, since=7, proxy="a/b")
        self.assertEqual(client.asked[0], ("/events?proxy=a%2Fb", 7))

    def test_nobodyThere(self) -> None:
        """
        At first nothing is tried again; later not for ever.
        """
        gone = [Unreachable("there", "gone")]
        self.assertRaises(Unreachable, self.follow, Scripted(gone))
        client = Scripted(event(1), *[gone] * 50)
        self.assertRaises(Unreachable, self.follow, client)
        self.assertEqual(len(client.asked), 1 + ctl_watch.TRIES + 1)

    def test_refused(self) -> None:
        """
        A refusal is final.
        """
        client = Scripted(event(1), [RequestRefused(404, "no such proxy", "proxy", "path")])
        self.assertRaises(RequestRefused, self.follow, client)

    def test_stranger(self) -> None:
        """
        An event of another server is distinguished from silence.
        """
        for data in ("data: [1]", "data: {"):
            self.assertRaises(ClientError, self.follow, Scripted([data]))


class WatchTests(Shown):
    """
    The output.
    """

    def watch(self, *words: str, streams: Any) -> list[str]:
        """
        The lines that are printed until Ctrl-C.
        """
        client = Scripted(*streams)
        self.patch(ctl_watch, "AGAIN", 0.0)
        self.patch(
            __import__("vaurien_twisted.ctl.main", fromlist=["ctl"]), "_client", lambda _: client
        )
        status, out, err = self.run_("watch", *words)
        self.assertEqual((status, err), (0, ""))
        self.asked = client.asked
        return out.splitlines()

    def test_lines(self) -> None:
        """
        A line for each entry, in which nothing can drive the terminal.
        """
        entry = {
            "id": 5,
            "kind": "decision",
            "proxy": "proxy",
            "connection": 2,
            "exchange": 3,
            "time": 0,
            "description": "GET /\x1b[2J",
            "rule": "100:hang",
            "effect": "hold",
            "reason": "always",
        }
        [line] = self.watch(streams=[[f"data: {json.dumps(entry)}"]])
        self.assertRegex(line, r"\A\d\d:\d\d:\d\d  5  \w+ connection 2 exchange 3: GET /\\x1b")
        self.assertTrue(line.endswith(": 100:hang: left without an answer (always)"), line)

    def test_json(self) -> None:
        """
        As JSON, the entry itself.
        """
        lines = self.watch("--json", "--since", "0", streams=[event(1), event(2)])
        self.assertEqual([json.loads(line)["id"] for line in lines], [1, 2])
        self.assertEqual(self.asked[0], ("/events", 0))

    def test_missed(self) -> None:
        """
        The number of dropped entries is printed.
        """
        lines = ["event: missed", 'data: {"count":3}', "", *event(9)]
        first, second = self.watch(streams=[lines])
        self.assertIn("3 entries before these are forgotten", first)
        self.assertIn("9  proxy connection 1", second)


class ServiceTests(TestCase):
    """
    Against a real control service.
    """

    timeout = 120

    async def test_follows(self) -> None:
        """
        What happened and what happens, as it happens.
        """
        from twisted.internet import reactor

        proxy, service = await listening(self)
        proxy.journal.record("decision", "proxy", 1, effect="hang")
        entries = ctl_watch.follow(Client(url=f"http://{service.address}"), since=0)

        def read() -> list[int]:
            return [entry["id"] for entry in islice(entries, 1)]

        self.assertEqual(await deferToThread(read), [1])
        proxy.journal.record("decision", "proxy", 1, effect="hang")
        reading = deferToThread(read)
        while not reading.called:
            proxy.reactor.advance(1)
            await deferLater(reactor, 0.01)
        self.assertEqual(await reading, [2])
        await deferToThread(entries.close)

    async def test_refusedAndNobody(self) -> None:
        """
        A proxy that is not there, and a service that is not.
        """
        _, service = await listening(self)
        client = Client(url=f"http://{service.address}")

        def first(of: Client, name: str = "") -> Any:
            return list(islice(ctl_watch.follow(of, name), 1))

        error = await self.assertFailure(deferToThread(first, client, "x"), RequestRefused)
        self.assertIn("no proxy 'x'", error.description)
        nobody = Client(port=freePort())
        await self.assertFailure(deferToThread(first, nobody), Unreachable)
