# -*- test-case-name: tests.record.test_journal -*-
"""
The journal: a record of what happened, whose memory is bounded.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from typing import IO, Protocol, runtime_checkable

from twisted.application.service import Service
from twisted.logger import Logger
from zope.interface import implementer

from vaurien_twisted.interfaces import IJournal
from vaurien_twisted.model.options import Refused

#: An entry as it is kept: the time in seconds, the kind, the proxy, the connection, and the
#: function that makes the other members, with its arguments.
_Entry = tuple[float, str, str, int, Callable[..., dict[str, object]], tuple[object, ...]]


@runtime_checkable
class Repeatable(Protocol):
    """
    Makes the members of a decision's entry, and the data that repeats the decision.
    """

    def repeat(self, *facts: object) -> dict[str, object] | None:
        """
        The data that repeats the decision; C{None} if it is not kept.

        @param facts: the arguments that the members of the entry are made from.
        """


@implementer(IJournal)
class Journal:
    """
    Keeps the latest entries.  Entries are read as dicts for JSON; their C{id} counts from 1.

    @param seconds: a clock of the time in seconds since 1970.
    @param limit: the most entries that are kept; older ones are discarded.
    @ivar last: the id of the newest entry, 0 before there is any.
    """

    def __init__(self, seconds: Callable[[], float], limit: int = 10_000) -> None:
        self._seconds = seconds
        self._entries: deque[_Entry] = deque(maxlen=limit)
        self._watchers: list[Callable[[], None]] = []
        self.last = 0

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """
        Call C{watcher} after each new entry; L{newest} is that entry then.

        @return: a function that ends this.
        """
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def record(self, kind: str, proxy: str, connection: int, **facts: object) -> None:
        self.recordLater(kind, proxy, connection, _same, facts)

    def recordLater(
        self,
        kind: str,
        proxy: str,
        connection: int,
        facts: Callable[..., dict[str, object]],
        *arguments: object,
    ) -> None:
        self.last += 1
        self._entries.append((self._seconds(), kind, proxy, connection, facts, arguments))
        if self._watchers:
            for watcher in list(self._watchers):
                watcher()

    def recordMany(
        self,
        kind: str,
        proxy: str,
        connection: int,
        entries: Sequence[tuple[Callable[..., dict[str, object]], tuple[object, ...]]],
    ) -> None:
        if self._watchers:
            for facts, arguments in entries:
                self.recordLater(kind, proxy, connection, facts, *arguments)
            return
        seconds, append = self._seconds(), self._entries.append
        self.last += len(entries)
        for facts, arguments in entries:
            append((seconds, kind, proxy, connection, facts, arguments))

    @property
    def first(self) -> int:
        """
        The id of the oldest entry that is kept; if none is, that of the next entry.
        """
        return self.last - len(self._entries) + 1

    @property
    def newest(self) -> dict[str, object]:
        """
        The newest entry.

        @raise IndexError: there is none.
        """
        return _read(self.last, self._entries[-1])

    def since(self, entry: int = 0) -> list[dict[str, object]]:
        """
        The kept entries after the one with id C{entry}, oldest first.
        """
        return self.after(entry, len(self._entries))

    def after(self, entry: int, limit: int) -> list[dict[str, object]]:
        """
        The oldest C{limit} of the kept entries after the one with id C{entry}.
        """
        numbers, read = self.readings(entry, limit)
        return [read(number) for number in numbers]

    def readings(self, entry: int, limit: int) -> tuple[range, Callable[[int], dict[str, object]]]:
        """
        The ids of the entries that L{after} returns, and a function that makes the entry of an id.
        Making thousands of entries takes long.
        """
        kept = self._entries
        skip = len(kept) - min(len(kept), max(0, self.last - entry))
        if skip <= len(kept) // 2:
            found = list(islice(kept, skip, skip + limit))
        else:
            # Most readers lack only the newest entries, and a deque is fast only at its ends.
            found = list(islice(reversed(kept), len(kept) - skip))
            found.reverse()
            found = found[:limit]
        first = self.first + skip
        return range(first, first + len(found)), lambda number: _read(number, found[number - first])

    def repeat(self, number: int) -> dict[str, object] | None:
        """
        The data that repeats the decision of an entry.

        @param number: the id of the entry.
        @return: C{None} if the entry records no decision, or is no longer kept.
        """
        place = number - self.first
        if not 0 <= place < len(self._entries):
            return None
        facts, arguments = self._entries[place][4:]
        return facts.repeat(*arguments) if isinstance(facts, Repeatable) else None

    def select(
        self, entry: int, wanted: Callable[[float, str, str, int], bool]
    ) -> tuple[list[int], Callable[[int], dict[str, object]]]:
        """
        The ids of the kept entries after the id C{entry} that C{wanted} includes, oldest first, and
        a function that returns the entry of an id.

        @param wanted: called with the time in seconds, the kind, the proxy and the connection of an
            entry; returns whether to include it.
        """
        found = {
            number: each
            for number, each in enumerate(self._entries, self.first)
            if number > entry and wanted(each[0], each[1], each[2], each[3])
        }
        return list(found), lambda number: _read(number, found[number])

    def of(self, proxy: str, connection: int) -> list[dict[str, object]]:
        """
        The kept entries of one connection, oldest first.
        """
        return [
            _read(number, each)
            for number, each in enumerate(self._entries, self.first)
            if each[2] == proxy and each[3] == connection
        ]


def _read(number: int, entry: _Entry) -> dict[str, object]:
    seconds, kind, proxy, connection, facts, arguments = entry
    return {
        "id": number,
        "time": round(seconds, 6),
        "kind": kind,
        "proxy": proxy,
        "connection": connection,
        **facts(*arguments),
    }


def _same(facts: dict[str, object]) -> dict[str, object]:
    return facts


class JournalFile(Service):
    """
    Appends each entry to a file, as one line of JSON.  Lines are not buffered, so none is lost if
    the process is killed.

    @raise Refused: the file cannot be written.
    """

    _log = Logger()

    def __init__(self, journal: Journal, path: str) -> None:
        self._file = _opened(path)
        # twistd changes its folder when it becomes a daemon.
        self._path = os.path.abspath(path)
        self._journal = journal
        self._stop = journal.watch(self._write)

    def reopen(self) -> None:
        """
        Open the file again, and create it if it was moved away.  This also ends the state in which
        the file could not be written.

        @raise Refused: the file cannot be written; the old one stays in use.
        """
        file, self._file = self._file, _opened(self._path)
        with suppress(OSError):
            file.close()
        with suppress(ValueError):
            self._stop()
        self._stop = self._journal.watch(self._write)

    def _write(self) -> None:
        try:
            self._file.write(json.dumps(self._journal.newest) + "\n")
        except OSError as error:
            self._stop()
            self._log.error(
                "cannot write {path}, the journal ends here: {reason}",
                path=self._path,
                reason=error.strerror,
            )

    def stopService(self) -> None:
        super().stopService()
        with suppress(ValueError):
            self._stop()
        # Closing tries again to write a line that did not fit; that error was logged already.
        with suppress(OSError):
            self._file.close()


def _private(path: str, flags: int) -> int:
    # The journal contains statements, keys and paths of the application.
    return os.open(path, flags, 0o600)


def _opened(path: str) -> IO[str]:
    try:
        return open(path, "a", encoding="utf-8", buffering=1, opener=_private)
    except OSError as error:
        raise Refused(f"cannot write {path}: {error.strerror}", "journal") from None
