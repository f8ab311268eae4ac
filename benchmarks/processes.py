"""
The programs that a run starts: each is ended by its own id, whatever happens.
"""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.readings import ReadingError, listening

#: How long a program may take until it listens, in seconds.
PATIENCE = 20.0

# Below the range that the kernel takes client ports from, so that none of the many
# connections of a run sits on the port of a program that is to come.
_PORTS = itertools.cycle(range(20000, 32000))


class StartError(Exception):
    """
    A program did not start; says why.
    """


def freePort() -> int:
    """
    A port of the loopback interface that nobody has and that was not given before.

    @raise StartError: there is none.
    """
    for port in itertools.islice(_PORTS, 12000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise StartError("there is no free port between 20000 and 32000")


@contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """
    A program that runs as long as the context lasts.

    @param log: where its output goes.
    @raise StartError: there is no such program.
    """
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        except OSError as error:
            raise StartError(f"{command[0]}: {error.strerror}") from None
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def waitUntilListening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """
    Wait without connecting: iperf3 would take that for a test.

    @raise StartError: it ended, or does not listen after L{PATIENCE}.
    """
    until = time.monotonic() + PATIENCE
    while port not in listening(Path("/proc/net/tcp").read_text()):
        if process.poll() is not None or time.monotonic() > until:
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            state = "does not listen" if process.poll() is None else "has ended"
            raise StartError(f"{process.args!r} {state}: {''.join(last)[:200]}")
        time.sleep(0.01)


def output(command: Sequence[str], limit: float, strict: bool = True) -> str:
    """
    What a command prints.

    @param limit: how long it may take, in seconds.
    @param strict: whether it must succeed; else its output tells.
    @raise ReadingError: it takes longer (and has been ended then), fails, or cannot be run.
    """
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        raise ReadingError(f"{command[0]} took longer than {limit:g} s") from None
    except OSError as error:
        raise ReadingError(f"{command[0]}: {error.strerror}") from None
    if strict and ended.returncode:
        last = (ended.stderr or ended.stdout).strip().splitlines()[-1:]
        raise ReadingError(f"{command[0]} failed: {''.join(last)[:200]}")
    return ended.stdout or ended.stderr
