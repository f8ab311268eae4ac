# -*- test-case-name: tests.test_logs -*-
"""
Where log lines go, and which.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO, Any

from twisted.application.service import Service
from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
    formatTime,
    globalLogPublisher,
)

from vaurien_twisted.options import Refused

#: Facts of other kinds are for the message alone.
PLAIN = (str, int, float, bool)


def formatLine(event: LogEvent) -> str | None:
    """
    One line a person can read: time, level, text; a failure adds its traceback.
    """
    text = formatEvent(event)
    if not text:
        return None
    level = event.get("log_level", LogLevel.info).name
    failure = event.get("log_failure")
    trace = "\n" + failure.getTraceback().rstrip() if failure is not None else ""
    return f"{_when(int(event.get('log_time', 0)))} [{level}] {text}{trace}\n"


@lru_cache(maxsize=1)
def _when(second: int) -> str:
    """
    A time of the day here; most lines come many a second.
    """
    return formatTime(second, "%Y-%m-%d %H:%M:%S")


def formatJSON(event: LogEvent) -> str | None:
    """
    One JSON object a line: C{time} (RFC 3339), C{level}, C{namespace}, C{message}, the facts
    that the message is made of, and of a failure the C{traceback}.
    """
    text = formatEvent(event)
    if not text:
        return None
    told: dict[str, Any] = {
        "time": datetime.fromtimestamp(event.get("log_time", 0.0), UTC).isoformat(),
        "level": event.get("log_level", LogLevel.info).name,
        "namespace": event.get("log_namespace", ""),
        "message": text,
    }
    for name, value in event.items():
        if not name.startswith("log_") and name not in told and isinstance(value, PLAIN):
            told[name] = value
    failure = event.get("log_failure")
    if failure is not None:
        told["traceback"] = failure.getTraceback().rstrip()
    return json.dumps(told) + "\n"


#: How lines can be written, by the word of C{--log-format}.
FORMATS: Mapping[str, Callable[[LogEvent], str | None]] = {"text": formatLine, "json": formatJSON}


def logObserver(stream: IO[str], level: str, form: str = "text") -> ILogObserver:
    """
    Writes our events of C{level} and above to C{stream}; those of the libraries below
    us only if they are warnings or worse.

    @param form: one of L{FORMATS}.
    """
    least = LogLevel.lookupByName({"warning": "warn"}.get(level, level))
    predicate = LogLevelFilterPredicate(defaultLogLevel=max(least, LogLevel.warn))
    predicate.setLogLevelForNamespace("vaurien_twisted", least)
    observer: ILogObserver = FilteringLogObserver(
        FileLogObserver(stream, FORMATS[form]), [predicate]
    )
    return observer


def openLog(path: str) -> IO[str]:
    """
    The stream for C{--log-output}: C{-} is standard output.

    @raise Refused: the file cannot be written.
    """
    if path == "-":
        return sys.stdout
    try:
        return open(path, "a", encoding="utf-8", buffering=1)
    except OSError as error:
        raise Refused(f"cannot log to {path}: {error.strerror}", "log_output") from None


class LogFile(Service):
    """
    Adds an observer while it runs, for when something else (twistd) keeps the main log.
    """

    def __init__(self, path: str, level: str, form: str = "text") -> None:
        self._stream = openLog(path)
        self._observer = logObserver(self._stream, level, form)

    def privilegedStartService(self) -> None:
        """
        Begin to log.
        """
        globalLogPublisher.addObserver(self._observer)

    def stopService(self) -> None:
        """
        Stop logging and close the file.
        """
        super().stopService()
        globalLogPublisher.removeObserver(self._observer)
        if self._stream is not sys.stdout:
            self._stream.close()
