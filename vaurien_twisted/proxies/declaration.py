# -*- test-case-name: tests.proxies.test_declaration -*-
"""
Proxies as users declare them, in JSON::

    {"name": "db", "listen": "localhost:3307", "upstream": "localhost:3306",
     "enabled": true, "protocol": "mysql", "toxics": [...], "rules": [...]}

The first four fields are those of Toxiproxy (its C{README.md}, "Proxy fields").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from vaurien_twisted.interfaces import IWireProtocol
from vaurien_twisted.model.names import checkPathName, printable
from vaurien_twisted.model.options import Refused, Spec, build, convert, ofClass, specs
from vaurien_twisted.proxies.options import ANYWHERE, ProxyFields, ProxyOptions
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.registry import Registry
from vaurien_twisted.rules.toxics import Toxics, checked, toxicFromJSON

#: The longest name of a proxy, in characters.
NAME_LIMIT = 250

#: The fields of a proxy in JSON that are lists.  They are not declared as options.
LISTS = ("toxics", "rules")


class MissingField(Refused):
    """
    A proxy has no name or no upstream.
    """


@attrs.frozen
class ProxyDefaults:
    """
    The defaults of new proxies.

    @ivar configured: by behavior, the options that replace declared defaults.
    @ivar wireOptions: by name, the options of wire protocols that differ from the defaults.
    @ivar protocol: the name of the wire protocol.
    @ivar proxyOptions: an instance of the class that declares the options of a proxy.
    """

    registry: Registry
    configured: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict)
    wireOptions: Mapping[str, object] = attrs.field(factory=dict)
    protocol: str = "tcp"
    proxyOptions: ProxyOptions = attrs.field(factory=ProxyOptions)

    def ruleBuilder(self, wire: IWireProtocol) -> RuleBuilder:
        """
        A builder of plans for a wire protocol.
        """
        return RuleBuilder(self.registry, self.configured, wire)

    def options(self, wire: IWireProtocol) -> object:
        """
        The options of a wire protocol.
        """
        return self.wireOptions.get(wire.name) or wire.options()

    def wire(self, config: ProxyConfig) -> IWireProtocol:
        """
        The wire protocol that a proxy speaks.
        """
        return config.wire or self.registry.wire(self.protocol)

    def optionsOf(self, config: ProxyConfig) -> ProxyOptions:
        """
        The options of a proxy, with the defaults for those that it does not set.
        """
        return attrs.evolve(self.proxyOptions, **config.options)

    @property
    def fields(self) -> dict[str, Spec]:
        """
        The fields of a proxy except its toxics and rules, by name.
        """
        return {**specs(ProxyFields), **specs(type(self.proxyOptions))}


@attrs.frozen
class ProxyConfig:
    """
    The declaration of a proxy.  Everything is checked except the addresses.

    @ivar wire: the wire protocol, C{None} if the declaration names none.
    @ivar plan: the plan, built for that protocol, or for the default protocol.
    @ivar lease: the lease with whose end the proxy is deleted, C{""} for none.
    @ivar options: the options given, by name; see L{ProxyDefaults.optionsOf}.
    """

    name: str
    listen: str
    upstream: str
    wire: IWireProtocol | None = None
    enabled: bool = True
    plan: Plan = attrs.field(factory=Plan)
    toxics: Toxics = attrs.field(factory=Toxics)
    lease: str = ""
    options: Mapping[str, Any] = attrs.field(factory=dict)


def declaredFromJSON(defaults: ProxyDefaults, item: object, place: str = "") -> ProxyConfig:
    """
    Read the declaration of one proxy from JSON.

    @param place: its position among several, for the error message about a proxy without a name:
        C{" at proxy 2"}.
    @raise MissingField: the proxy has no name or no upstream.
    @raise Refused: a name is unknown or a value is not valid.
    """
    given = checked(item, (*defaults.fields, *LISTS), "a proxy")
    return _declared(defaults, given, place, strict=True)


def _declared(
    defaults: ProxyDefaults, given: dict[str, object], place: str = "", strict: bool = False
) -> ProxyConfig:
    """
    Read the declaration of one proxy.

    @param strict: reject text for another kind, such as C{"yes"} for C{true}.
    """
    cls = type(defaults.proxyOptions)
    toxics, rules = (given.pop(name, []) for name in LISTS)
    fields = build(ProxyFields, ofClass(ProxyFields, given), "a proxy", strict)
    for name in ("name", "upstream"):
        if not getattr(fields, name):
            raise MissingField(f"{name}{place}", name)
    checkPathName(fields.name, "name")
    if len(fields.name) > NAME_LIMIT:
        raise Refused(f"the name is over {NAME_LIMIT} characters, the maximum", "name")
    config = ProxyConfig(
        fields.name,
        fields.listen or ANYWHERE,
        fields.upstream,
        defaults.registry.wire(fields.protocol) if fields.protocol else None,
        fields.enabled,
        options=convert(specs(cls), ofClass(cls, given), "a proxy", strict),
    )
    ruleBuilder = defaults.ruleBuilder(defaults.wire(config))
    return attrs.evolve(
        config, plan=planFromRules(ruleBuilder, rules), toxics=_toxics(ruleBuilder, toxics)
    )


def _toxics(ruleBuilder: RuleBuilder, items: object) -> Toxics:
    if not isinstance(items, list):
        raise Refused('"toxics" must be a list', "toxics")
    toxics = Toxics()
    for number, item in enumerate(items, 1):
        try:
            toxics = toxics.adding(toxicFromJSON(ruleBuilder, item))
        except Refused as refused:
            raise Refused(f"toxic {number}: {refused.whole}", refused.name) from None
    return toxics


def declaredFromWords(defaults: ProxyDefaults, name: str, words: Mapping[str, str]) -> ProxyConfig:
    """
    Read a section C{[proxy:NAME]} of an ini file.  Its keys are the fields of a proxy in JSON
    except C{name}, C{toxics} and C{rules}; also C{backend}, which is C{upstream}, and
    C{behavior}.

    @raise Refused: a name is unknown or a value is not valid; the message names the section.
    """
    known = tuple(each for each in (*defaults.fields, "backend", "behavior") if each != "name")
    try:
        given: dict[str, object] = dict(checked(words, known, "a proxy"))
        if "backend" in given:
            if "upstream" in given:
                raise Refused("upstream and backend mean the same: give only one", "backend")
            given["upstream"] = given.pop("backend")
        behavior = given.pop("behavior", "")
        declared = _declared(defaults, {"name": name, **given})
        if not behavior:
            return declared
        plan = defaults.ruleBuilder(defaults.wire(declared)).choice(str(behavior), {})
        return attrs.evolve(declared, plan=plan)
    except MissingField as missing:
        reason = f"[proxy:{printable(name)}] has no {missing.name}, which is required"
        raise Refused(reason, missing.name) from None
    except Refused as refused:
        raise Refused(f"[proxy:{printable(name)}]: {refused.whole}", refused.name) from None
