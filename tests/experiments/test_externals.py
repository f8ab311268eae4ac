"""
Tests for L{vaurien_twisted.experiments.externals}, with real commands.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorProcess
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import TestCase

from vaurien_twisted.experiments.conditions import Command, Probe, PromQL, Request
from vaurien_twisted.experiments.document import Load
from vaurien_twisted.experiments.externals import Externals, LoadCommand, start


class Answers:
    """
    Answers each request alike.
    """

    def __init__(self, status: int, body: bytes) -> None:
        self.answer = status, body
        self.asked: list[str] = []

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> tuple[int, bytes]:
        self.asked.append(f"{method} {url}")
        return self.answer


class StillReactor(Clock):
    """
    Starts real processes; its time passes only when a test advances it.
    """

    def __init__(self, reactor: IReactorProcess) -> None:
        super().__init__()
        self.spawnProcess = reactor.spawnProcess


def around(status: int = 200, body: bytes = b"") -> Externals:
    """
    Externals whose requests are answered so.
    """
    from twisted.internet import reactor

    return Externals(reactor, Answers(status, body), lambda condition: succeed(True))


def alive(pid: int) -> bool:
    """
    Whether a process runs; one that has ended counts as gone before its parent knows.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


class CommandTests(TestCase):
    """
    Commands of steps and conditions.
    """

    async def until(self, ready: Callable[[], bool]) -> None:
        """
        Wait until C{ready} returns true; the test's timeout ends the wait otherwise.
        """
        from twisted.internet import reactor

        while not ready():
            await deferLater(reactor, 0.01)

    async def test_status(self) -> None:
        """
        The status and the output of a command, given as text or as words.
        """
        self.assertEqual(await around().run("echo out; echo err >&2; exit 3", 30), (3, "out\nerr"))
        self.assertEqual(await around().run(("echo", "a  b"), 30), (0, "a  b"))
        self.assertNotEqual((await around().run(("/no/such/command",), 30))[0], 0)

    async def test_late(self) -> None:
        """
        A command that takes too long is killed with its children.
        """
        from twisted.internet import reactor

        clock = StillReactor(reactor)
        externals = Externals(clock, Answers(200, b""), lambda condition: succeed(True))
        mark = Path(self.mktemp()).absolute()
        running = Deferred.fromCoroutine(
            externals.run(f"sleep 600 & echo $! | tee {mark}; wait", 30)
        )
        await self.until(lambda: mark.exists() and mark.read_text().endswith("\n"))
        clock.advance(30)
        status, _ = await running
        self.assertEqual(status, -signal.SIGKILL)
        sleeping = int(mark.read_text())
        await self.until(lambda: not alive(sleeping))

    async def test_check(self) -> None:
        """
        A condition holds by its status.
        """
        command = Command(command="exit 2", status=(2,))
        self.assertEqual(await around().check(command), (True, "status 2"))
        self.assertFalse((await around().check(Command(command="exit 1")))[0])

    async def test_load(self) -> None:
        """
        A load is ended with its children; one that has ended by itself is judged by its status.
        """
        from twisted.internet import reactor

        load = LoadCommand(reactor)
        load.start(Load(command="sleep 600 & sleep 600"))
        found = await load.stop()
        self.assertEqual((found["status"], found["good"]), (-signal.SIGTERM, True))
        mark = Path(self.mktemp())
        load.start(Load(command=f"trap '' TERM; touch {mark}; sleep 600; sleep 600", grace=0.2))
        await self.until(mark.exists)
        self.assertEqual((await load.stop())["status"], -signal.SIGKILL)
        load.start(Load(command="exit 4", stop="wait", grace=30.0))
        self.assertFalse((await load.stop())["good"])

    async def test_output(self) -> None:
        """
        Of long output the end is kept.
        """
        from twisted.internet import reactor

        child = start(reactor, "head -c 300000 /dev/zero | tr '\\0' x; echo end")
        self.assertEqual(await child.whenEnded(), 0)
        self.assertLess(len(child.output), 70000)
        self.assertTrue(child.output.endswith("xend\n"))


class RequestTests(TestCase):
    """
    Probes and queries.
    """

    async def test_probe(self) -> None:
        """
        A response is good by its status and its body.
        """
        request = Request(url="http://x/", contains="well")
        self.assertEqual(await around(200, b"all well").call(request), "")
        self.assertEqual(await around(503).call(request), "status 503")
        self.assertIn("no 'well'", await around(200, b"bad").call(request))
        good, detail = await around(500).check(Probe(probe=request))
        self.assertEqual((good, detail), (False, "status 500"))

    async def query(self, result: Any, **bounds: float) -> tuple[bool, str]:
        """
        Ask a Prometheus server that has this result.
        """
        data = {"resultType": "vector", "result": result}
        body = json.dumps({"status": "success", "data": data}).encode()
        return await around(200, body).check(PromQL(promql="up", **bounds))

    async def test_promql(self) -> None:
        """
        A number within bounds is good; no number, or several, are not.
        """
        value = [{"value": [0, "1.5"]}]
        self.assertEqual(await self.query(value, above=1, below=2), (True, "1.5"))
        self.assertEqual(await self.query(value, below=1), (False, "1.5"))
        self.assertFalse((await self.query([]))[0])
        self.assertFalse((await self.query(value * 2))[0])
        self.assertFalse((await self.query([{"value": [0, "NaN"]}]))[0])
        good, detail = await around(200, b"<html>").check(PromQL(promql="up"))
        self.assertFalse(good)
        self.assertTrue(detail)
