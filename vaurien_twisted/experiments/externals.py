# -*- test-case-name: tests.experiments.test_externals -*-
"""
The actions of an experiment outside of Vaurien: commands, HTTP requests and Prometheus queries.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol
from urllib.parse import urlencode

import attrs
from twisted.internet.defer import Deferred, TimeoutError, succeed
from twisted.internet.error import ProcessDone
from twisted.internet.interfaces import (
    IReactorCore,
    IReactorFromThreads,
    IReactorProcess,
    IReactorTime,
)
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from vaurien_twisted.experiments.conditions import (
    Command,
    Condition,
    Probe,
    PromQL,
    Request,
)
from vaurien_twisted.experiments.document import Load

#: The most bytes of a command's output that are kept, from its end.
OUTPUT_LIMIT = 64 * 1024


class IProcessReactor(IReactorProcess, IReactorTime):
    """
    A reactor that runs processes and has a clock.
    """


class IExperimentReactor(IProcessReactor, IReactorCore, IReactorFromThreads):
    """
    A reactor that an experiment runs on.
    """


class IHTTP(Protocol):
    """
    A client that sends HTTP requests, such as C{treq}.
    """

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> tuple[int, bytes]:
        """
        Send a request.  Returns the status and the body of the response.
        """


class Child(ProcessProtocol):
    """
    A running command.

    @ivar status: its exit status, minus the number of the signal that ended it; C{None} while
        it runs.
    @ivar group: the number of its process group.
    """

    def __init__(self) -> None:
        self._waiting: list[Deferred[int]] = []
        self.status: int | None = None
        self.group = 0
        self._output = bytearray()

    def connectionMade(self) -> None:
        transport = self.transport
        self.group = int((transport and transport.pid) or 0)

    @property
    def output(self) -> str:
        """
        The end of its output.
        """
        return self._output.decode("utf-8", "replace")

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        """
        Keep the end of its output.
        """
        self._output += data
        del self._output[:-OUTPUT_LIMIT]

    def processEnded(self, reason: Failure) -> None:
        value = reason.value
        number = getattr(value, "signal", None)
        code = 0 if isinstance(value, ProcessDone) else getattr(value, "exitCode", None)
        self.status = -number if number else int(code or 0)
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(self.status)

    def whenEnded(self) -> Deferred[int]:
        """
        A Deferred that fires with its exit status.
        """
        if self.status is not None:
            return succeed(self.status)

        def forget(cancelled: Deferred[int]) -> None:
            self._waiting.remove(cancelled)

        waiting: Deferred[int] = Deferred(forget)
        self._waiting.append(waiting)
        return waiting

    def end(self, number: int) -> None:
        """
        Send a signal to its process group.
        """
        if not self.group:
            return
        try:
            os.killpg(self.group, number)
        except ProcessLookupError:
            # The process has ended, or does not lead a group yet.
            if self.status is None:
                with suppress(ProcessLookupError):
                    os.kill(self.group, number)
        except PermissionError:
            pass


#: Runs a command in a session of its own, so that it can be ended with its children.
_SESSION = "import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])"


def start(reactor: IReactorProcess, command: str | Sequence[str]) -> Child:
    """
    Start a command.  A shell runs text; a list of words is run directly.
    """
    words = ["/bin/sh", "-c", command] if isinstance(command, str) else [str(w) for w in command]
    child = Child()
    nothing = os.open(os.devnull, os.O_RDONLY)
    reactor.spawnProcess(
        child,
        sys.executable,
        [sys.executable, "-c", _SESSION, *words],
        env=dict(os.environ),
        childFDs={0: nothing, 1: "r", 2: "r"},
    )
    os.close(nothing)
    return child


async def within(reactor: IReactorTime, child: Child, seconds: float) -> int | None:
    """
    Wait for the end of a command.

    @return: its exit status; C{None} if it did not end in time.
    """
    try:
        return await child.whenEnded().addTimeout(seconds, reactor)
    except TimeoutError:
        return None


class LoadCommand:
    """
    The command that puts load on the application.
    """

    def __init__(self, reactor: IProcessReactor) -> None:
        self._reactor = reactor
        self._load: Load | None = None
        self._child: Child | None = None

    def start(self, load: Load) -> None:
        self._load, self._child = load, start(self._reactor, load.command)

    async def stop(self) -> Mapping[str, object]:
        load, child = self._load, self._child
        if load is None or child is None:
            return {}
        alone = child.status is not None or load.stop == "wait"
        if not alone:
            child.end(signal.SIGINT if load.stop == "int" else signal.SIGTERM)
        status = await within(self._reactor, child, load.grace)
        if status is None:
            child.end(signal.SIGKILL)
            status = await child.whenEnded()
            alone = False
        else:
            child.end(signal.SIGKILL)
        good = status in load.status or (not alone and load.stop != "wait")
        return {"command": load.command, "status": status, "good": good, "output": child.output}


@attrs.define(eq=False)
class Externals:
    """
    Commands, requests and queries.

    @param holds: returns whether a condition that figures decide holds now.
    """

    _reactor: IProcessReactor
    _http: IHTTP
    _holds: Callable[[Condition], Awaitable[bool]]

    async def run(self, command: str | tuple[str, ...], timeout: float) -> tuple[int, str]:
        child = start(self._reactor, command)
        try:
            status = await within(self._reactor, child, timeout)
        finally:
            # Also if the experiment is halted meanwhile.
            child.end(signal.SIGKILL)
        return (await child.whenEnded() if status is None else status), child.output.strip()[-500:]

    async def call(self, request: Request) -> str:
        try:
            status, body = await self._http.request(
                request.method,
                request.url,
                request.headers,
                request.body.encode("utf-8"),
                request.timeout,
            )
        except Exception as error:
            return " ".join(str(error).split()) or type(error).__name__
        if status not in request.status:
            return f"status {status}"
        if request.contains and request.contains not in body.decode("utf-8", "replace"):
            return f"its body has no {request.contains!r}"
        return ""

    async def check(self, condition: Probe | PromQL | Command) -> tuple[bool, str]:
        match condition:
            case Probe(probe=request):
                wrong = await self.call(request)
                return not wrong, wrong or "a good response"
            case PromQL():
                return await self._query(condition)
            case _:
                status, output = await self.run(condition.command, condition.timeout)
                detail = f"status {status}" + (f": {output}" if output else "")
                return status in condition.status, detail

    async def holds(self, condition: Condition) -> bool:
        if isinstance(condition, Probe | PromQL | Command):
            return (await self.check(condition))[0]
        return await self._holds(condition)

    async def _query(self, condition: PromQL) -> tuple[bool, str]:
        """
        Query a Prometheus server (HTTP API, "Instant queries").
        """
        query = urlencode({"query": condition.promql})
        url = f"{condition.server.rstrip('/')}/api/v1/query?{query}"
        try:
            status, body = await self._http.request("GET", url, {}, b"", 5.0)
            answer = json.loads(body)
            if status != 200 or answer["status"] != "success":
                return False, str(answer.get("error", f"status {status}"))
            result = answer["data"]["result"]
            scalar = answer["data"]["resultType"] == "scalar"
            values = [result[1]] if scalar else [each["value"][1] for each in result]
            if len(values) != 1:
                return False, f"the query returned {len(values)} values instead of one"
            value = float(values[0])
        except Exception as error:
            return False, " ".join(str(error).split()) or type(error).__name__
        above = condition.above is None or value > condition.above
        below = condition.below is None or value < condition.below
        return above and below and value == value, f"{value:g}"
