# -*- test-case-name: tests.client.test_launcher -*-
"""
Starts processes that announce their addresses, waits for them, and stops them.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO

from vaurien_twisted.model.json_types import Answer

#: The time in seconds that a child has to stop before it is killed.
STOPPING = 5.0

#: The most bytes of a child's output that an error message quotes, from its end.
_WORDS = 2000

#: The most bytes of a quiet log that are shown, from its end.
LOG_END = 1500

#: The running children, and the process that started each, since a fork inherits this table.
_running: dict[int, tuple[subprocess.Popen[bytes], int]] = {}

#: The files of the children's quiet logs.
_logs: dict[int, str] = {}


class ProxyError(Exception):
    """
    The proxy did not start.  The message has the reason, with the child's own output if there is
    any.
    """


class ProxyProcess(int):
    """
    A running proxy.  It is an C{int}, the process id.  As a context manager it stops the proxy at
    the end of the block.

    @ivar proxy_address: the address that the proxy listens on: C{127.0.0.1:8000}.
    @ivar proxy_port: the port of that.
    @ivar http_url: the control service, for L{Client<vaurien_twisted.client.blocking.Client>},
        or C{None}.
    @ivar http_port: the port of that, or C{None}.
    @ivar toxiproxy_url: the URL that C{--toxiproxy} has opened, or C{None}.
    @ivar proxies: the addresses of its C{proxies}, by name.
    """

    proxy_address: str
    proxy_port: int
    http_url: str | None
    http_port: int | None
    toxiproxy_url: str | None
    proxies: dict[str, str]

    #: The file of a quiet log; otherwise C{""}.
    _log: str = ""

    def __enter__(self) -> ProxyProcess:
        return self

    def __exit__(self, kind: object = None, *failure: object) -> None:
        if kind is not None:
            sys.stderr.write(self.log())
        if self in _running and _running[self][1] == os.getpid():
            stop_proxy(self)

    def log(self) -> str:
        """
        The end of its log while it runs, if C{quiet} was set; otherwise C{""}.
        """
        try:
            with open(self._log, "rb") as file:
                return _end_of(file, LOG_END)
        except OSError:
            return ""


def stop_proxy(pid: int) -> None:
    """
    Stop a proxy that L{start_proxy} started, and wait for its end.

    A process that has ended gets no signal, nor does any process that L{start_proxy} did not start.

    @raise ValueError: C{pid} was not started by L{start_proxy}, was stopped before, or was started
        by another process, of which this one is a fork.
    """
    if pid not in _running:
        raise ValueError(f"process {int(pid)} is not a proxy that start_proxy started")
    process, parent = _running[pid]
    if parent != os.getpid():
        # It is not a child of this process, and another process may have this id now.
        raise ValueError(
            f"process {int(pid)} was started by process {parent}: stop it in that process"
        )
    del _running[pid]
    _end(process)
    _forget(pid)


def _forget(pid: int) -> None:
    """
    Remove the quiet log of a process that ended.
    """
    log = _logs.pop(pid, "")
    if log:
        with suppress(OSError):
            os.unlink(log)


def launch(
    command: Sequence[str],
    timeout: float,
    environment: Mapping[str, str] | None = None,
    log: str = "",
) -> ProxyProcess:
    """
    Run C{command} with C{--announce FD} at its end, and read the line of JSON that it
    writes to that descriptor once everything listens.

    @param timeout: the time limit for that, in seconds.
    @param environment: environment variables to add.
    @param log: the file of its log, which is removed with the process; see L{ProxyProcess.log}.
    @raise ProxyError: the process did not write the line.
    """
    reading, writing = _pipe()
    with open(reading, "rb", buffering=0) as pipe, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                [*command, "--announce", str(writing)],
                stdin=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=[writing],
                env={**os.environ, **(environment or {})},
            )
        except OSError as error:
            raise ProxyError(f"cannot run {command[0]}: {error.strerror}") from error
        finally:
            os.close(writing)
        try:
            announced = _announced(pipe, time.monotonic() + timeout)
            started = _started(process.pid, announced)
        except (TimeoutError, ValueError, KeyError, TypeError) as error:
            _end(process)
            reason = "it gave up before it listened"
            if isinstance(error, TimeoutError):
                reason = f"it did not listen within {timeout:g} s"
            said = _end_of(errors, _WORDS).strip()
            raise ProxyError(": ".join(filter(None, [reason, said]))) from None
        except BaseException:
            _end(process)
            raise
    started._log = log
    if log:
        _logs[process.pid] = log
    _running[process.pid] = (process, os.getpid())
    return started


def _announced(pipe: IO[bytes], deadline: float) -> bytes:
    """
    The line without its end; only its beginning if the child has closed the pipe.
    """
    line = b""
    while not line.endswith(b"\n"):
        left = max(0.0, deadline - time.monotonic())
        if not _readable(pipe, left):
            raise TimeoutError
        part = pipe.read(4096)
        if not part:
            break
        line += part
    return line


def _readable(pipe: IO[bytes], seconds: float) -> bool:
    """
    Wait until the pipe is readable, or until the time limit.
    """
    if hasattr(select, "poll"):
        waiting = select.poll()
        waiting.register(pipe, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))
    # eventlet removes poll, and switches to other green threads in select.
    return bool(select.select([pipe], [], [], seconds)[0])


def _pipe() -> tuple[int, int]:
    """
    A pipe whose descriptors are above 2.  If the standard streams are closed here, a child would
    use lower ones as its standard streams.
    """
    import fcntl

    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


def _started(pid: int, line: bytes) -> ProxyProcess:
    announced: Answer = json.loads(line)
    started = ProxyProcess(pid)
    started.proxy_address, started.proxy_port = reachable(announced["proxy"])
    started.http_url = started.http_port = None
    if announced["http"] is not None:
        place, started.http_port = reachable(announced["http"])
        started.http_url = f"http://{place}"
    started.toxiproxy_url = None
    started.proxies = {}
    if announced.get("toxiproxy") is not None:
        started.toxiproxy_url = f"http://{reachable(announced['toxiproxy'])[0]}"
    return started


def reachable(address: str) -> tuple[str, int]:
    """
    The address to connect to, and its port, for a listening address that may be that of all
    interfaces.
    """
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        # A Unix socket has no port.
        return address, 0
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    return f"{host}:{port}", int(port)


def _end_of(file: IO[bytes], size: int) -> str:
    """
    The last C{size} bytes of a file, as text.
    """
    whole = file.seek(0, os.SEEK_END)
    file.seek(max(0, whole - size))
    return file.read().decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPPING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _endAll() -> None:
    """
    Stop all children that are still running, at the same time.
    """
    own = [process for process, parent in _running.values() if parent == os.getpid()]
    _running.clear()
    for process in own:
        process.terminate()
    for process in own:
        _end(process)
        _forget(process.pid)


atexit.register(_endAll)
