# -*- test-case-name: tests.ctl.test_main,tests.ctl.test_main_rules -*-
"""
The command C{vaurienctl}: drives a running Vaurien from the shell.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from vaurien_twisted import __version__
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import (
    ClientError,
    RequestRefused,
    Unreachable,
    journalPath,
    member,
)
from vaurien_twisted.ctl import proxies as ctl_proxies
from vaurien_twisted.ctl.commands import COMMANDS, EXAMPLES, OF_PROXIES
from vaurien_twisted.ctl.experiment import addExperiment, experiment
from vaurien_twisted.ctl.normal import normal, stillInForce
from vaurien_twisted.ctl.output import formatAnswer, readFile, say
from vaurien_twisted.ctl.top import addTop, top
from vaurien_twisted.ctl.watch import addWatch, watch
from vaurien_twisted.model.environment import TOKEN_VARIABLE, URL_VARIABLE
from vaurien_twisted.model.names import printable
from vaurien_twisted.stdio import openStandardStreams, writing

#: Commands that print what they do themselves.
OWN = {"top": top, "watch": watch, "experiment": experiment, "normal": normal}

#: How many entries of the journal one request fetches.
ENTRIES = 1000


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
        print(f"vaurienctl: {printable(_reason(error))}", file=sys.stderr)
        return 1
    return 0


def _reason(error: ClientError) -> str:
    """
    The reason for an error, in terms of the command line where that can correct it.
    """
    if isinstance(error, Unreachable):
        return f"{error.fact} Another place is set by --host, --http-port or {URL_VARIABLE}"
    if isinstance(error, RequestRefused) and error.status == 401:
        if os.environ.get(TOKEN_VARIABLE):
            return f"the service wants its token, which is not what {TOKEN_VARIABLE} has"
        return f"the service wants its token: set {TOKEN_VARIABLE}"
    return str(error)


def _show(client: Client, parsed: argparse.Namespace, prefix: str, label: str = "") -> None:
    answer = _ask(client, parsed, prefix)
    text = json.dumps(answer) if parsed.json else formatAnswer(client.url, parsed, answer)
    if text and parsed.command == "get-behavior" and not sys.stdout.isatty():
        # Unchanged, so that set-behavior accepts it.
        print(label + text)
    elif text:
        say(label + text)
    if parsed.command == "get-behavior" and "rules" in answer:
        print("vaurienctl: there is more in force: see get-rules", file=sys.stderr)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    Read the command line.

    @raise SystemExit: see L{main}.
    """
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    # Without defaults, so that what stands before the command outlives the command's own parsing.
    common.add_argument(
        "--host",
        metavar="URL",
        default=argparse.SUPPRESS,
        help=f"the control service: HOST, HOST:PORT or URL (default: {URL_VARIABLE}, or localhost)",
    )
    common.add_argument(
        "--http-port",
        metavar="PORT",
        type=_port,
        default=argparse.SUPPRESS,
        help="the port of the control service (default: 8080)",
    )
    common.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print the JSON answer of the service",
    )
    parser = argparse.ArgumentParser(
        "vaurienctl",
        description="Control a running vaurien that was started with --http.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    made = {
        name: commands.add_parser(
            name, help=text, description=f"{text.capitalize()}.", parents=[common]
        )
        for name, text in COMMANDS.items()
    }
    made["set-behavior"].add_argument(
        "name", metavar="NAME", help="a behavior, or percentages such as 20:error,10:delay"
    )
    made["set-behavior"].add_argument(
        "options",
        metavar="option=value",
        nargs="*",
        default=[],
        help="an option of the behavior; with percentages, behavior.option=value "
        "(default: as configured when vaurien started)",
    )
    made["set-backend"].add_argument(
        "backend",
        metavar="HOST:PORT",
        help="the address of the backend, or a Twisted endpoint string",
    )
    made["set-rules"].add_argument(
        "file", metavar="FILE", help="a JSON file with a list of rules; - is standard input"
    )
    made["list-behaviors"].add_argument(
        "names", metavar="NAME", nargs="*", help="show only these behaviors, with their options"
    )
    made["list-errors"].add_argument(
        "protocol",
        metavar="PROTOCOL",
        nargs="?",
        help="a wire protocol, such as mysql (default: that of the first proxy)",
    )
    made["journal"].add_argument(
        "--since", metavar="ID", type=_id, default=0, help="show only entries after this one"
    )
    for name in OF_PROXIES:
        made[name].add_argument(
            "--proxy",
            metavar="NAME",
            action="append",
            default=[],
            help="a proxy, or a pattern such as 'db-*'; can be repeated (default: the first proxy)",
        )
        made[name].add_argument("--all", action="store_true", help="all proxies")
    ctl_proxies.addCommands(made, common)
    addWatch(made["watch"])
    addTop(made["top"])
    if "experiment" in arguments:
        addExperiment(made["experiment"])
    _checkCommand(parser, common, arguments)
    parsed = parser.parse_args(arguments, argparse.Namespace(host=None, http_port=None, json=False))
    if parsed.command in ctl_proxies.COMMANDS:
        ctl_proxies.check(made[parsed.command], parsed)
    if parsed.command == "set-behavior":
        try:
            parsed.options = readOptions(parsed.options)
        except ValueError as error:
            made["set-behavior"].error(str(error))
    return parsed


