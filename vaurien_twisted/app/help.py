# -*- test-case-name: tests.app.test_help -*-
"""
The help of C{vaurien}: a short one, and one for each topic.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping

from vaurien_twisted.interfaces import IBehaviorBase, IWireProtocol
from vaurien_twisted.model.options import Refused, Spec, listed, nearest
from vaurien_twisted.rules.registry import Registry

EXAMPLES = """
Examples:
  vaurien --demo
      A web backend, a proxy to it on port 8000, the control service on port 8080.
  vaurien --protocol mysql --proxy 0.0.0.0:3307 --backend 192.168.1.123:3306 --http
      A proxy to a MySQL server.  In another shell: vaurienctl set-behavior hang
  vaurien --protocol http --backend example.com:80 --behavior 20:error,10:delay \\
          --behavior-delay-sleep 2 --seed 7
      20 % of the requests fail, 10 % are delayed by 2 s.
"""

#: The options of the service in the short help, by topic.  Other options come last.
GROUPS = {
    "The proxy": (
        *("protocol", "proxy", "backend", "behavior", "name", "timeout", "connect-first"),
    ),
    "The control service": (*("http", "http-host", "http-port", "toxiproxy", "token", "insecure"),),
    "Decisions and logs": ("seed", "log-level", "log-format", "log-output", "journal"),
}

#: Commands beside the options.
COMMANDS = {
    "run": "run an experiment from a file",
    "mcp": "serve the operations of a running vaurien to an assistant",
    "help": "show this, or: help behaviors, help protocols, help all, help NAME, help COMMAND",
}

#: Topics that are not names of behaviors or protocols.
TOPICS = ("behaviors", "protocols", "all", *COMMANDS)

#: The column in which descriptions begin.
INDENT = 26


def entry(option: str, meaning: str, columns: int) -> list[str]:
    """
    The lines of the help for one option or name.
    """
    lines = textwrap.wrap(" ".join(meaning.split()), max(20, columns - INDENT))
    indented = [" " * INDENT + line for line in lines]
    if len(option) + 1 < INDENT and indented:
        return [option + indented[0][len(option) :], *indented[1:]]
    return [option, *indented]


def meaning(spec: Spec) -> str:
    """
    The description of an option, with its choices and its default.
    """
    unit = f" {spec.unit}" if spec.unit else ""
    choices = f" One of: {', '.join(spec.choices)}." if spec.choices else ""
    default = f" [default: {spec.default}{unit}]" if spec.default != "" else ""
    return f"{spec.description}{choices}{default}"


def shortHelp(title: str, options: Mapping[str, str], columns: int) -> str:
    """
    Examples, commands, and the options of the service.

    @param title: the first line.
    @param options: the options of the service with their meanings: C{{"proxy=": "…"}}.
    """
    lines = [title, *EXAMPLES.splitlines(), "", "Commands:"]
    for command, purpose in COMMANDS.items():
        lines += entry(f"  {command}", purpose, columns)
    words = {option.rstrip("="): option for option in options}
    grouped = {name for names in GROUPS.values() for name in names}
    others = {"Others": tuple(name for name in words if name not in grouped)}
    for group, names in {**GROUPS, **others}.items():
        lines += ["", f"{group}:"]
        for name in names:
            if name in words:
                short = "-c, " if name == "config" else ""
                option = f"  {short}--{words[name]}"
                lines += entry(option, _first(options[words[name]]), columns)
    lines += ["", "Behaviors and protocols have options of their own, such as"]
    lines += ["--behavior-delay-sleep 2: see vaurien help delay, vaurien help all."]
    return "\n".join(lines) + "\n"


def _first(text: str) -> str:
    """
    The first sentence of a meaning, and its default.
    """
    sentence, end, _ = text.partition(". ")
    default = text[text.index("[default:") :] if "[default:" in text else ""
    if default in sentence or not end:
        return text
    return f"{sentence}. {default}".rstrip()


def topicHelp(registry: Registry, topic: str, everything: str, columns: int) -> str:
    """
    The help about a topic: all behaviors, all protocols, one of them, or everything.

    @param everything: the help with all options.
    @raise Refused: there is no such topic; the message names the nearest.
    """
    match topic:
        case "behaviors":
            return _listing("behaviors", "delay", registry.behaviors, columns)
        case "protocols":
            return _listing("protocols", "mysql", registry.wires, columns)
        case "all":
            return everything
    if topic in registry.behaviors:
        return _one("behavior", registry.behaviors[topic], columns)
    for wire in registry.wires.values():
        if topic == wire.name or topic in wire.aliases:
            return _one("protocol", wire, columns)
    known = (*TOPICS, *registry.behaviors, *registry.wires)
    raise Refused(f"there is no help about {topic!r}: {nearest(topic, known)}")


def _listing(
    kind: str, example: str, known: Mapping[str, IBehaviorBase | IWireProtocol], columns: int
) -> str:
    lines = [f"The {kind}; vaurien help {example} describes one with its options:", ""]
    for name, each in sorted(known.items()):
        lines += entry(f"  {name}", _first(f"{_described(each)} "), columns)
    return "\n".join(lines) + "\n"


def _one(kind: str, item: IBehaviorBase | IWireProtocol, columns: int) -> str:
    lines = [f"The {kind} {item.name}:", ""]
    lines += textwrap.wrap(_described(item), columns)
    declared = listed(item.options)
    lines += ["", "Options:" if declared else "It has no options."]
    for name, spec in declared.items():
        option = f"--{kind}-{item.name}-{name}=".replace("_", "-")
        lines += entry(f"  {option}", meaning(spec), columns)
    return "\n".join(lines) + "\n"


def _described(item: IBehaviorBase | IWireProtocol) -> str:
    text = " ".join((inspect.getdoc(type(item)) or "").split())
    return text.replace("C{", "").replace("}", "")


def placesOf(name: str, declared: Iterable[str], chosen: Iterable[str]) -> Iterator[str]:
    """
    The options of behaviors and protocols whose own name is C{name}, those of chosen behaviors
    first: C{behavior-delay-sleep} for C{sleep}.

    @param declared: the names of all options, without dashes.
    @param chosen: the names of the behaviors that the command line chooses.
    """
    name = name.replace("_", "-")
    own = [f"behavior-{each}-{name}".replace("_", "-") for each in chosen]
    known = [each for each in declared if each.count("-") > 1 and each.endswith(f"-{name}")]
    yield from [each for each in own if each in known]
    yield from [each for each in known if each not in own]
