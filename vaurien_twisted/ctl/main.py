# -*- test-case-name: tests.ctl.test_main,tests.ctl.test_main_rules -*-
"""
The command C{vaurienctl}: drives a running Vaurien from the shell.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from urllib.parse import quote

from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import ClientError, RequestRefused, Unreachable, member
from vaurien_twisted.ctl import observing
from vaurien_twisted.ctl import proxies as ctl_proxies
from vaurien_twisted.ctl.completion import script
from vaurien_twisted.ctl.experiment import experiment
from vaurien_twisted.ctl.journal import journal
from vaurien_twisted.ctl.near import reasonOf
from vaurien_twisted.ctl.normal import normal, stillInForce
from vaurien_twisted.ctl.output import formatAnswer, readFile, say
from vaurien_twisted.ctl.parser import parse
from vaurien_twisted.ctl.top import top
from vaurien_twisted.ctl.versions import missingFeature
from vaurien_twisted.ctl.watch import watch
from vaurien_twisted.model.environment import URL_VARIABLE
from vaurien_twisted.model.json_types import Answer
from vaurien_twisted.model.names import printable
from vaurien_twisted.stdio import openStandardStreams, writing

#: Commands that print their results themselves.
OWN = {
    "top": top,
    "watch": watch,
    "journal": journal,
    "experiment": experiment,
    "normal": normal,
    **dict.fromkeys(observing.COMMANDS, observing.run),
    "open": observing.openPage,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command line.

    @return: 0, or 1 if the service refused or does not answer; the reason goes to standard
        error, in one line.
    @raise SystemExit: 2, the command line is wrong; 0, help or the version was shown.
    """
    if arguments is None:
        openStandardStreams()
    return writing("vaurienctl", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parsed = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        if parsed.command == "completion":
            print(script(parsed.parser, parsed.shell))
            return 0
        client = _client(parsed)
        if parsed.command in OWN:
            return OWN[parsed.command](client, parsed)
        if parsed.command in ctl_proxies.COMMANDS:
            return ctl_proxies.run(client, parsed)
        if parsed.command == "set-rules":
            parsed.rules = readFile(parsed.file)
        if not getattr(parsed, "proxy", None) and not getattr(parsed, "all", False):
            targets = None
            _show(client, parsed, "")
        else:
            targets = ctl_proxies.names(client, parsed.proxy, parsed.all)
            for name in targets:
                label = f"{name}: " if len(targets) > 1 else ""
                _show(client, parsed, ctl_proxies.path(name), label)
        if parsed.command == "set-behavior" and parsed.name == "dummy" and not parsed.json:
            remaining = stillInForce(client, targets, parsed.all)
            if remaining:
                say(remaining)
    except ClientError as error:
        reason = (
            missingFeature(client, error) if isinstance(error, RequestRefused) else ""
        ) or _reason(error)
        print(f"vaurienctl: {printable(reason)}", file=sys.stderr)
        return 1
    return 0


def _reason(error: ClientError) -> str:
    """
    The reason for an error, in terms of the command line if an option can correct it.
    """
    if isinstance(error, Unreachable):
        return f"{error.fact} Another place is set by --host, --http-port or {URL_VARIABLE}"
    return reasonOf(error) if isinstance(error, RequestRefused) else str(error)


def _show(client: Client, parsed: argparse.Namespace, prefix: str, label: str = "") -> None:
    answer = _ask(client, parsed, prefix)
    text = json.dumps(answer) if parsed.json else formatAnswer(client.url, parsed, answer)
    if text and parsed.command == "get-behavior" and not sys.stdout.isatty():
        # Unchanged, so that set-behavior accepts it.
        print(label + text)
    elif text:
        say(label + text)
    if parsed.command == "get-behavior" and "rules" in answer:
        print("vaurienctl: other rules are in force too: see get-rules", file=sys.stderr)


def _client(parsed: argparse.Namespace) -> Client:
    host: str | None = parsed.host
    port: int | None = parsed.http_port
    if host is None:
        return Client(port=port)
    bare = host.count(":") > 1 and not host.startswith("[")
    if "://" in host or (":" in host.rpartition("]")[2] and not bare):
        if port is not None:
            raise ClientError(f"the port is in --host {host} and in --http-port: give it once")
        return Client(url=host if "://" in host else f"http://{host}")
    return Client(host, port)


def _ask(client: Client, parsed: argparse.Namespace, prefix: str) -> Answer:
    match parsed.command:
        case "list-behaviors":
            return client.request("GET", "/behaviors?verbose=1")
        case "set-behavior":
            return client.request(
                "PUT", f"{prefix}/behavior", {**parsed.options, "name": parsed.name}
            )
        case "set-backend":
            return client.request("PUT", f"{prefix}/backend", {"backend": parsed.backend})
        case "set-rules":
            return client.request("PUT", f"{prefix}/rules", parsed.rules)
        case "list-protocols":
            return client.request("GET", "/protocols")
        case "list-errors":
            protocol = parsed.protocol
            if protocol is None:
                spoken = client.request("GET", "/protocols")
                protocol = member(client.url, spoken, "protocol", str)
            return client.request("GET", f"/protocols/{quote(protocol, safe='')}")
    return client.request("GET", f"{prefix}/{parsed.command.removeprefix('get-')}")
