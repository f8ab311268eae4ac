# -*- test-case-name: tests.client.test_launcher -*-
"""
Vaurien in a process of its own, for test suites::

    pid = start_proxy(port=8080)
    ...
    stop_proxy(pid)

or C{with start_proxy(proxy_port=0, port=0) as proxy:}, which picks free ports.
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
from typing import IO

from vaurien_twisted.model.environment import TOKEN_VARIABLE
from vaurien_twisted.model.json_types import Answer

#: How many seconds a child that was asked to stop may take before it is killed.
STOPPING = 5.0

#: How much of what a child wrote last is announced, in bytes.
_WORDS = 2000

#: The children that run, and the process that started each: a fork inherits this.
_running: dict[int, tuple[subprocess.Popen[bytes], int]] = {}


class ProxyError(Exception):
    """
    The proxy did not start.  Its argument is the reason, in the child's own words
    where it said any.
    """


class ProxyProcess(int):
    """
    A running proxy.  Equal to its process id; as a context manager it stops the
    proxy at the end.

    @ivar proxy_address: where the proxy really listens: C{127.0.0.1:8000}.
    @ivar proxy_port: the port of that.
    @ivar http_url: the control service, for L{Client<vaurien_twisted.client.blocking.Client>},
        or C{None}.
    @ivar http_port: the port of that, or C{None}.
    @ivar toxiproxy_url: the same where C{--toxiproxy} opened it, or C{None}.
    """

    proxy_address: str
    proxy_port: int
    http_url: str | None
    http_port: int | None
    toxiproxy_url: str | None

    def __enter__(self) -> ProxyProcess:
        return self

    def __exit__(self, *failure: object) -> None:
        if self in _running and _running[self][1] == os.getpid():
            stop_proxy(self)


def start_proxy(
    proxy_host: str = "localhost",
    proxy_port: int = 8000,
    backend_host: str = "localhost",
    backend_port: int = 8888,
    protocol: str = "tcp",
    http: bool = True,
    http_host: str = "localhost",
    http_port: int = 8080,
    options: Sequence[str] | None = None,
    log_level: str = "info",
    log_output: str = "-",
    port: int | None = None,
    timeout: float = 30.0,
    token: str | None = None,
    control_port: int | None = None,
) -> ProxyProcess:
    """
    Start a proxy and wait until everything listens.  It ends with this process, if
    not before.

    @param proxy_port: where applications connect; 0 picks one.
    @param http: whether to open the control service.
    @param http_port: the port of the control service; 0 picks one.
    @param options: more words for the command line:
        C{["--behavior-delay-sleep", "2"]}.
    @param log_output: a file, or C{-} for our own standard output.
    @param port: another name for C{http_port}, as is C{control_port}.
    @param timeout: how long the start may take, in seconds.
    @param token: what the control service wants to be shown; by default C{VAURIEN_TOKEN}.
    @return: equal to the process id.
    @raise ProxyError: it did not start.
    @raise TypeError: C{options} is not a sequence of words.
    @raise ValueError: C{port} is given, but C{http} is false.
    """
    port = control_port if port is None else port
    if port is not None:
        if not http:
            raise ValueError("port is that of the control service, which http=False leaves out")
        http_port = port
    if isinstance(options, str) or not all(isinstance(word, str) for word in options or ()):
        raise TypeError(f"options must be a sequence of words, not {options!r}")
    command = [sys.executable, "-m", "vaurien_twisted", "--protocol", protocol]
    command += ["--proxy", _place(proxy_host, proxy_port)]
    command += ["--backend", _place(backend_host, backend_port)]
    if http:
        command += ["--http", "--http-host", http_host, "--http-port", str(http_port)]
    command += ["--log-level", log_level, "--log-output", log_output, *(options or ())]
    # Not on the command line, which other users of the machine can see.
    return launch(command, timeout, {} if token is None else {TOKEN_VARIABLE: token})


def stop_proxy(pid: int) -> None:
    """
    Stop a proxy that L{start_proxy} started, and wait for its end.

    A process that ended by itself is only forgotten; no other is ever sent a signal.

    @raise ValueError: C{pid} is none of them, was stopped before, or was started by another
        process, of which this one is a fork.
    """
    if pid not in _running:
        raise ValueError(f"process {int(pid)} is not a proxy that was started here")
    process, parent = _running[pid]
    if parent != os.getpid():
        # Not a child of this process: by now the number may be another's.
        raise ValueError(f"process {int(pid)} was started by process {parent}: stop it there")
    del _running[pid]
    _end(process)


def launch(
    command: Sequence[str], timeout: float, environment: Mapping[str, str] | None = None
) -> ProxyProcess:
    """
    Run C{command} with C{--announce FD} at its end, and read the line of JSON that it
    writes to that descriptor once everything listens.

    @param timeout: how long that may take, in seconds.
    @param environment: variables beside our own.
    @raise ProxyError: the line did not come.
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
            raise ProxyError(": ".join(filter(None, [reason, _words(errors)]))) from None
        except BaseException:
            _end(process)
            raise
    _running[process.pid] = (process, os.getpid())
    return started


def _place(host: str, port: int) -> str:
    host = host.removeprefix("[").removesuffix("]")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _announced(pipe: IO[bytes], deadline: float) -> bytes:
    """
    The line, without its end; less if the child closed the pipe before.
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
    Wait until there is something to read, or until it is too late.
    """
    if hasattr(select, "poll"):
        waiting = select.poll()
        waiting.register(pipe, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))
    # eventlet takes poll away, and lets others run in select.
    return bool(select.select([pipe], [], [], seconds)[0])


def _pipe() -> tuple[int, int]:
    """
    A pipe whose ends do not have the numbers of standard streams, which a child would take
    them for where these are closed here.
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
    started.proxy_address, started.proxy_port = _reachable(announced["proxy"])
    started.http_url = started.http_port = None
    if announced["http"] is not None:
        place, started.http_port = _reachable(announced["http"])
        started.http_url = f"http://{place}"
    started.toxiproxy_url = None
    if announced.get("toxiproxy") is not None:
        started.toxiproxy_url = f"http://{_reachable(announced['toxiproxy'])[0]}"
    return started


def _reachable(address: str) -> tuple[str, int]:
    """
    An address to connect to, and its port, where C{address} may be that of every interface.
    """
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        # A Unix socket has no port.
        return address, 0
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    return f"{host}:{port}", int(port)


def _words(errors: IO[bytes]) -> str:
    """
    What the child wrote last.
    """
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _WORDS))
    return errors.read().decode("utf-8", "replace").strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPPING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _endAll() -> None:
    """
    End the children that nobody stopped, all at once.
    """
    own = [process for process, parent in _running.values() if parent == os.getpid()]
    _running.clear()
    for process in own:
        process.terminate()
    for process in own:
        _end(process)


atexit.register(_endAll)