def readOptions(words: Iterable[str]) -> dict[str, Any]:
    """
    C{option=value} words as JSON for the service, which reads the values itself;
    C{behavior.option=value} goes under the behavior.

    @raise ValueError: a word has no C{=}, or an option is there twice.
    """
    options: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ValueError(f"{word!r} is not of the form option=value, such as sleep=2")
        behavior, dot, own = name.partition(".")
        place = options.setdefault(behavior, {}) if dot else options
        key = own if dot else name
        if not isinstance(place, dict) or key in place:
            raise ValueError(f"{name!r} is there twice")
        place[key] = value
    if "name" in options:
        raise ValueError("'name' is not an option: the behavior's name stands before them")
    return options


def _checkCommand(
    parser: argparse.ArgumentParser, common: argparse.ArgumentParser, arguments: Sequence[str]
) -> None:
    """
    Suggest the nearest command, where argparse would list all of them.
    """
    first = argparse.ArgumentParser(
        "vaurienctl", add_help=False, allow_abbrev=False, parents=[common]
    )
    first.add_argument("command", nargs="?")
    word = first.parse_known_args(arguments)[0].command
    if word is not None and word not in COMMANDS:
        close = difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0.4)
        meant = f"did you mean {close[0]!r}?" if close else f"pick one of: {', '.join(COMMANDS)}"
        parser.error(f"there is no command {word!r}: {meant}")


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 1 to 65535")
    return int(text)


def _client(parsed: argparse.Namespace) -> Client:
    host: str | None = parsed.host
    port: int | None = parsed.http_port
    if host is None:
        return Client(port=port)
    bare = host.count(":") > 1 and not host.startswith("[")
    if "://" in host or (":" in host.rpartition("]")[2] and not bare):
        if port is not None:
            raise ClientError(f"the port is in --host {host} and in --http-port: say it once")
        return Client(url=host if "://" in host else f"http://{host}")
    return Client(host, port)


def _id(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not the id of an entry")
    return int(text)


def _ask(client: Client, parsed: argparse.Namespace, prefix: str) -> dict[str, Any]:
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
        case "journal":
            return _journal(client, parsed.since)
    return client.request("GET", f"{prefix}/{parsed.command.removeprefix('get-')}")


def _journal(client: Client, since: int) -> dict[str, Any]:
    """
    All entries after one, up to the newest one at the first request.
    """
    answer = client.request("GET", journalPath(since, ENTRIES))
    entries = member(client.url, answer, "journal", list)
    last = member(client.url, answer, "last", int)
    more = entries
    while more and more[-1]["id"] < last:
        path = journalPath(more[-1]["id"], ENTRIES)
        more = member(client.url, client.request("GET", path), "journal", list)
        entries += more
    return {"journal": entries, "last": last}
