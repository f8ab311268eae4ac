# -*- test-case-name: tests.app.test_config -*-
"""
From a configuration file and the command line to frozen settings.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from vaurien_twisted.app.backend_url import withBackendURL
from vaurien_twisted.app.config_file import Given, Words
from vaurien_twisted.app.settings import Settings
from vaurien_twisted.control.access import checkToken
from vaurien_twisted.interfaces import IBehaviorBase, IWireProtocol
from vaurien_twisted.metrics.statsd_settings import StatsdSettings
from vaurien_twisted.model.names import checkPrintable
from vaurien_twisted.model.options import Refused, Spec, build, convert, nearest, ofClass, specs
from vaurien_twisted.proxies.declaration import (
    MissingField,
    ProxyConfig,
    ProxyDefaults,
    declaredFromJSON,
    declaredFromWords,
)
from vaurien_twisted.proxies.options import ProxyOptions
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import rulesFromWords
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.registry import Registry
from vaurien_twisted.transports.dual_stack import bothFamilies


@attrs.frozen
class Configuration:
    """
    The checked configuration of a service.

    @ivar defaults: the defaults of new proxies.
    @ivar own: whether there is the proxy that the command line describes, with this wire
        protocol and plan.
    @ivar declared: the other proxies.
    """

    settings: Settings
    wire: IWireProtocol
    wireOptions: object
    ruleBuilder: RuleBuilder
    plan: Plan
    defaults: ProxyDefaults
    statsd: StatsdSettings = attrs.field(factory=StatsdSettings)
    own: bool = True
    declared: tuple[ProxyConfig, ...] = ()


def configure(
    registry: Registry,
    given: Given,
    settingsClass: type[Settings] = Settings,
    proxyClass: type[ProxyOptions] = ProxyOptions,
) -> Configuration:
    """
    Check everything that was given, used or not.

    @param settingsClass: declares the options of the service.
    @param proxyClass: declares the options of a proxy.
    @raise Refused: something is unknown or out of bounds; names the nearest.
    """
    options = {**specs(settingsClass), **specs(proxyClass)}
    taken = convert(options, withBackendURL(registry, given.settings), "[vaurien]")
    settings = settingsClass(**ofClass(settingsClass, taken))
    proxyOptions = proxyClass(**ofClass(proxyClass, taken))
    if "token" in given.settings:
        checkToken(settings.token)
    checkPrintable(settings.name, "name")
    wire = registry.wire(settings.protocol)
    for name, words in given.behaviors.items():
        _check(registry.behavior(name).options, words, "behavior", name)
    wireOptions = {wire.name: wire.options()}
    for name, words in given.protocols.items():
        spoken = registry.wire(name)
        _check(spoken.options, words, "protocol", spoken.name)
        wireOptions[spoken.name] = build(spoken.options, words, f"protocol {spoken.name!r}")
    defaults = ProxyDefaults(registry, given.behaviors, wireOptions, wire.name, proxyOptions)
    ruleBuilder = defaults.ruleBuilder(wire)
    try:
        plan = ruleBuilder.choice(settings.behavior, {})
    except Refused as refused:
        raise Refused(refused.description, "behavior") from None
    try:
        rules, others = _rulesByProxy(given)
        if rules:
            plan = rulesFromWords(ruleBuilder, rules)
        declared = _declared(defaults, given, others)
    except Refused as refused:
        # The name at fault in the file may also be an option of the command line.
        raise Refused(refused.description, "config") from None
    if rules and "behavior" in given.settings:
        raise Refused("both a behavior and rules are given: give only one", "behavior")
    own = _own(settings, given, bool(rules), bool(declared))
    names = {settings.name} if own else set()
    for each in declared:
        if each.name in names:
            raise Refused(f"two proxies are called {each.name!r}: rename one", "name")
        names.add(each.name)
    return Configuration(
        settings,
        wire,
        wireOptions[wire.name],
        ruleBuilder,
        plan,
        defaults,
        _statsd(given.statsd),
        own,
        tuple(declared),
    )


def _statsd(words: Words) -> StatsdSettings:
    try:
        return build(StatsdSettings, words, "[statsd]")
    except Refused as refused:
        raise Refused(f"[statsd] {refused.name}: {refused.description}", "config") from None


def _own(settings: Settings, given: Given, rules: bool, declared: bool) -> bool:
    """
    Whether the command line describes a proxy, in addition to those of the file.
    """
    if settings.demo:
        return True
    if settings.proxy == settings.backend:
        raise Refused(
            f"this is where the proxy itself listens ({settings.proxy}): "
            "name the backend with --backend, or let the proxy listen elsewhere with --proxy",
            "backend",
        )
    if "proxy" in given.settings or "backend" in given.settings:
        return True
    said = rules or "behavior" in given.settings
    if declared and said:
        raise Refused(
            "several proxies are declared: put it under [proxy:NAME], or give --proxy and "
            "--backend",
            "behavior",
        )
    return said or not (declared or settings.toxiproxy)


def _rulesByProxy(
    given: Given,
) -> tuple[list[tuple[str, Words]], dict[str, list[tuple[str, Words]]]]:
    """
    The rules of the command line's proxy, and those that name another proxy.
    """
    own: list[tuple[str, Words]] = []
    others: dict[str, list[tuple[str, Words]]] = {name: [] for name, _ in given.proxies}
    for name, words in given.rules:
        rest = dict(words)
        proxy = rest.pop("proxy", None)
        if proxy is None:
            own.append((name, rest))
        elif proxy in others:
            others[proxy].append((name, rest))
        else:
            near = nearest(proxy, others)
            raise Refused(f"[rule:{name}]: there is no proxy {proxy!r}: {near}", "proxy")
    return own, others


def _declared(
    defaults: ProxyDefaults, given: Given, rules: Mapping[str, list[tuple[str, Words]]]
) -> list[ProxyConfig]:
    found = []
    for number, item in enumerate(given.declared, 1):
        try:
            one = declaredFromJSON(defaults, item)
            found.append(attrs.evolve(one, listen=bothFamilies(one.listen)))
        except MissingField as missing:
            reason = f"proxy {number} has no {missing.name}, which is required"
            raise Refused(reason, missing.name) from None
        except Refused as refused:
            raise Refused(f"proxy {number}: {refused.whole}", refused.name) from None
    for name, words in given.proxies:
        one = declaredFromWords(defaults, name, words)
        if rules[name]:
            if "behavior" in words:
                raise Refused(
                    f"[proxy:{name}]: both a behavior and rules are given: give only one", "rules"
                )
            ruleBuilder = defaults.ruleBuilder(defaults.wire(one))
            one = attrs.evolve(one, plan=rulesFromWords(ruleBuilder, rules[name]))
        found.append(one)
    return found


def declaredOptions(
    registry: Registry,
    settingsClass: type[Settings] = Settings,
    proxyClass: type[ProxyOptions] = ProxyOptions,
) -> dict[str, tuple[str, str, Spec]]:
    """
    The command-line options by name, without the dashes.  For each, the attribute of L{Given}
    that it belongs to, the behavior or protocol (C{""} in C{settings}), and its declaration.
    """
    found = {
        spec.name.replace("_", "-"): ("settings", "", spec)
        for cls in (settingsClass, proxyClass)
        for spec in specs(cls).values()
    }
    groups: tuple[tuple[str, Mapping[str, IBehaviorBase | IWireProtocol]], ...] = (
        ("behaviors", registry.behaviors),
        ("protocols", registry.wires),
    )
    for place, items in groups:
        for name, item in items.items():
            for spec in specs(item.options).values():
                word = f"{place[:-1]}-{name}-{spec.name}".replace("_", "-")
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
