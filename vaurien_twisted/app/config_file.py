# -*- test-case-name: tests.app.test_config -*-
"""
Reading a configuration file: an ini file, or a JSON array of proxies as in Toxiproxy.
"""

from __future__ import annotations

import configparser
import json
import re

import attrs

from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.model.text_file import decoded

#: The longest configuration file, in bytes.
FILE_LIMIT = 2**20

#: The beginning of a JSON array of objects; no section of an ini file begins so.
_ARRAY = re.compile(r"\s*\[\s*[{\]]")

#: Option values as text, by the option's name.
Words = dict[str, str]


@attrs.define
class Given:
    """
    The configuration before it is checked.

    @ivar rules: the sections C{[rule:NAME]}, in order.
    @ivar proxies: the sections C{[proxy:NAME]}, in order.
    @ivar declared: the proxies of a JSON file.
    """

    settings: Words = attrs.field(factory=dict)
    behaviors: dict[str, Words] = attrs.field(factory=dict)
    protocols: dict[str, Words] = attrs.field(factory=dict)
    rules: list[tuple[str, Words]] = attrs.field(factory=list)
    statsd: Words = attrs.field(factory=dict)
    proxies: list[tuple[str, Words]] = attrs.field(factory=list)
    declared: list[object] = attrs.field(factory=list)

    def over(self, other: Given) -> Given:
        """
        Both together; a value that is given in both is taken from this one.
        """
        return Given(
            {**other.settings, **self.settings},
            _merged(self.behaviors, other.behaviors),
            _merged(self.protocols, other.protocols),
            self.rules or other.rules,
            {**other.statsd, **self.statsd},
            self.proxies or other.proxies,
            self.declared or other.declared,
        )


def readConfig(path: str) -> Given:
    """
    Read an ini file, or a JSON array of proxies in the form of Toxiproxy's C{-config}.

    @raise Refused: the file cannot be read, is of neither form, or has an unknown section.
    """
    try:
        with open(path, "rb") as file:
            # The size of a pipe, such as a shell's <(…), is not known before it is read.
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise Refused(f"cannot read {path}: {error.strerror}", "config") from None
    except ValueError as error:
        raise Refused(f"cannot read {path!r}: {error}", "config") from None
    if len(data) > FILE_LIMIT:
        raise Refused(f"{path} is over {FILE_LIMIT} bytes, the maximum", "config")
    try:
        text = decoded(data)
    except ValueError as error:
        raise Refused(f"{path} is not an ini file: {error}", "config") from None
    if path.endswith(".json") or _ARRAY.match(text):
        return _readJSON(path, text)
    return _readIni(path, text)


def _readJSON(path: str, text: str) -> Given:
    try:
        declared = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path} is not JSON: {error}", "config") from None
    if not isinstance(declared, list):
        raise Refused(f"{path} must be an array of proxies", "config")
    return Given(declared=declared)


def _readIni(path: str, text: str) -> Given:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text, path)
    except configparser.Error as error:
        reason = " ".join(str(error).split())
        raise Refused(f"{path} is not an ini file: {reason}", "config") from None
    given = Given()
    for section in parser.sections():
        words = {key.replace("-", "_"): value for key, value in parser.items(section)}
        kind, _, name = section.partition(":")
        if section == "vaurien":
            given.settings = words
        elif section == "statsd":
            given.statsd = words
        elif kind == "behavior" and name:
            given.behaviors[name] = words
        elif kind == "protocol" and name:
            given.protocols[name] = words
        elif kind == "rule" and name:
            given.rules.append((name, words))
        elif kind == "proxy" and name:
            given.proxies.append((name, words))
        else:
            known = (
                "vaurien",
                "statsd",
                "behavior:NAME",
                "protocol:NAME",
                "rule:NAME",
                "proxy:NAME",
            )
            raise Refused(
                f"{path}: there is no section [{section}]: {nearest(section, known)}", "config"
            )
    return given


def _merged(first: dict[str, Words], second: dict[str, Words]) -> dict[str, Words]:
    return {name: {**second.get(name, {}), **first.get(name, {})} for name in {**second, **first}}
