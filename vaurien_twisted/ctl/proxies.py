# -*- test-case-name: tests.ctl.test_proxies -*-
"""
The commands of C{vaurienctl} for several proxies: C{list}, C{inspect},
C{create}, C{toggle}, C{delete}, C{toxic}, C{rules} and C{reset}.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
from collections.abc import Callable, Iterable, MutableMapping
from urllib.parse import quote

from vaurien_twisted.arguments import takesFile
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import ClientError, RequestRefused, member
from vaurien_twisted.ctl.in_force import formatProxies, formatProxy
from vaurien_twisted.ctl.near import nearName, reasonOf
from vaurien_twisted.ctl.output import readFile, say
from vaurien_twisted.model.json_types import Answer
from vaurien_twisted.model.names import printable
from vaurien_twisted.model.options import nearest

COMMANDS = {
    "list": "list the proxies and what is in force on them",
    "inspect": "show a proxy and all that is in force on it",
    "create": "create a proxy",
    "toggle": "disable enabled proxies, enable disabled ones",
    "delete": "delete proxies",
    "toxic": "add, update or remove a toxic",
    "rules": "show or set the rules of proxies",
    "reset": "enable all proxies, and remove all toxics",
}

TOXIC = {
    "add": "add a toxic: a behavior with a name of its own",
    "update": "change attributes or the toxicity of a toxic",
    "remove": "remove a toxic",
}

#: How the actions of C{toxic} are written, and an example of each.
TOXIC_USAGE = {
    "add": (
        "NAME... -t TYPE [-a ATTRIBUTE=VALUE]... [-n TOXIC] [-u | -d] [--toxicity SHARE]",
        "db -t latency -a latency=1000",
    ),
    "update": (
        "NAME... -n TOXIC [-a ATTRIBUTE=VALUE]... [--toxicity SHARE]",
        "db -n latency_downstream -a jitter=100",
    ),
    "remove": ("NAME... -n TOXIC", "db -n latency_downstream"),
}


def addCommands(
    made: MutableMapping[str, argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    """
    Declare the arguments of the commands.

    @param made: the commands by their names; gets the actions of C{toxic}, such as C{toxic add}.
    @param common: the options that every command accepts.
    """
    made["inspect"].add_argument("names", metavar="NAME", nargs=1, help="the proxy")
    create = made["create"]
    create.add_argument("name", metavar="NAME", help="the name of the new proxy")
    create.add_argument(
        "-l",
        "--listen",
        metavar="ADDRESS",
        default=None,
        help="the address to listen on (default: a free port)",
    )
    create.add_argument(
        "-u", "--upstream", metavar="ADDRESS", required=True, help="the address of the backend"
    )
    create.add_argument(
        "--protocol", default=None, help="its wire protocol (default: that of the first proxy)"
    )
    create.add_argument("--disabled", action="store_true", help="create it without listening")
    for name in ("toggle", "delete", "rules"):
        addNames(made[name])
    takesFile(
        made["rules"].add_argument(
            "--set",
            metavar="FILE",
            dest="file",
            help="a JSON file with a list of rules; - is standard input",
        )
    )
    made["rules"].set_defaults(rules=None)
    actions = made["toxic"].add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in TOXIC.items():
        usage, example = TOXIC_USAGE[name]
        own = made[f"toxic {name}"] = actions.add_parser(
            name,
            help=text,
            usage=f"%(prog)s {usage}",
            description=f"{text.capitalize()}.",
            epilog=f"example: vaurienctl toxic {name} {example}",
            parents=[common],
        )
        addNames(own)
        own.add_argument(
            "-n",
            "--name",
            "--toxicName",
            dest="toxic",
            metavar="TOXIC",
            help="the name of the toxic" + (" (default: TYPE_STREAM)" if name == "add" else ""),
        )
        if name == "add":
            own.add_argument("-t", "--type", required=True, help="a behavior, such as latency")
            ways = own.add_mutually_exclusive_group()
            for way in ("upstream", "downstream"):
                ways.add_argument(
                    f"-{way[0]}",
                    f"--{way}",
                    dest="stream",
                    action="store_const",
                    const=way,
                    help="affect bytes to the backend"
                    if way == "upstream"
                    else "affect bytes to the client",
                )
        if name != "remove":
            own.add_argument(
                "--toxicity",
                metavar="SHARE",
                type=float,
                help="the share of connections that it affects, 0 to 1",
            )
            own.add_argument(
                "-a",
                "--attribute",
                metavar="ATTRIBUTE=VALUE",
                dest="attributes",
                action="append",
                type=_attribute,
                default=[],
                help="an attribute, such as latency=1000; can be repeated",
            )


def addNames(parser: argparse.ArgumentParser) -> None:
    """
    Declare the arguments that choose proxies: names, patterns or all.
    """
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="proxies, or patterns such as 'db-*'"
    )
    parser.add_argument("--all", action="store_true", help="all proxies")


def check(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    Check what argparse cannot check.

    @raise SystemExit: 2, the command line is wrong.
    """
    if "" in getattr(parsed, "names", ()):
        parser.error("a proxy's name is empty: give the name of one, see vaurienctl list")
    if not hasattr(parsed, "all"):
        return
    if parsed.names and parsed.all:
        parser.error("--all chooses all proxies: remove --all or the names")
    if not parsed.names and not parsed.all:
        parser.error("no proxy is named: give names, patterns or --all")
    if getattr(parsed, "action", "add") != "add" and not parsed.toxic:
        parser.error("no toxic is named: give -n TOXIC")


