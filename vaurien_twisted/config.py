# -*- test-case-name: tests.test_config -*-
"""
From an ini file and command-line words to frozen settings.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from typing import Any

import attrs

from vaurien_twisted.interfaces import IWireProtocol
from vaurien_twisted.options import Refused, Spec, build, nearest, specs
from vaurien_twisted.plan import Plan
from vaurien_twisted.planning import Planner
from vaurien_twisted.registry import Registry
from vaurien_twisted.rules import rulesFromWords
from vaurien_twisted.settings import Settings

#: The words given for one kind of option, by name; for behaviors and protocols by their name first.
Words = dict[str, str]


@attrs.define
class Given:
    """
    What was said, before it is checked.
    """

    settings: Words = attrs.field(factory=dict)
    behaviors: dict[str, Words] = attrs.field(factory=dict)
    protocols: dict[str, Words] = attrs.field(factory=dict)
    rules: list[tuple[str, Words]] = attrs.field(factory=list)

    def over(self, other: Given) -> Given:
        """
        The two together; where both speak, this one counts.
        """
        return Given(
            {**other.settings, **self.settings},
            _merged(self.behaviors, other.behaviors),
            _merged(self.protocols, other.protocols),
            self.rules or other.rules,
        )


@attrs.frozen
class Configuration:
    """
    Everything checked, ready to be run.
    """

    settings: Settings
    wire: IWireProtocol
    wireOptions: Any
    planner: Planner
    plan: Plan


def readIni(path: str) -> Given:
    """
    What the ini file at C{path} says.

    @raise Refused: it cannot be read, is no ini file, or has a section that is not ours.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except OSError as error:
        raise Refused(f"cannot read {path}: {error.strerror}", "config") from None
    except (configparser.Error, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise Refused(f"{path} is not an ini file: {reason}", "config") from None
    given = Given()
    for section in parser.sections():
        words = {key.replace("-", "_"): value for key, value in parser.items(section)}
        kind, _, name = section.partition(":")
        if section == "vaurien":
            given.settings = words
        elif kind == "behavior" and name:
            given.behaviors[name] = words
        elif kind == "protocol" and name:
            given.protocols[name] = words
        elif kind == "rule" and name:
            given.rules.append((name, words))
        else:
            known = ("vaurien", "behavior:NAME", "protocol:NAME", "rule:NAME")
            raise Refused(f"{path}: [{section}] is unknown: {nearest(section, known)}", "config")
    return given


def configure(registry: Registry, given: Given) -> Configuration:
    """
    Check all that was said, and the behaviors and protocols that it speaks of, used or not.

    @raise Refused: something is unknown or out of bounds; names the nearest.
    """
    settings = build(Settings, given.settings, "vaurien")
    wire = registry.wire(settings.protocol)
    for name, words in given.behaviors.items():
        _check(registry.behavior(name).options, words, "behavior", name)
    wireWords: Mapping[str, str] = {}
    for name, words in given.protocols.items():
        spoken = registry.wire(name)
        _check(spoken.options, words, "protocol", spoken.name)
        if spoken is wire:
            wireWords = words
    planner = Planner(registry, given.behaviors, wire)
    try:
        plan = planner.choice(settings.behavior, {})
    except Refused as refused:
        raise Refused(refused.description, "behavior") from None
    if given.rules:
        if "behavior" in given.settings:
            raise Refused("a behavior and rules are given: say it in one way", "behavior")
        plan = rulesFromWords(planner, given.rules)
    return Configuration(
        settings,
        wire,
        build(wire.options, wireWords, f"protocol {wire.name!r}"),
        planner,
        plan,
    )


def declaredOptions(registry: Registry) -> dict[str, tuple[str, str, Spec]]:
    """
    Every command-line option by its word: which part of L{Given} it fills, whose
    option it is (C{""} in C{settings}), and its declaration.
    """
    found = {
        spec.name.replace("_", "-"): ("settings", "", spec) for spec in specs(Settings).values()
    }
    groups: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("behaviors", registry.behaviors),
        ("protocols", registry.wires),
    )
    for place, items in groups:
        for name, item in items.items():
            for spec in specs(item.options).values():
                word = f"{place[:-1]}-{name}-{spec.name.replace('_', '-')}"
                found[word] = (place, name, spec)
    return found


def _check(cls: type, words: Words, kind: str, name: str) -> None:
    """
    Refuse bad values by the name that the option has on the command line.
    """
    try:
        build(cls, words, f"{kind} {name!r}")
    except Refused as refused:
        raise Refused(refused.description, f"{kind}_{name}_{refused.name}") from None


def _merged(first: dict[str, Words], second: dict[str, Words]) -> dict[str, Words]:
    return {name: {**second.get(name, {}), **first.get(name, {})} for name in {**second, **first}}
