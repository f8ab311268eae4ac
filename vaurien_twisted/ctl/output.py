# -*- test-case-name: tests.ctl.test_main,tests.ctl.test_main_rules -*-
"""
The output of C{vaurienctl}: tables on a terminal; in a pipe, what other commands read.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

from vaurien_twisted.client.common import ClientError, cause, member
from vaurien_twisted.model.effects import inWords
from vaurien_twisted.model.json_types import JSONObject
from vaurien_twisted.model.names import printable
from vaurien_twisted.model.options import nearest
from vaurien_twisted.model.text_file import decoded, readText

#: A last column that would be narrower is not wrapped, but left to the terminal.
NARROWEST = 20


def formatAnswer(url: str, parsed: argparse.Namespace, answer: JSONObject) -> str:
    """
    An answer of the service as text, without the last newline.

    @param parsed: the command line.
    @raise ClientError: the answer is not one of Vaurien's.
    """
    terminal = sys.stdout.isatty()
    match parsed.command:
        case "list-behaviors":
            names = member(url, answer, "behaviors", list)
            details = answer.get("details", {})
            if parsed.names:
                return "\n".join(_detailed(name, details, terminal) for name in parsed.names)
            return _described(names, details, terminal)
        case "list-protocols":
            protocols = member(url, answer, "protocols", dict)
            return _described(protocols, protocols, terminal)
        case "list-errors":
            return _errors(member(url, answer, "errors", list), terminal)
        case "get-behavior":
            name = member(url, answer, "behavior", str)
            return _behavior(name, answer.get("options", {}), terminal)
        case "get-backend":
            return str(member(url, answer, "backend", str))
        case "get-rules":
            return json.dumps(member(url, answer, "rules", list), indent=2)
        case "set-behavior":
            return f"the behavior is now {parsed.name}"
        case "set-rules":
            return "the rules are set"
    return f"the backend is now {parsed.backend}"


def say(text: str) -> None:
    """
    Print lines that can contain text of others: control characters are escaped.
    """
    print("\n".join(map(printable, text.split("\n"))))


def _described(names: Iterable[str], details: JSONObject, terminal: bool) -> str:
    if not terminal:
        return "\n".join(names)
    return wrapped((name, details.get(name, {}).get("description", "")) for name in names)


def _detailed(name: str, details: JSONObject, terminal: bool) -> str:
    """
    A behavior with its options: their values, or their descriptions.
    """
    if name not in details:
        raise ClientError(f"there is no behavior {name!r}: {nearest(name, details)}")
    described = details[name]
    options = described["options"]
    if not terminal:
        return _behavior(name, {each["name"]: each["default"] for each in options}, False)
    rows = [
        (f"  {each['name']}", _value(each["default"]), each.get("unit", ""), _meaning(each))
        for each in options
    ]
    return "\n".join(
        [wrapped([(name, described["description"])]), *([wrapped(rows)] if rows else [])]
    )


def _meaning(option: JSONObject) -> str:
    choices = f" One of: {', '.join(option['choices'])}." if "choices" in option else ""
    return f"{option['description']}{choices}"


def _errors(errors: Sequence[JSONObject], terminal: bool) -> str:
    if not terminal:
        return "\n".join(str(error["code"]) for error in errors)
    if not errors:
        return "this protocol has no errors"
    families: dict[str, list[JSONObject]] = {}
    for error in errors:
        # Older services do not have it.
        families.setdefault(str(error.get("family", "")), []).append(error)
    tables = [
        (f"{family}:\n" if family else "") + _errorTable(members)
        for family, members in families.items()
    ]
    return "\n\n".join(tables)


def _errorTable(errors: Sequence[JSONObject]) -> str:
    return wrapped(
        [
            ("CODE", "STATE", "AGAIN", "TRANSACTION", "WHEN"),
            *(
                (
                    str(error["code"]),
                    str(error["state"]),
                    "yes" if error["transient"] else "no",
                    # Older services do not have it.
                    str(error.get("transaction", "")),
                    str(error["description"]),
                )
                for error in errors
            ),
        ]
    )


def _behavior(name: str, given: JSONObject, terminal: bool) -> str:
    options = dict(optionWords(given, ":" in name))
    if terminal:
        return "\n".join([name, table((f"  {key}", options[key]) for key in options)]).rstrip()
    return " ".join([name, *(f"{key}={shlex.quote(options[key])}" for key in options)])


def entryLine(entry: JSONObject) -> str:
    """
    An entry of the journal in one line: the exchange, the fault, and the reason.
    """
    place = entry["proxy"] + (f" connection {entry['connection']}" if entry["connection"] else "")
    if "exchange" in entry:
        place += f" exchange {entry['exchange']}"
    effect = entry.get("effect")
    if entry["kind"] == "decision" and effect:
        # Entries of older services do not have C{words}.
        effect = entry.get("words") or inWords(str(effect), str(entry.get("rule", "")))
    facts = [place, entry.get("description"), entry.get("rule"), effect]
    if entry["kind"] != "decision":
        facts.insert(1, entry["kind"])
    words = ": ".join(str(fact) for fact in facts if fact)
    reason = entry.get("reason")
    return printable(f"{entry['id']}  {words}" + (f" ({reason})" if reason else ""))


def optionWords(options: JSONObject, grouped: bool) -> Iterable[tuple[str, str]]:
    """
    Options in the form of C{set-behavior}.
    """
    for name, value in options.items():
        if grouped:
            for own, text in optionWords(value, False):
                yield f"{name}.{own}", text
        else:
            yield name, _value(value)


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def table(rows: Iterable[Sequence[str]]) -> str:
    """
    Columns as wide as their widest cell.
    """
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def wrapped(rows: Iterable[Sequence[str]]) -> str:
    """
    Columns as wide as their widest cell, the last as wide as the terminal leaves it.
    """
    cells = list(rows)
    begin = sum(max(map(len, column)) + 2 for column in list(zip(*cells, strict=True))[:-1])
    width = shutil.get_terminal_size().columns - begin
    if width < NARROWEST:
        return table(cells)
    lines: list[Sequence[str]] = []
    for row in cells:
        first, *more = textwrap.wrap(row[-1], width, break_on_hyphens=False) or [""]
        lines.append((*row[:-1], first))
        lines += [(*("" for _ in row[:-1]), line) for line in more]
    return table(lines)


def readFile(path: str) -> object:
    """
    The JSON in a file, C{-} for standard input.

    @raise ClientError: there is none.
    """
    name = "standard input" if path == "-" else path
    try:
        return json.loads(_standardInput() if path == "-" else readText(path))
    except OSError as error:
        raise ClientError(f"cannot read {name}: {cause(error)}") from None
    except (ValueError, RecursionError) as error:
        raise ClientError(f"{name} is not JSON: {cause(error)}") from None


def _standardInput() -> str:
    raw = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if raw is None else decoded(raw.read())
