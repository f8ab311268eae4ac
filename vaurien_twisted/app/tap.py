# -*- test-case-name: tests.app.test_tap -*-
"""
The options of C{vaurien} and C{twistd vaurien}, and the service that is made from them.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Sequence
from typing import ClassVar, NoReturn

from twisted.internet.defer import Deferred
from twisted.python import usage

from vaurien_twisted import __version__
from vaurien_twisted.app.config import Configuration, configure, declaredOptions
from vaurien_twisted.app.config_file import Given, readConfig
from vaurien_twisted.app.environment import CONFIG_VARIABLE, misspelled, settingsFrom
from vaurien_twisted.app.help import (
    COMMANDS,
    EXAMPLES,
    entry,
    meaning,
    placesOf,
    shortHelp,
    topicHelp,
)
from vaurien_twisted.app.service import Vaurien
from vaurien_twisted.app.settings import Settings
from vaurien_twisted.app.signals import Signals
from vaurien_twisted.app.useless_options import checkRepeated, withoutEffect
from vaurien_twisted.control.access import TOXIPROXY
from vaurien_twisted.express.poller import soonOn
from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.model.environment import TOKEN_VARIABLE
from vaurien_twisted.model.names import printable
from vaurien_twisted.model.options import FALSE, TRUE, Refused, Spec, nearest, specs
from vaurien_twisted.proxies.options import ProxyOptions
from vaurien_twisted.record.clocks import installedReactor
from vaurien_twisted.record.logs import LogFile
from vaurien_twisted.rules.registry import Registry, loadRegistry

#: The groups of options in the help, by the place of their declaration.
_GROUPS = {
    "protocols": "Options of protocols:",
    "behaviors": "Options of behaviors:",
    "settings": "Options:",
}


class VaurienOptions(usage.Options):
    """
    The command line.  L{Options} makes a class with an option for each declaration.

    @ivar configuration: the checked configuration; set by L{parseOptions}.
    @ivar warnings: a line for each option without effect; set by L{parseOptions}.
    """

    synopsis = "Usage: vaurien [options]"
    longdesc = "A TCP proxy that injects faults between an application and its backend."

    registry: ClassVar[Registry]
    classes: ClassVar[tuple[type[Settings], type[ProxyOptions]]]
    declared: ClassVar[dict[str, tuple[str, str, Spec]]] = {}
    configuration: Configuration
    warnings: Sequence[str] = ()
    _words: Sequence[str] = ()
    _file = ""

    def reread(self) -> Configuration | None:
        """
        The configuration of the same command line now, as the file may have changed; C{None}
        if it names no file.

        @raise UsageError: something is not acceptable.
        """
        if not self._file:
            return None
        again = type(self)()
        again._file = self._file
        again.parseOptions(self._words)
        return again.configuration

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """
        Parse the command line and check it.

        @raise UsageError: something is unknown or not acceptable; names the nearest.
        """
        words = list(sys.argv[1:] if options is None else options)
        if words == ["help"] or words[-1:] == ["-h"]:
            words = ["--help"]
        if words[:1] == ["help"]:
            self._showTopic(words[1])
        self._words = words
        self._refuseUnknown(words)
        try:
            checkRepeated(words)
        except Refused as refused:
            raise self.refusal(refused) from None
        super().parseOptions(self._fillIn(words))

    def _showTopic(self, topic: str) -> NoReturn:
        """
        Show the help about a topic and exit.

        @raise UsageError: there is no such topic.
        """
        columns = shutil.get_terminal_size().columns
        try:
            print(topicHelp(self.registry, topic, self.getUsage(), columns), end="")
        except Refused as refused:
            raise usage.UsageError(refused.description) from None
        sys.exit(0)

    def _refuseUnknown(self, words: list[str]) -> None:
        known = {word.rstrip("=") for word in self.longOpt}
        for word, following in zip(words, [*words[1:], ""], strict=False):
            name = word[2:].partition("=")[0]
            if word.startswith("--") and name and not any(k.startswith(name) for k in known):
                own = self._meant(name, words)
                if own:
                    value = word.partition("=")[2] or following
                    raise usage.UsageError(f"there is no option --{name}: {own} {value}".rstrip())
                near = nearest(name, known) if len(name) > 1 else ""
                near = near.replace("'", "'--", 1) if near.startswith("did") else "see --help"
                raise usage.UsageError(f"there is no option --{name}: {near}")

    def _fillIn(self, words: list[str]) -> list[str]:
        """
        Add the value C{true} to boolean options of behaviors and protocols that have none, and
        the default address to C{--toxiproxy}.
        """
        filled = []
        for word, following in zip(words, [*words[1:], ""], strict=False):
            place = self.declared.get(word[2:]) if word.startswith("--") else None
            alone = following.lower() not in TRUE | FALSE
            if place is not None and place[0] != "settings" and place[2].kind is bool and alone:
                word += "=true"
            elif word == "--toxiproxy" and (not following or following.startswith("-")):
                word += f"={TOXIPROXY}"
            filled.append(word)
        return filled

    def parseArgs(self, *arguments: str) -> None:
        """
        Refuse arguments that are not options.
        """
        if arguments:
            word = arguments[0]
            name, equals, value = word.partition("=")
            own = self._meant(name, self._words) if equals else ""
            if own:
                raise usage.UsageError(f"{word!r} is not an option: {own} {value}")
            if word in self.registry.behaviors:
                raise usage.UsageError(f"{word!r} is not an option: write --behavior {word}")
            known = nearest(word, COMMANDS)
            raise usage.UsageError(
                f"there is no command {word!r}: {known}; options begin with --, see --help"
            )

    def _meant(self, name: str, words: Sequence[str]) -> str:
        """
        The full name of an option whose short name within a behavior or protocol was given; C{""}
        if there is none.
        """
        following = dict(itertools.pairwise(words))
        behavior = following.get("--behavior", "")
        chosen = [part.rpartition(":")[2].strip() for part in behavior.split(",")]
        found = next(placesOf(name, self.declared, chosen), "")
        return f"write --{found}" if found else ""

    def postOptions(self) -> None:
        """
        Read the configuration file and check everything.

        @raise UsageError: something is not acceptable.
        """
        given = Given()
        for word, (place, whose, spec) in self.declared.items():
            value = self[word]
            if value is None or value == 0:
                continue
            text = "true" if value == 1 else str(value)
            if place == "settings":
                given.settings[spec.name] = text
            else:
                of: dict[str, dict[str, str]] = getattr(given, place)
                of.setdefault(whose, {})[spec.name] = text
        said = given
        try:
            names = [name for cls in self.classes for name in specs(cls)]
            given = given.over(Given(settings=settingsFrom(os.environ, names)))
            config = self._file or self["config"] or os.environ.get(CONFIG_VARIABLE)
            if config:
                given = given.over(readConfig(config))
                # twistd changes the working directory when it becomes a daemon.
                self._file = os.path.abspath(config)
            if os.environ.get(TOKEN_VARIABLE):
                given.settings.setdefault("token", os.environ[TOKEN_VARIABLE])
            self.configuration = configure(self.registry, given, *self.classes)
            self.warnings = [
                *withoutEffect(said, self.configuration, bool(config)),
                *misspelled(os.environ, names),
            ]
        except Refused as refused:
            raise self.refusal(refused) from None

    def refusal(self, refused: Refused) -> usage.UsageError:
        """
        The refusal in one line, which begins with the option at fault if there is one.
        """
        word = refused.name.replace("_", "-")
        option = f"--{word}: " if word in self.declared else ""
        return usage.UsageError(f"{option}{refused.description}")

    def opt_version(self) -> None:
        """
        Display Vaurien's version and exit.
        """
        print(__version__)
        sys.exit(0)

    def opt_help(self) -> None:
        """
        Display this help and exit.
        """
        settings = {
            word: self.docs[word.rstrip("=")]
            for word in self.longOpt
            if self.declared.get(word.rstrip("="), ("settings",))[0] == "settings"
        }
        columns = shutil.get_terminal_size().columns
        title = f"{self.getSynopsis()}\n{self.longdesc}"
        print(shortHelp(title, settings, columns), end="")
        sys.exit(0)

    def getUsage(self, width: int | None = None) -> str:
        """
        The help, with the most important part last, where a terminal shows it.
        """
        columns = width or shutil.get_terminal_size().columns
        order = {name: number for number, name in enumerate(self.declared)}
        groups: dict[str, list[str]] = {name: [] for name in _GROUPS}
        words = {word.rstrip("="): word for word in self.longOpt}
        for name, word in sorted(words.items(), key=lambda each: order.get(each[0], -1)):
            place = self.declared[name][0] if name in self.declared else "settings"
            short = "-c, " if name == "config" else "    "
            groups[place] += entry(f"  {short}--{word}", self.docs[name], columns)
        parts = ["\n".join([_GROUPS[name], *lines]) for name, lines in groups.items()]
        return "\n\n".join([self.longdesc, *parts]) + "\n" + EXAMPLES


def Options(
    registry: Registry | None = None,
    settingsClass: type[Settings] = Settings,
    proxyClass: type[ProxyOptions] = ProxyOptions,
) -> VaurienOptions:
    """
    The command line, with an option for each that is declared.

    @param registry: the behaviors and protocols; all that are installed if not given.
    @param settingsClass: declares the options of the service.
    @param proxyClass: declares the options of a proxy.
    """
    found = loadRegistry() if registry is None else registry
    classes = settingsClass, proxyClass
    declared = declaredOptions(found, *classes)
    config = "A configuration file: ini, or JSON of Toxiproxy. Other options override it."
    parameters: list[list[object]] = [["config", "c", None, config]]
    flags = []
    for word, (place, _, spec) in declared.items():
        if place == "settings" and spec.kind is bool:
            flags.append([word, None, spec.description])
        else:
            parameters.append([word, None, None, meaning(spec)])
    made = type(
        "Options",
        (VaurienOptions,),
        {
            "optParameters": parameters,
            "optFlags": flags,
            "classes": classes,
            "declared": declared,
            "registry": found,
        },
    )
    options: VaurienOptions = made()
    return options


def makeService(options: VaurienOptions, reactor: IServerReactor | None = None) -> Vaurien:
    """
    The service, for C{twistd}, which would print a traceback for a L{usage.UsageError}.

    @raise SystemExit: an address is not valid, or the log cannot be written; has the reason,
        in one line.
    """
    try:
        service = serviceFor(options, reactor)
    except usage.UsageError as error:
        raise SystemExit(f"vaurien: {error}") from None
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # twistd may drop its privileges after everything listens.
        service.preload()
    return service


def serviceFor(options: VaurienOptions, reactor: IServerReactor | None = None) -> Vaurien:
    """
    The service for a command line that was parsed.

    @param reactor: the reactor to run on; by default Twisted's global one.
    @raise UsageError: an address is not valid, or the log cannot be written.
    """
    if reactor is None:
        reactor = installedReactor()
    settings = options.configuration.settings
    for warning in options.warnings:
        print(printable(f"vaurien: warning: {warning}"), file=sys.stderr)
    try:
        service = Vaurien(reactor, options.configuration)
        service.reread = options.reread
        service.signals = Signals(
            reactor, lambda: Deferred.fromCoroutine(service.reload()), service.reopen
        )
        if settings.log_output != "-":
            LogFile(
                settings.log_output, settings.log_level, settings.log_format, soonOn(reactor)
            ).setServiceParent(service)
    except Refused as refused:
        raise options.refusal(refused) from None
    return service
