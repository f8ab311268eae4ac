# -*- test-case-name: tests.ctl.test_observing -*-
"""
The commands of C{vaurienctl} that show what happens: C{connections}, C{kill}, C{explain},
C{metrics}, C{state} and C{open}.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import RequestRefused, member
from vaurien_twisted.ctl.in_force import inForce
from vaurien_twisted.ctl.near import reasonOf
from vaurien_twisted.ctl.output import say, table
from vaurien_twisted.model.json_types import JSONObject
from vaurien_twisted.model.names import printable

COMMANDS = {
    "connections": "list the open connections",
    "kill": "close connections by their numbers",
    "explain": "show what happened to an exchange and why, or why nothing did",
    "state": "show the proxies with their counters and all that is in force",
    "metrics": "show the counters in the Prometheus text format",
    "open": "open the page in a browser",
}

#: How many entries of the journal C{explain} shows for a connection.
LATEST = 10


def addCommands(made: Mapping[str, argparse.ArgumentParser]) -> None:
    """
    Declare the arguments of the commands.
    """
    of = {"connections": "all proxies", "kill": "the first proxy", "explain": "the first proxy"}
    for name, default in of.items():
        made[name].add_argument(
            "--proxy", metavar="NAME", default="", help=f"the proxy (default: {default})"
        )
    made["connections"].add_argument(
        "--limit", metavar="N", type=_number, default=1000, help="at most so many, oldest first"
    )
    made["kill"].add_argument(
        "numbers", metavar="CONNECTION", nargs="+", type=_number, help="see connections"
    )
    made["kill"].add_argument(
        "--reset", action="store_true", help="reset them at once instead of closing them in order"
    )
    made["explain"].add_argument(
        "connection", metavar="CONNECTION", type=_number, help="see connections or journal"
    )
    made["explain"].add_argument(
        "exchange",
        metavar="EXCHANGE",
        type=_number,
        nargs="?",
        help="the number of the request on it; 0: the connection itself (default: the connection, "
        "then what the journal says of its requests)",
    )


def run(client: Client, parsed: argparse.Namespace) -> int:
    """
    Run one of the commands.

    @return: 0, or 1 if it failed for one of several connections; it was done for the others.
    @raise ClientError: it was not done.
    """
    match parsed.command:
        case "kill":
            return _kill(client, parsed)
        case "metrics":
            for line in client.stream("/metrics"):
                print(line)
            return 0
    answer = client.request("GET", _path(parsed))
    if parsed.json or not (parsed.command == "explain" or sys.stdout.isatty()):
        print(json.dumps(answer, indent=None if parsed.json else 2))
    elif parsed.command == "connections":
        say(_connections(member(client.url, answer, "connections", list), answer, time.time()))
    elif parsed.command == "state":
        say(_state(client.url, answer))
    else:
        say(explained(answer))
        if parsed.exchange is None:
            say(_exchanges(client, answer))
    return 0


def _path(parsed: argparse.Namespace) -> str:
    if parsed.command == "state":
        return "/state"
    query = {"proxy": parsed.proxy} if parsed.proxy else {}
    if parsed.command == "connections":
        return f"/connections?{urlencode({'limit': parsed.limit, **query})}"
    place = {"connection": parsed.connection, "exchange": parsed.exchange or 0}
    return f"/explain?{urlencode({**place, **query})}"


def _kill(client: Client, parsed: argparse.Namespace) -> int:
    status = 0
    for number in parsed.numbers:
        query = urlencode({"reset": int(parsed.reset), "proxy": parsed.proxy})
        try:
            client.request("DELETE", f"/connections/{number}?{query}")
        except RequestRefused as refused:
            print(printable(f"vaurienctl: {reasonOf(refused)}"), file=sys.stderr)
            status = 1
        else:
            if not parsed.json:
                say(f"connection {number} is {'reset' if parsed.reset else 'closed'}")
    if parsed.json and not status:
        print(json.dumps({"status": "ok"}))
    return status


def openPage(client: Client, parsed: argparse.Namespace) -> int:
    """
    Open the page in the user's browser.

    @return: 0, or 1 if there is no browser.
    @raise ClientError: the service does not answer.
    """
    import webbrowser

    page = f"{client.url}/"
    # The service must be there.
    client.request("GET", "/state")
    if not webbrowser.open(page):
        say(f"no browser was found: open {page}")
        return 1
    say(f"opened {page}")
    return 0


def _connections(connections: Sequence[JSONObject], answer: JSONObject, now: float) -> str:
    if not connections:
        return "there are none"
    rows = [
        (
            str(each["proxy"]),
            str(each["id"]),
            str(each["client"]),
            f"{max(0.0, now - float(each['since'])):.0f} s",
            str(each["state"]),
            str(each["exchanges"]),
            str(each["last"] or ""),
            _waiting(each) + ("; rules of its own" if each.get("own") else ""),
        )
        for each in connections
    ]
    names = ("PROXY", "CONNECTION", "CLIENT", "OPEN FOR", "STATE", "EXCHANGES", "LAST", "WAITS")
    lines = [table([names, *((*row[:-1], row[-1].removeprefix("; ")) for row in rows)])]
    left = answer.get("total", len(rows)) - len(rows)
    if left > 0:
        lines.append(f"and {left} more: --limit {answer['total']} shows all")
    return "\n".join(lines)


def _waiting(connection: JSONObject) -> str:
    waiting = connection.get("waiting")
    return f"for {waiting.get('rule') or waiting.get('effect') or 'a rule'}" if waiting else ""


def _state(url: str, answer: JSONObject) -> str:
    proxies = member(url, answer, "proxies", list)
    first = f"vaurien {answer.get('version', '')}, seed {answer.get('seed', '')}"
    if not proxies:
        return f"{first}\nthere are no proxies"
    rows = [
        (
            str(each["name"]),
            str(each["protocol"]),
            str(each["listen"]) if each["enabled"] else "disabled",
            str(each["upstream"]),
            str(each["open"]),
            str(each["accepted"]),
            str(each["exchanges"]),
            str(each["faults"]),
            "; ".join(inForce(each)) or "no fault",
        )
        for each in proxies
    ]
    names = ("NAME", "PROTOCOL", "LISTEN", "UPSTREAM", "OPEN", "ACCEPTED", "EXCHANGES", "FAULTS")
    return f"{first}\n{table([(*names, 'IN FORCE'), *rows])}"


def explained(answer: JSONObject) -> str:
    """
    The answer of C{/explain} as text.
    """
    place = f"{answer['proxy']} connection {answer['connection']} exchange {answer['exchange']}"
    description = answer.get("whole", {}).get("description") or answer.get("description")
    described = f": {description}" if description else ""
    others = [rule for rule in answer.get("rules", []) if not rule.get("applied")]
    # The summary names the reasons of these, too, if nothing happened.
    summary = answer["summary"] if answer.get("hit") or not others else "nothing happened"
    lines = [place + described, f"  {summary}"]
    sent = {each["message"]: None for each in answer.get("journal", []) if each.get("message")}
    lines += [f"  sent: {message}" for message in sent]
    lines += [f"  {words}" for words in _timing(answer.get("timing") or {})]
    lines += [f"  {rule['rule']}: did not apply ({rule['reason']})" for rule in others]
    return "\n".join(lines)


def _timing(timing: JSONObject) -> Iterator[str]:
    """
    The known times of an exchange.
    """
    if "came" not in timing:
        return
    when = time.strftime("%H:%M:%S", time.localtime(float(timing["came"])))
    size = f", {timing['requestBytes']:,} bytes" if "requestBytes" in timing else ""
    yield f"came at {when}{size}"
    if "waited" in timing:
        waited = float(timing["waited"])
        yield "went to the backend at once" if not waited else f"waited {_seconds(waited)}"
    if "replyEnded" in timing:
        size = f", {timing['replyBytes']:,} bytes" if "replyBytes" in timing else ""
        error = f", error {timing['error']}" if "error" in timing else ""
        yield f"the backend's reply ended after {_seconds(timing['replyEnded'])}{size}{error}"
    if "duration" in timing:
        yield f"took {_seconds(timing['duration'])} in all"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.4g} s"


def _exchanges(client: Client, connection: JSONObject) -> str:
    """
    The journal's entries about the latest exchanges of a connection, as lines.
    """
    place = {"proxy": connection["proxy"], "connection": connection["connection"]}
    answer = client.request("GET", f"/journal?{urlencode({**place, 'latest': LATEST})}")
    entries = member(client.url, answer, "journal", list)
    lines = [
        f"  exchange {entry['exchange']}: {entry['description']}: {entry['rule']}: "
        f"{entry.get('words') or entry['effect']} ({entry['reason']})"
        for entry in entries
        if entry.get("exchange") and "rule" in entry
    ]
    if not lines:
        return "its requests are not in the journal: write the number of one after the connection"
    return "\n".join(["its latest requests in the journal:", *lines])


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return int(text)
