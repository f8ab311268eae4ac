# -*- test-case-name: tests.ctl.test_top -*-
"""
C{vaurienctl top}: proxies and connections, updated every second.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import select
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote

from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import member
from vaurien_twisted.ctl.output import table
from vaurien_twisted.model.effects import inWords
from vaurien_twisted.model.json_types import Answer, JSONObject
from vaurien_twisted.model.names import printable

#: Enter and leave the alternate screen, without a cursor (ECMA-48, and xterm's 1049).
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"

#: Move to the top left; clear the rest of the line; clear the rest of the screen.
_HOME, _LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"

UNITS = ("B", "kB", "MB", "GB", "TB")

State = JSONObject

#: The percentiles of the durations of exchanges that are shown.
PERCENTILES = (50, 95, 99)

#: From the upper bound of a bucket of durations to its middle; the end of the last, in seconds.
MIDDLE, LONGEST = 0.97, 86400.0

#: The columns that are omitted on a narrow terminal, the least important first.
SPARE_OF_PROXIES = (3, 1, 10, 11, 7, 8, 2, 9)
SPARE_OF_CONNECTIONS = (5, 6, 1, 4, 3)


def addTop(parser: argparse.ArgumentParser) -> None:
    """
    Declare the arguments of the command.
    """
    parser.description = (
        "Show proxies and connections, updated every second; q or Ctrl-C ends it.  If the output "
        "is not a terminal, they are printed once."
    )
    parser.add_argument(
        "--interval",
        metavar="SECONDS",
        type=_seconds,
        default=1.0,
        help="the time between two updates (default: 1)",
    )
    parser.add_argument("--proxy", metavar="NAME", default="", help="show only this proxy")


def top(client: Client, parsed: argparse.Namespace) -> int:
    """
    Show the proxies and connections, once or until the user ends it.

    @return: 0.
    @raise ClientError: the service does not answer, or refuses.
    """
    state, connections = look(client, parsed.proxy)
    if parsed.json:
        print(json.dumps({**state, "connections": connections}))
    elif not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        print("\n".join(screen(state, connections, None, 0.0)))
    else:
        with _keys() as pressed:
            _loop(client, parsed, pressed)
    return 0


def _loop(client: Client, parsed: argparse.Namespace, pressed: Callable[[float], str]) -> None:
    before: State | None = None
    then = 0.0
    while True:
        state, connections = look(client, parsed.proxy)
        now = time.monotonic()
        columns, lines = shutil.get_terminal_size()
        shown = screen(state, connections, before, now - then, columns)[: lines - 1]
        sys.stdout.write(_HOME + "".join(f"{line[:columns]}{_LINE}\n" for line in shown) + _REST)
        sys.stdout.flush()
        before, then = state, now
        if pressed(parsed.interval) in ("q", "Q", "\x03"):
            return


def look(client: Client, proxy: str = "") -> tuple[Answer, list[Answer]]:
    """
    The state and the open connections of one proxy, or of all.

    @raise ClientError: the service does not answer, or refuses.
    """
    query = f"&proxy={quote(proxy, safe='')}" if proxy else ""
    answer = client.request("GET", f"/connections?limit=200{query}")
    connections: list[Answer] = member(client.url, answer, "connections", list)
    state = client.request("GET", "/state")
    proxies = member(client.url, state, "proxies", list)
    if proxy:
        proxies = [each for each in proxies if each["name"] == proxy]
    return {**state, "proxies": proxies}, connections


def screen(
    state: State,
    connections: Sequence[JSONObject],
    before: State | None,
    seconds: float,
    columns: int | None = None,
) -> list[str]:
    """
    The lines to show.

    @param before: the state of the last update, C{None} to show sums instead of rates.
    @param seconds: the time since then.
    @param columns: the width of the terminal; if it is too narrow, the least important columns are
        omitted.
    """
    known = {each["name"]: each for each in before["proxies"]} if before and seconds else {}
    per = "/s" if known else ""
    rows: list[tuple[str, ...]] = [
        (
            "PROXY",
            "PROTOCOL",
            "LISTEN",
            "UPSTREAM",
            "OPEN",
            f"EXCHANGES{per}",
            f"FAULTS{per}",
            *(f"P{percent}" for percent in PERCENTILES),
            f"FROM CLIENT{per}",
            f"TO CLIENT{per}",
            "IN FORCE",
        )
    ]
    for proxy in state["proxies"]:
        old = known.get(proxy["name"])
        rows.append(
            (
                proxy["name"],
                proxy["protocol"],
                proxy["listen"] if proxy["enabled"] else f"({proxy['listen']})",
                proxy["upstream"],
                str(proxy["open"]),
                _rate(proxy, old, seconds, "exchanges"),
                _rate(proxy, old, seconds, "faults"),
                *_percentiles(proxy, old),
                _rate(proxy, old, seconds, "received", "upstream"),
                _rate(proxy, old, seconds, "sent", "downstream"),
                _rules(proxy),
            )
        )
    lines = [f"vaurien {state['version']}, seed {state['seed']}", ""]
    lines += _lines(rows, columns, SPARE_OF_PROXIES)
    if connections:
        rows = [CONNECTION, *map(_connection, connections)]
        lines += ["", *_lines(rows, columns, SPARE_OF_CONNECTIONS)]
    return lines


CONNECTION = (
    "CONNECTION",
    "CLIENT",
    "STATE",
    "SECONDS",
    "EXCHANGES",
    "RECEIVED",
    "SENT",
    "LAST",
    "FAULT",
)


def _connection(connection: JSONObject) -> tuple[str, ...]:
    waiting = connection["waiting"]
    return (
        f"{connection['proxy']} {connection['id']}",
        connection["client"],
        connection["state"],
        f"{max(0.0, time.time() - connection['since']):.0f}",
        str(connection["exchanges"]),
        size(connection["received"]),
        size(connection["sent"]),
        connection["last"][:40],
        f"{inWords(waiting['command'].lower())}: {waiting['rule']}" if waiting else "",
    )


def _lines(rows: Sequence[Sequence[str]], width: int | None, spare: Sequence[int]) -> list[str]:
    """
    @param spare: the columns that are omitted if they do not fit, in this order.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    lines = table(cells).splitlines()
    out: set[int] = set()
    for column in spare:
        if width is None or max(map(len, lines)) <= width:
            break
        out.add(column)
        kept = [[cell for place, cell in enumerate(row) if place not in out] for row in cells]
        lines = table(kept).splitlines()
    return lines


