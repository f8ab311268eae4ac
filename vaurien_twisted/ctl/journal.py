# -*- test-case-name: tests.ctl.test_journal -*-
"""
C{vaurienctl journal}: the entries so far, all or some.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator

import attrs

from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import journalPath, member
from vaurien_twisted.ctl.output import entryLine
from vaurien_twisted.model.durations import inUnit
from vaurien_twisted.model.json_types import Answer
from vaurien_twisted.model.names import printable
from vaurien_twisted.model.options import nearest

#: Colors by the kind of an entry (ECMA-48, SGR): faults, settings, failures.
COLORS = {
    "decision": "33",
    "set": "36",
    "rules": "36",
    "unreachable": "31",
    "refusing": "31",
    "refused": "31",
    "garbage": "31",
}

#: The kinds of entries, as C{docs/observing.rst} lists them.
KINDS = (
    *("decision", "set", "reverted", "refused", "unreachable", "refusing", "reached", "opaque"),
    *("garbage", "tls", "lease", "ended", "rules", "experiment"),
)

#: How many entries of the journal one request fetches.
ENTRIES = 1000


@attrs.frozen
class Since:
    """
    Where the entries begin.

    @ivar id: the last one that is known.
    @ivar seconds: how old the entries may be, in seconds; C{None} for any age.
    """

    id: int = 0
    seconds: float | None = None


def addJournal(parser: argparse.ArgumentParser, whole: bool = False) -> None:
    """
    Declare the arguments of the command.

    @param whole: for completion, with the kinds of entries.  The service of another version may
        have other ones.
    """
    parser.add_argument(
        "--since",
        metavar="ID|AGE",
        type=_since,
        default=Since(),
        help="show only entries after the one of this id, or those of a time, such as 5m or 30s",
    )
    parser.add_argument(
        "--last", metavar="N", type=_count, help="show only the last N of the chosen entries"
    )
    parser.add_argument(
        "--rule", metavar="TEXT", help="show only entries of a rule: its name, or a part of it"
    )
    parser.add_argument("--proxy", metavar="NAME", help="show only entries of this proxy")
    parser.add_argument(
        "--connection", metavar="N", type=_count, help="show only entries of this connection"
    )
    parser.add_argument(
        "--kind",
        metavar="KIND",
        choices=KINDS if whole else None,
        help="show only entries of a kind: decision, set, unreachable, …",
    )
    parser.add_argument("--whole", action="store_true", help="do not shorten lines and texts")


def journal(client: Client, parsed: argparse.Namespace) -> int:
    """
    Print the entries: JSON lines in a pipe, text on a terminal.

    @return: 0.
    @raise ClientError: the service did not answer.
    """
    found, last = _fetched(client, parsed.since.id)
    entries = list(_chosen(found, parsed, time.time()))
    if parsed.last is not None:
        entries = entries[-parsed.last :]
    if parsed.json:
        print(json.dumps({"journal": entries, "last": last}))
        return 0
    if found and not entries:
        print(printable(f"vaurienctl: {_nothing(found, parsed)}"), file=sys.stderr)
    terminal = sys.stdout.isatty()
    for entry in entries:
        if not terminal:
            print(json.dumps(entry))
        elif parsed.whole:
            print(colored(entry, line({**entry, **entry.get("whole", {})}), True))
        else:
            print(colored(entry, line(entry)))
    return 0


def line(entry: Answer) -> str:
    """
    An entry in one line, with its local time.
    """
    when = time.strftime("%H:%M:%S", time.localtime(float(entry["time"])))
    return f"{when}  {entryLine(entry)}"


def colored(entry: Answer, text: str, whole: bool = False) -> str:
    """
    A line for a terminal, cut to its width, with a color by the kind of its entry unless
    C{NO_COLOR} is set (U{https://no-color.org}) or the terminal has none.

    @param whole: do not cut it.
    """
    columns = 0 if whole else shutil.get_terminal_size((0, 0)).columns
    if columns and len(text) > columns:
        text = f"{text[: columns - 1]}…"
    color = COLORS.get(str(entry["kind"]), "")
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM", "dumb") == "dumb"
    return text if plain or not color else f"\x1b[{color}m{text}\x1b[0m"


def _fetched(client: Client, since: int) -> tuple[list[Answer], int]:
    """
    All entries after one, read in parts, and the id of the newest.
    """
    found: list[Answer] = []
    while True:
        answer = client.request("GET", journalPath(since, ENTRIES))
        entries = member(client.url, answer, "journal", list)
        last: int = member(client.url, answer, "last", int)
        found += entries
        if not entries or entries[-1]["id"] >= last:
            return found, last
        since = entries[-1]["id"]


def _chosen(entries: Iterable[Answer], parsed: argparse.Namespace, now: float) -> Iterator[Answer]:
    oldest = None if parsed.since.seconds is None else now - parsed.since.seconds
    for entry in entries:
        if oldest is not None and float(entry["time"]) < oldest:
            continue
        if parsed.rule is not None and parsed.rule not in str(entry.get("rule", "")):
            continue
        wanted = {"proxy": parsed.proxy, "connection": parsed.connection, "kind": parsed.kind}
        if all(value is None or entry.get(name) == value for name, value in wanted.items()):
            yield entry


def _nothing(found: Iterable[Answer], parsed: argparse.Namespace) -> str:
    """
    Why no entry was chosen, with the nearest name that there is.
    """
    for name, always in (("kind", KINDS), ("proxy", ())):
        wanted = getattr(parsed, name)
        known = {*always, *(str(entry[name]) for entry in found if entry.get(name))}
        if wanted is not None and wanted not in known:
            return f"there is no entry of the {name} {wanted!r}: {nearest(wanted, known)}"
    return "no entry matches"


def _since(text: str) -> Since:
    if text.isdecimal():
        return Since(int(text))
    seconds = inUnit(text, "s")
    if seconds is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither the id of an entry nor a time such as 5m or 30s"
        )
    return Since(0, float(seconds))


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)
