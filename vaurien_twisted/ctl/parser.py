# -*- test-case-name: tests.ctl.test_main,tests.ctl.test_parser -*-
"""
The command line of C{vaurienctl}.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence

from vaurien_twisted import __version__
from vaurien_twisted.arguments import (
    OneLineParser,
    checkOptions,
    nearOption,
    takesFile,
    unknownWord,
)
from vaurien_twisted.ctl import observing
from vaurien_twisted.ctl import proxies as ctl_proxies
from vaurien_twisted.ctl.commands import COMMANDS, EXAMPLES, OF_PROXIES
from vaurien_twisted.ctl.completion import SHELLS, addCompletion
from vaurien_twisted.ctl.experiment import ACTIONS, addExperiment
from vaurien_twisted.ctl.journal import addJournal
from vaurien_twisted.ctl.top import addTop
from vaurien_twisted.ctl.watch import addWatch
from vaurien_twisted.model.environment import URL_VARIABLE
from vaurien_twisted.model.json_types import Answer
from vaurien_twisted.model.options import nearest

#: Commands whose output is never JSON, and what to do instead.
WITHOUT_JSON = {
    "metrics": ": vaurienctl --json state has the counters",
    "open": "",
    "completion": "",
    "experiment compare": ": compare the files of --report",
}

#: The options that can stand before a command.
OPTIONS = ("--host", "--http-port", "--json", "--version")

#: The words that may follow some commands.
SECOND: dict[str, Collection[str]] = {
    "toxic": ctl_proxies.TOXIC,
    "experiment": ACTIONS,
    "completion": SHELLS,
}

Parsers = tuple[
    argparse.ArgumentParser, argparse.ArgumentParser, dict[str, argparse.ArgumentParser]
]


def _parsers(arguments: Sequence[str], whole: bool = False) -> Parsers:
    """
    The whole parser, the one of the options that every command has, and those of the commands.

    @param whole: for completion, with those of C{experiment}, which take long to load.
    """
    common = OneLineParser(add_help=False, allow_abbrev=False)
    # Without defaults, so that parsing the command does not overwrite options before it.
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
    parser = OneLineParser(
        "vaurienctl",
        description="Control a running vaurien that was started with --http.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    made: dict[str, argparse.ArgumentParser] = {
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
    takesFile(
        made["set-rules"].add_argument(
            "file", metavar="FILE", help="a JSON file with a list of rules; - is standard input"
        )
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
    addJournal(made["journal"], whole)
    observing.addCommands(made)
    addWatch(made["watch"])
    addTop(made["top"])
    addCompletion(made["completion"])
    # For completion; words after the command are accepted as well.
    topics = tuple(COMMANDS) if whole else None
    made["help"].add_argument(
        "topic", metavar="COMMAND", nargs="*", choices=topics, help="a command"
    )
    if whole or "experiment" in arguments:
        addExperiment(made["experiment"], made, common)
    return parser, common, made


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    Read the command line.

    @return: for C{completion}, with the whole C{parser}.
    @raise SystemExit: 2, the command line is wrong; 0, help or the version was shown.
    """
    parser, common, made = _parsers(arguments)
    word, second = _words(common, arguments)
    if word == "help":
        # Show the help of the words after it.
        topic = list(arguments)[list(arguments).index("help") + 1 :]
        return parse([*topic, "--help"])
    _checkCommand(parser, word, arguments)
    _checkSecond(made, word, second, arguments)
    if word is not None:
        checkOptions(_own(made, word, second), [each for each in arguments if each != "--version"])
    parsed, unknown = parser.parse_known_args(
        arguments, argparse.Namespace(host=None, http_port=None, json=False)
    )
    own = _own(made, parsed.command, getattr(parsed, "action", None))
    if unknown:
        own.error(_unknown(parsed, unknown[0], list(arguments), own))
    what = f"{parsed.command} {getattr(parsed, 'action', '')}".strip()
    if parsed.json and what in WITHOUT_JSON:
        hint = WITHOUT_JSON[what]
        print(f"{own.prog}: warning: --json has no effect{hint}", file=sys.stderr)
    if parsed.command in OF_PROXIES and parsed.all and parsed.proxy:
        own.error("--all chooses all proxies: remove --all or --proxy")
    if parsed.command in ctl_proxies.COMMANDS:
        ctl_proxies.check(own, parsed)
    if parsed.command == "completion":
        parsed.parser = _parsers(arguments, True)[0]
    if parsed.command == "set-behavior":
        try:
            parsed.options = readOptions(parsed.options)
        except ValueError as error:
            own.error(str(error))
    return parsed