def names(client: Client, patterns: Iterable[str], every: bool) -> list[str]:
    """
    The chosen proxies, in the order of the service.

    @raise ClientError: a pattern matches none.
    """
    wanted = list(patterns)
    if not every and not any(_isPattern(each) for each in wanted):
        return wanted
    known = list(client.request("GET", "/proxies"))
    if every:
        return known
    found: dict[str, None] = {}
    for pattern in wanted:
        matching = fnmatch.filter(known, pattern) if _isPattern(pattern) else [pattern]
        if not matching:
            raise ClientError(f"no proxy matches {pattern!r}: {nearest(pattern, known)}")
        found.update(dict.fromkeys(matching))
    return list(found)


def path(name: str) -> str:
    """
    The path of a proxy.
    """
    return f"/proxies/{quote(name, safe='')}"


def run(client: Client, parsed: argparse.Namespace) -> int:
    """
    Run one of the commands.

    @return: 0, or 1 if it failed for one of the proxies; it was done for the others.
    @raise ClientError: it was not done.
    """
    match parsed.command:
        case "list":
            known = client.request("GET", "/proxies")
            states = [] if parsed.json else _states(client)
            return _show(parsed, known, lambda proxies: formatProxies(proxies, states))
        case "create":
            body = {"name": parsed.name, "upstream": parsed.upstream, "listen": parsed.listen}
            body |= {"enabled": not parsed.disabled, "protocol": parsed.protocol}
            try:
                answer = client.request("POST", "/proxies", body)
            except RequestRefused as refused:
                if refused.status != 409:
                    raise
                hint = "choose another name, or delete that one first"
                raise ClientError(f"there is already a proxy {parsed.name!r}: {hint}") from None
            return _show(
                parsed,
                answer,
                lambda each: (
                    f"{each['name']} listens on {each['listen']}"
                    if each["enabled"]
                    else f"{each['name']} is there, disabled"
                ),
            )
        case "reset":
            client.request("POST", "/reset")
            return _show(parsed, {}, lambda _: "all proxies are enabled, without toxics")
    return _each(client, parsed)


def _each(client: Client, parsed: argparse.Namespace) -> int:
    answers: Answer = {}
    status = 0
    for name in names(client, parsed.names, getattr(parsed, "all", False)):
        try:
            answers[name], text = _one(client, parsed, name)
        except RequestRefused as refused:
            meant = f"{reasonOf(refused)}{nearName(client, name, parsed, refused)}"
            print(printable(f"vaurienctl: {name}: {meant}"), file=sys.stderr)
            status = 1
        else:
            if not parsed.json:
                say(text)
    if parsed.json:
        print(json.dumps(answers))
    return status


def _one(client: Client, parsed: argparse.Namespace, name: str) -> tuple[Answer, str]:
    """
    Run a command for one proxy: the answer, and the text to print.
    """
    match parsed.command:
        case "inspect":
            answer = client.request("GET", path(name))
            answer.update(client.request("GET", f"{path(name)}/rules"))
            [state] = [each for each in _states(client) if each["name"] == name] or [{}]
            answer["own"] = state.get("own", [])
            return answer, formatProxy(answer)
        case "toggle":
            enabled = not member(client.url, client.request("GET", path(name)), "enabled", bool)
            answer = client.request("PATCH", path(name), {"enabled": enabled})
            return answer, f"{name} is now {'enabled' if enabled else 'disabled'}"
        case "delete":
            return client.request("DELETE", path(name)), f"{name} is deleted"
        case "rules":
            return _rules(client, parsed, name)
    return _toxic(client, parsed, name)


def _states(client: Client) -> list[Answer]:
    found: list[Answer] = member(client.url, client.request("GET", "/state"), "proxies", list)
    return found


def _rules(client: Client, parsed: argparse.Namespace, name: str) -> tuple[Answer, str]:
    if parsed.file is not None:
        if parsed.rules is None:
            # Standard input can only be read once.
            parsed.rules = readFile(parsed.file)
        answer = client.request("PUT", f"{path(name)}/rules", parsed.rules)
        return answer, f"{name}: the rules are set"
    answer = client.request("GET", f"{path(name)}/rules")
    return answer, json.dumps(member(client.url, answer, "rules", list), indent=2)


def _toxic(client: Client, parsed: argparse.Namespace, name: str) -> tuple[Answer, str]:
    if parsed.action == "remove":
        answer = client.request("DELETE", f"{path(name)}/toxics/{quote(parsed.toxic, safe='')}")
        return answer, f"{name}: {parsed.toxic} is removed"
    body: Answer = {"attributes": dict(parsed.attributes)}
    if parsed.toxicity is not None:
        body["toxicity"] = parsed.toxicity
    if parsed.action == "update":
        where = f"{path(name)}/toxics/{quote(parsed.toxic, safe='')}"
        return client.request("PATCH", where, body), f"{name}: {parsed.toxic} is changed"
    body |= {"name": parsed.toxic, "type": parsed.type, "stream": parsed.stream}
    answer = client.request("POST", f"{path(name)}/toxics", body)
    return answer, f"{name}: {answer.get('name')} is added, {answer.get('stream')}"


def _show(parsed: argparse.Namespace, answer: Answer, form: Callable[[Answer], str]) -> int:
    text = json.dumps(answer) if parsed.json else form(answer)
    if text:
        say(text)
    return 0


def _attribute(word: str) -> tuple[str, object]:
    name, equals, text = word.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{word!r} is not NAME=VALUE, such as latency=1000")
    try:
        return name, json.loads(text)
    except ValueError:
        return name, text


def _isPattern(name: str) -> bool:
    return any(letter in name for letter in "*?[")
