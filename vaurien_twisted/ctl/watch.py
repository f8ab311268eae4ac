# -*- test-case-name: tests.ctl.test_watch -*-
"""
C{vaurienctl watch}: new entries of the journal, a line for each.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from urllib.parse import quote

from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import RequestRefused, Unreachable, notVaurien
from vaurien_twisted.ctl.output import entryLine
from vaurien_twisted.model.json_types import Answer

#: Seconds until a stream that broke off is requested again.
AGAIN = 1.0

#: How many failures in a row end the command.
TRIES = 10


def addWatch(parser: argparse.ArgumentParser) -> None:
    """
    Declare the arguments of the command.
    """
    parser.description = "Show decisions as they are made; Ctrl-C ends it."
    parser.add_argument(
        "--since", metavar="ID", type=int, default=None, help="begin after this entry; 0: show all"
    )
    parser.add_argument("--proxy", metavar="NAME", default="", help="show only this proxy")


def watch(client: Client, parsed: argparse.Namespace) -> int:
    """
    Follow the journal until interrupted.  If the stream breaks off, it resumes after the last entry
    that was shown.

    @return: 0.
    @raise ClientError: the service does not answer, or refuses.
    """
    try:
        for entry in follow(client, parsed.proxy, parsed.since):
            print(json.dumps(entry) if parsed.json else _line(entry), flush=True)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        # Who read it has seen enough; the interpreter would complain at its end.
        sys.stdout = None
    return 0


def _line(entry: Answer) -> str:
    if "count" in entry and "id" not in entry:
        return f"({entry['count']} entries before these are forgotten)"
    when = time.strftime("%H:%M:%S", time.localtime(float(entry["time"])))
    return f"{when}  {entryLine(entry)}"


def follow(client: Client, proxy: str = "", since: int | None = None) -> Iterator[Answer]:
    """
    The entries as they are recorded, without an end.

    @param since: the id of the last known entry, C{None} for new entries only.
    @raise ClientError: the service does not answer, or refuses.
    """
    path = f"/events?proxy={quote(proxy, safe='')}" if proxy else "/events"
    last, failed = since, 0
    while True:
        try:
            for entry in _entries(client, path, last):
                last, failed = entry.get("id", last), 0
                yield entry
        except RequestRefused:
            raise
        except Unreachable:
            # The service did not answer at first, or for a long time.
            failed += 1
            if last is None or failed > TRIES:
                raise
        time.sleep(AGAIN)


def _entries(client: Client, path: str, last: int | None) -> Iterator[Answer]:
    for line in client.stream(path, last):
        field, _, value = line.partition(":")
        if field == "data":
            try:
                entry = json.loads(value)
            except ValueError:
                entry = None
            if not isinstance(entry, dict):
                raise notVaurien(client.url, "an event is not a JSON object")
            yield entry
