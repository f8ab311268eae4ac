# -*- test-case-name: tests.ctl.test_normal -*-
"""
C{vaurienctl normal}, and what C{set-behavior dummy} leaves in force.
"""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator

from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import ClientError, RequestRefused, member
from vaurien_twisted.ctl import proxies as ctl_proxies
from vaurien_twisted.ctl.in_force import inForce
from vaurien_twisted.ctl.output import say
from vaurien_twisted.ctl.versions import missingPath
from vaurien_twisted.model.json_types import JSONObject

#: The most lines about what is still in force.
LINES = 20


def normal(client: Client, parsed: argparse.Namespace) -> int:
    """
    Remove everything that is in force on the first proxy, the chosen ones or all.

    @return: 0.
    @raise ClientError: it was not done.
    """
    removed: list[JSONObject] = []
    for path in _paths(client, parsed):
        try:
            answer = client.request("POST", path)
        except RequestRefused as refused:
            if missingPath(refused):
                raise ClientError(
                    "the service is older than this vaurienctl and cannot do it in one request: "
                    "use set-behavior dummy, toxic remove and reset"
                ) from None
            raise
        removed += member(client.url, answer, "proxies", list)
    if parsed.json:
        print(json.dumps({"proxies": removed}))
        return 0
    for each in removed:
        say(f"{each['name']}: {_words(each)}")
    names = {str(each["name"]) for each in removed}
    remaining = [line for name, line in _remaining(_states(client)) if name not in names]
    if remaining:
        say(_listed(remaining, "remove it: vaurienctl normal --all"))
    return 0


def _paths(client: Client, parsed: argparse.Namespace) -> list[str]:
    if parsed.all:
        return ["/normal"]
    if parsed.proxy:
        names = ctl_proxies.names(client, parsed.proxy, False)
    else:
        names = list(client.request("GET", "/proxies"))[:1]
        if not names:
            raise ClientError("there are no proxies")
    return [f"{ctl_proxies.path(name)}/normal" for name in names]


def _words(removed: JSONObject) -> str:
    """
    The faults that were in force on one proxy, in words.
    """
    parts = []
    if removed["rules"]:
        parts.append(f"{removed['rules']} rule{'s' if removed['rules'] > 1 else ''}")
    parts += [f"toxic {name}" for name in removed["toxics"]]
    connections = removed["connections"]
    if connections:
        numbers = ", ".join(map(str, connections[:LINES]))
        more = ", …" if len(connections) > LINES else ""
        parts.append(f"the rules of connection{'s' if connections[1:] else ''} {numbers}{more}")
    text = f"removed {', '.join(parts)}" if parts else "nothing was in force"
    return text if removed["enabled"] else f"{text}; the proxy is disabled"


def stillInForce(client: Client, chosen: list[str] | None, every: bool) -> str:
    """
    The faults that are still in force after C{set-behavior dummy}.

    @param chosen: the proxies whose behavior was set, C{None} for the first.
    @param every: whether they are all.
    @return: some lines; C{""} if nothing is in force, or the service does not say.
    """
    try:
        states = _states(client)
    except RequestRefused:
        return ""
    lines = list(_remaining(states))
    if not lines:
        return ""
    first = [str(states[0]["name"])] if chosen is None else chosen
    if every or any(name not in first for name, _ in lines):
        hint = " --all"
    else:
        hint = "".join(f" --proxy {shlex.quote(name)}" for name in chosen or ())
    return _listed([line for _, line in lines], f"remove it: vaurienctl normal{hint}")


def _states(client: Client) -> list[JSONObject]:
    answer = client.request("GET", "/state")
    found: list[JSONObject] = member(client.url, answer, "proxies", list)
    return found


def _remaining(states: list[JSONObject]) -> Iterator[tuple[str, str]]:
    """
    The names of proxies, and lines with the faults in force on them.
    """
    for state in states:
        place = "" if len(states) == 1 else f"{state['name']}: "
        for words in inForce(state):
            yield str(state["name"]), f"{place}{words} remains"


def _listed(lines: list[str], hint: str) -> str:
    shown = lines[:LINES]
    if len(lines) > LINES:
        shown.append(f"and {len(lines) - LINES} more")
    return "\n".join([*shown, hint])