def _rate(
    proxy: JSONObject,
    old: JSONObject | None,
    seconds: float,
    name: str,
    direction: str = "",
) -> str:
    now = proxy[name][direction] if direction else proxy[name]
    if old is not None:
        # A recreated proxy counts from zero.
        now = max(0, now - (old[name][direction] if direction else old[name])) / seconds
    return size(now) if direction else f"{now:.0f}"


def _percentiles(proxy: JSONObject, old: JSONObject | None) -> list[str]:
    """
    The percentiles of the durations of exchanges, since the last update or of all.
    """
    before = {} if old is None else dict(_buckets(old))
    # A recreated proxy counts from zero.
    grown = [(end, max(0, count - before.get(end, 0))) for end, count in _buckets(proxy)]
    total = sum(count for _, count in grown)
    found = []
    for percent in PERCENTILES:
        left = max(1, math.ceil(total * percent / 100))
        for end, count in grown:
            left -= count
            if left <= 0:
                found.append(span(end * MIDDLE))
                break
        else:
            found.append("-")
    return found


def _buckets(proxy: JSONObject) -> list[tuple[float, int]]:
    # Older services do not have it.
    buckets = proxy.get("duration", {}).get("buckets", [])
    return [(LONGEST if end is None else end, count) for end, count in buckets]


def span(seconds: float) -> str:
    """
    A short form of a duration: C{0.21 ms}, C{1.2 s}.
    """
    if seconds < 0.9995:
        millis = seconds * 1000
        return f"{millis:.0f} ms" if millis >= 9.95 else f"{float(f'{millis:.2g}'):g} ms"
    return f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds:.0f} s"


def _rules(proxy: JSONObject) -> str:
    words = []
    for item in proxy["rules"]:
        for rule in item.get("draw", [item]):
            words.append(f"{rule.get('percent', 100):g}:{rule['behavior']}")
    words += [f"{toxic['name']} ({toxic['type']})" for toxic in proxy["toxics"]]
    return ", ".join(words)


def size(count: float) -> str:
    """
    A short form of a number of bytes: C{999 B}, C{1.5 kB}.
    """
    power = 0
    while count >= 999.5 and power < len(UNITS) - 1:
        count, power = count / 1000, power + 1
    return f"{count:.{0 if not power or count >= 99.95 else 1}f} {UNITS[power]}"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, 0.1 to 3600")
    return seconds


@contextmanager
def _keys() -> Iterator[Callable[[float], str]]:
    """
    Take over the terminal.  The function that it gives waits the given seconds for a key, and
    returns C{""} if none was pressed.
    """
    try:
        import termios
        import tty
    except ImportError:
        # Not on this system; Ctrl-C ends it anyway.
        isKeyboard = False
    else:
        isKeyboard = sys.stdin is not None and sys.stdin.isatty()
    saved = termios.tcgetattr(sys.stdin) if isKeyboard else []

    def pressed(seconds: float) -> str:
        try:
            if not isKeyboard:
                time.sleep(seconds)
                return ""
            ready, _, _ = select.select([sys.stdin], [], [], seconds)
            # Not through the file, which would read more than it gives.
            return os.read(sys.stdin.fileno(), 1).decode("latin-1") or "q" if ready else ""
        except KeyboardInterrupt:
            return "q"

    sys.stdout.write(_ENTER)
    try:
        if isKeyboard:
            tty.setcbreak(sys.stdin)
        yield pressed
    finally:
        if isKeyboard:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
        sys.stdout.write(_LEAVE)
        sys.stdout.flush()
