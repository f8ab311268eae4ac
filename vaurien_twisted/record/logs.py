# -*- test-case-name: tests.record.test_logs -*-
"""
The log: its formats, its levels and its files.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO

from twisted.application.service import Service
from twisted.logger import (
    ILogObserver,
    LogEvent,
    Logger,
    LogLevel,
    LogLevelFilterPredicate,
    PredicateResult,
    formatEvent,
    formatTime,
    globalLogPublisher,
)
from zope.interface import provider

from vaurien_twisted.model.names import printable
from vaurien_twisted.model.options import Refused

#: Values of other types are not members of JSON lines.
PLAIN = (str, int, float, bool)


def formatLine(event: LogEvent) -> str | None:
    """
    A line of text: time, level and message; control characters are escaped.  A failure adds its
    traceback.
    """
    text = _text(event)
    if not text:
        return None
    text = printable(text)
    level = event.get("log_level", LogLevel.info).name
    failure = event.get("log_failure")
    trace = "\n" + failure.getTraceback().rstrip() if failure is not None else ""
    return f"{_when(int(event.get('log_time', 0)))} [{level}] {text}{trace}\n"


def logInfo(log: Logger, text: str, **facts: object) -> None:
    """
    Log a frequent line at level info.  This takes a fifth of the time of C{log.info}, and almost
    none if the level is not logged.

    @param text: a format for L{str.format}.
    @param facts: its values.
    """
    log.observer(
        {
            "log_logger": log,
            "log_level": LogLevel.info,
            "log_namespace": log.namespace,
            "log_source": log.source,
            "log_format": text,
            "log_plain": True,
            "log_time": time.time(),
            **facts,
        }
    )


def _text(event: LogEvent) -> str:
    if "log_plain" in event:
        text: str = event["log_format"].format_map(event)
        return text
    return formatEvent(event)


@lru_cache(maxsize=1)
def _when(second: int) -> str:
    """
    The local time; cached, since there are many lines a second.
    """
    return formatTime(second, "%Y-%m-%d %H:%M:%S")


def formatJSON(event: LogEvent) -> str | None:
    """
    A line of JSON: C{time} (RFC 3339), C{level}, C{namespace}, C{message}, the values in the
    message, and the C{traceback} of a failure.
    """
    text = _text(event)
    if not text:
        return None
    fields: dict[str, object] = {
        "time": datetime.fromtimestamp(event.get("log_time", 0.0), UTC).isoformat(),
        "level": event.get("log_level", LogLevel.info).name,
        "namespace": event.get("log_namespace", ""),
        "message": text,
    }
    for name, value in event.items():
        if not name.startswith("log_") and name not in fields and isinstance(value, PLAIN):
            fields[name] = value
    failure = event.get("log_failure")
    if failure is not None:
        fields["traceback"] = failure.getTraceback().rstrip()
    return json.dumps(fields) + "\n"


#: The formats of lines, by the value of C{--log-format}.
FORMATS: Mapping[str, Callable[[LogEvent], str | None]] = {"text": formatLine, "json": formatJSON}


def logObserver(stream: IO[str] | Lines, level: str, form: str = "text") -> ILogObserver:
    """
    An observer that writes Vaurien's events of C{level} and above to C{stream}, and those of
    libraries from level warn on.

    @param form: one of L{FORMATS}.
    """
    least = LogLevel.lookupByName({"warning": "warn"}.get(level, level))
    predicate = LogLevelFilterPredicate(defaultLogLevel=max(least, LogLevel.warn))
    predicate.setLogLevelForNamespace("vaurien_twisted", least)
    lines = stream if isinstance(stream, Lines) else Lines(stream)
    formatted = FORMATS[form]
    known: dict[tuple[object, object], bool] = {}

    @provider(ILogObserver)
    def observer(event: LogEvent) -> None:
        # Cached by namespace and level: there can be thousands of events a second.
        kind = event.get("log_namespace"), event.get("log_level")
        wanted = known.get(kind)
        if wanted is None:
            wanted = known[kind] = predicate(event) is PredicateResult.maybe
        if wanted:
            line = formatted(event)
            if line is not None:
                lines.add(line, "log_plain" in event)

    observed: ILogObserver = observer
    return observed


#: Has a function called soon, but not at once.
Soon = Callable[[Callable[[], None]], object]


class Lines:
    """
    A stream for lines that never raises: what cannot be written is lost.  The reader of a pipe
    can end before Vaurien does, as C{head} does.

    @param soon: writes the lines that may wait, together, a moment later.  C{None}: none waits.
    @ivar stream: the stream that lines are written to.
    """

    def __init__(self, stream: IO[str], soon: Soon | None = None) -> None:
        self.stream = stream
        self._soon = soon
        self._waiting: list[str] = []

    def add(self, line: str, mayWait: bool) -> None:
        """
        Write a line.

        @param mayWait: whether it may be written a moment later, since there may be thousands of
            its kind in a second.
        """
        waiting = self._waiting
        waiting.append(line)
        if not mayWait or self._soon is None:
            self.flush()
        elif len(waiting) == 1:
            self._soon(self.flush)

    def flush(self) -> None:
        """
        Write the lines that wait.
        """
        text = "".join(self._waiting)
        self._waiting.clear()
        try:
            self.stream.write(text)
            self.stream.flush()
        except BrokenPipeError:
            self._discard()
        except (OSError, ValueError):
            # A full disk can have room again later.
            return

    def _discard(self) -> None:
        # The interpreter writes buffered lines when it ends: discard them.
        with suppress(OSError, ValueError):
            number = self.stream.fileno()
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, number)
            os.close(null)


def openLog(path: str) -> IO[str]:
    """
    The stream for C{--log-output}: C{-} is standard output.

    @raise Refused: the file cannot be written.
    """
    if path == "-":
        return sys.stdout
    try:
        return open(path, "a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise Refused(f"cannot log to {path}: {error.strerror}", "log_output") from None


class LogFile(Service):
    """
    Adds an observer while it runs, in addition to the main log of twistd.

    @param soon: see L{Lines}.
    """

    def __init__(self, path: str, level: str, form: str = "text", soon: Soon | None = None) -> None:
        # twistd goes to another folder when it becomes a daemon.
        self._path = path if path == "-" else os.path.abspath(path)
        self._lines = Lines(openLog(path), soon)
        self._observer = logObserver(self._lines, level, form)

    def reopen(self) -> None:
        """
        Go on in a new file where the old one was moved away.

        @raise Refused: the file cannot be written; the earlier file stays in use.
        """
        if self._path != "-":
            opened = openLog(self._path)
            self._lines.flush()
            stream, self._lines.stream = self._lines.stream, opened
            with suppress(OSError):
                stream.close()

    def privilegedStartService(self) -> None:
        globalLogPublisher.addObserver(self._observer)

    def stopService(self) -> None:
        super().stopService()
        globalLogPublisher.removeObserver(self._observer)
        self._lines.flush()
        if self._path != "-":
            with suppress(OSError):
                self._lines.stream.close()
