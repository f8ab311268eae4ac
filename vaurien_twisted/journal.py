# -*- test-case-name: tests.test_journal -*-
"""
What happened: an append-only record, bounded in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from zope.interface import implementer

from vaurien_twisted.interfaces import IJournal


@implementer(IJournal)
class Journal:
    """
    Keeps the latest entries, each a JSON-ready dict with a running C{id}.

    @ivar limit: how many entries are kept; older ones are forgotten.
    """

    def __init__(self, seconds: Callable[[], float], limit: int = 10_000) -> None:
        self._seconds = seconds
        self._entries: deque[dict[str, Any]] = deque(maxlen=limit)
        self.last = 0

    def record(self, kind: str, proxy: str, connection: int, **facts: Any) -> None:
        """
        Append one entry.
        """
        self.last += 1
        self._entries.append(
            {
                "id": self.last,
                "time": round(self._seconds(), 6),
                "kind": kind,
                "proxy": proxy,
                "connection": connection,
                **facts,
            }
        )

    def since(self, entry: int = 0) -> list[dict[str, Any]]:
        """
        The kept entries after the one with id C{entry}, oldest first.
        """
        skip = len(self._entries) - (self.last - entry)
        return [kept for index, kept in enumerate(self._entries) if index >= skip]
