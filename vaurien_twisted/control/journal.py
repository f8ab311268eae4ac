# -*- test-case-name: tests.control.test_journal -*-
"""
The journal of what happened: C{/journal}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs
from twisted.internet.defer import Deferred
from twisted.web.iweb import IRequest

from vaurien_twisted.control.json_body import readQuery
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.pieces import answerList
from vaurien_twisted.control.responses import Problem
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.interfaces import IJournal
from vaurien_twisted.model.options import option
from vaurien_twisted.record.journal import Journal


@attrs.frozen
class JournalQuery:
    """
    The query that selects entries.
    """

    since: int = option(int, 0, "The id of the last entry that is known already.", minimum=0)
    limit: int = option(int, 1000, "How many entries to tell at most.", minimum=1, maximum=10_000)
    latest: int | None = option(
        int, None, "Tell so many of the newest instead, oldest first.", minimum=1, maximum=10_000
    )
    proxy: str = option(str, "", "Only those of this proxy.")
    connection: int | None = option(int, None, "Only those of this connection.", minimum=0)
    kind: str = option(str, "", "Only those of this kind, such as decision or set.")
    rule: str = option(str, "", "Only those of the rule of this name.")
    after: float | None = option(
        float, None, "Only later ones than this, in seconds since 1970.", minimum=0
    )

    repeat: bool = option(
        bool, False, "Tell what is needed to take each decision again, under repeat."
    )

    def wants(self, seconds: float, kind: str, proxy: str, connection: int) -> bool:
        """
        Whether the query selects an entry, apart from its rule.
        """
        return (
            (self.after is None or seconds > self.after)
            and self.kind in ("", kind)
            and self.proxy in ("", proxy)
            and self.connection in (None, connection)
        )

    def ofRule(self, entry: Mapping[str, object]) -> bool:
        """
        Whether an entry is about the rule of the query.
        """
        return str(entry.get("rule", "")).startswith(f"{self.rule}: ")


class JournalAPI:
    """
    Tells the journal of all proxies.
    """

    routes = Routes()

    def __init__(self, journal: IJournal) -> None:
        self._journal = journal

    @routes.route("/journal", "GET")
    @routes.describe(Operation("Journal", query=JournalQuery, refusals=(404,)))
    def getJournal(self, request: IRequest) -> bytes | Deferred[bytes]:
        """
        The entries of the journal.  They are those after C{?since=ID}, oldest first and at most
        C{&limit=N}, and under C{"last"} is the id of the newest entry: C{{"journal": [{"id": 1,
        "time": …, "kind": "decision", …}], "last": 1}}.  The id of the last entry in the answer is
        the next C{since}.  Old entries are dropped; ids are never used again.

        C{proxy}, C{connection}, C{kind}, C{rule} (its name) and C{after} (a time) select entries;
        C{latest=N} returns the newest N of these.  With C{repeat=true} a decision has the data that
        repeats it for the same exchange.
        """
        query = readQuery(request, JournalQuery)
        journal = self._journal
        if not isinstance(journal, Journal):
            raise Problem(404, "this service keeps no journal that it can read", "/journal", "path")
        ids: Sequence[int]
        if query == JournalQuery(since=query.since, limit=query.limit, repeat=query.repeat):
            ids, read = journal.readings(query.since, query.limit)
        else:
            ids, read = journal.select(query.since, query.wants)
        if query.rule:
            ids = [number for number in ids if query.ofRule(read(number))]
        numbers = ids[: query.limit] if query.latest is None else ids[-query.latest :]
        if query.repeat:
            read = _repeatable(journal, read)
        return answerList(request, "journal", numbers, {"last": journal.last}, read)


def _repeatable(
    journal: Journal, read: Callable[[int], dict[str, object]]
) -> Callable[[int], dict[str, object]]:
    """
    A function that returns the entry of an id, with the data that repeats its decision.
    """

    def both(number: int) -> dict[str, object]:
        repeat = journal.repeat(number)
        return read(number) if repeat is None else {**read(number), "repeat": repeat}

    return both
