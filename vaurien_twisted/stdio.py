# -*- test-case-name: tests.test_stdio -*-
"""
Standard input, output and error, as a process finds them.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress


def openStandardStreams() -> None:
    """
    Open closed standard streams on C{/dev/null}, since a connection would otherwise get their
    descriptors.  Characters that the encoding of an output lacks are escaped.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
        stream = getattr(sys, name)
        if number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def writing(program: str, run: Callable[[], int]) -> int:
    """
    Run a command that writes to standard output.

    @param program: its name.
    @param run: returns its exit status.
    @return: that; 0 if who reads the output, such as C{head}, has seen enough; 1 if it cannot
        be written, which standard error has in one line.
    """
    try:
        try:
            return run()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        _discard()
        return 0
    except OSError as error:
        _discard()
        print(f"{program}: cannot write: {error.strerror or error}", file=sys.stderr)
        return 1


def _discard() -> None:
    # The interpreter writes buffered output when it ends.
    if sys.stdout is not None:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
