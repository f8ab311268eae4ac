# -*- test-case-name: tests.app.test_useless_options -*-
"""
Options of the command line that have no effect.

Those that contradict each other are refused, the others are warned of.  Settings of a file and of
the environment may be shared by several commands, and are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vaurien_twisted.app.config import Configuration
from vaurien_twisted.app.config_file import Given
from vaurien_twisted.model.options import Refused

#: Options that only have an effect with the control service.
OF_CONTROL = ("http_host", "http_port")

#: The same of the control service for clients of Toxiproxy.
OF_ACCESS = ("token", "insecure")

#: The options that the demo sets itself, with their values.
OF_DEMO = {"backend": "", "protocol": "http"}

#: Options of which the last one would count.
ONCE = ("proxy", "backend", "protocol", "behavior", "name")


def checkRepeated(words: Sequence[str]) -> None:
    """
    @param words: the command line.
    @raise Refused: an option that can only be given once is there twice.
    """
    for name in ONCE:
        values = list(_values(words, f"--{name}"))
        if len(set(values)) > 1:
            several = (
                ": for several proxies, write a configuration file with [proxy:NAME]"
                if name in ("proxy", "backend", "protocol", "name")
                else ": write both with percentages, such as 20:error,10:delay"
            )
            raise Refused(f"it is given twice, as {' and '.join(values[:2])}{several}", name)


def _values(words: Sequence[str], option: str) -> Iterator[str]:
    for number, word in enumerate(words):
        if word == option and number + 1 < len(words):
            yield words[number + 1]
        elif word.startswith(f"{option}="):
            yield word.partition("=")[2]


def withoutEffect(given: Given, configuration: Configuration, fromFile: bool) -> Iterator[str]:
    """
    The options of the command line without effect, and what they need.

    @param given: the settings of the command line.
    @param configuration: what follows from that, the environment and the file.
    @param fromFile: whether there is a configuration file, which may have other proxies.
    """
    settings = configuration.settings
    control = settings.http or settings.demo
    for name in given.settings:
        option = f"--{name.replace('_', '-')}"
        if name in OF_CONTROL and not control:
            yield f"{option} has no effect without --http: add --http"
        elif name in OF_ACCESS and not (control or settings.toxiproxy):
            yield f"{option} has no effect without a control service: add --http"
        elif settings.demo and given.settings[name] != OF_DEMO.get(name, given.settings[name]):
            yield f"{option} has no effect with --demo, which has a web backend of its own"
    if control or settings.toxiproxy or fromFile:
        # Behaviors can be set later, and proxies created.
        return
    chosen = {rule.behavior.name for rule in configuration.plan.rules}
    for kind, of, used in (
        ("behavior", given.behaviors, chosen),
        ("protocol", given.protocols, {configuration.wire.name}),
    ):
        for name, own in of.items():
            for each in own if name not in used else ():
                option = f"--{kind}-{name}-{each}".replace("_", "-")
                yield f"{option} has no effect without --{kind} {name}"