def _unknown(
    parsed: argparse.Namespace, word: str, arguments: list[str], own: argparse.ArgumentParser
) -> str:
    """
    The error message for an unknown option, with the correction.
    """
    name, _, value = word.partition("=")
    if not word.startswith("-") or nearOption(own, name):
        return unknownWord(own, word)
    place = arguments.index(word)
    if not value and place + 1 < len(arguments) and not arguments[place + 1].startswith("-"):
        value = arguments[place + 1]
    asked = f"{name.lstrip('-').replace('-', '_')}={value or 'VALUE'}"
    if parsed.command == "set-behavior":
        return f"there is no option {name}: write {asked}"
    if parsed.command == "toxic" and parsed.action != "remove":
        return f"there is no option {name}: write -a {asked}"
    return unknownWord(own, word)


def _own(
    made: Mapping[str, argparse.ArgumentParser], command: str, action: str | None
) -> argparse.ArgumentParser:
    """
    The parser of a command, or of its action, if it has any.
    """
    return made.get(f"{command} {action}") or made[command]


def readOptions(words: Iterable[str]) -> Answer:
    """
    C{option=value} words as JSON for the service, which reads the values itself;
    C{behavior.option=value} goes under the behavior.

    @raise ValueError: a word has no C{=}, or an option is there twice.
    """
    options: Answer = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ValueError(f"{word!r} is not of the form option=value, such as sleep=2")
        behavior, dot, own = name.partition(".")
        place = options.setdefault(behavior, {}) if dot else options
        key = own if dot else name
        if not isinstance(place, dict) or key in place:
            raise ValueError(f"{name!r} is given twice: give it once")
        place[key] = value
    if "name" in options:
        raise ValueError("'name' is not an option: write the behavior's name before the options")
    return options


def _words(
    common: argparse.ArgumentParser, arguments: Sequence[str]
) -> tuple[str | None, str | None]:
    """
    The command, and the first word after it that is not one of the C{common} options.
    """
    first = OneLineParser("vaurienctl", add_help=False, allow_abbrev=False, parents=[common])
    first.add_argument("command", nargs="?")
    first.add_argument("second", nargs="?")
    parsed = first.parse_known_intermixed_args(arguments)[0]
    return parsed.command, parsed.second


def _checkCommand(
    parser: argparse.ArgumentParser, word: str | None, arguments: Sequence[str]
) -> None:
    """
    Suggest the nearest command, where argparse would list all of them; or the option that was
    probably meant, where the word is the value of an option that there is not.
    """
    if word is not None and word not in COMMANDS:
        place = arguments.index(word) if word in arguments else 0
        before = arguments[place - 1] if place else ""
        if before.startswith("--") and before not in (*OPTIONS, "--help"):
            known = nearest(before, OPTIONS).replace("'", "")
            parser.error(f"there is no option {before}: {known}")
        close = difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0.4)
        meant = f"did you mean {close[0]!r}?" if close else f"pick one of: {', '.join(COMMANDS)}"
        parser.error(f"there is no command {word!r}: {meant}")


def _checkSecond(
    made: Mapping[str, argparse.ArgumentParser],
    word: str | None,
    second: str | None,
    arguments: Sequence[str],
) -> None:
    """
    Suggest a word for a command that must be followed by one of a few.
    """
    if word not in SECOND or second in SECOND[word]:
        return
    if second is None and {"-h", "--help"} & {*arguments}:
        return
    place = "SHELL" if word == "completion" else "ACTION"
    if second is None:
        made[word].error(f"{place} is missing: pick one of: {', '.join(SECOND[word])}")
    made[word].error(f"{place} is not {second!r}: {nearest(second, SECOND[word])}")


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 1 to 65535")
    return int(text)
