# -*- test-case-name: tests.proxies.test_declaration -*-
"""
Proxies as users declare them, in JSON::

    {"name": "db", "listen": "localhost:3307", "upstream": "localhost:3306",
     "enabled": true, "protocol": "mysql", "toxics": [...], "rules": [...]}

The first four are what Toxiproxy has for a proxy (its C{README.md}, "Proxy fields").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from vaurien_twisted.interfaces import IWireProtocol
from vaurien_twisted.model.names import checkPrintable, printable
from vaurien_twisted.model.options import FALSE, TRUE, Refused
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.rules.registry import Registry
from vaurien_twisted.rules.toxics import Toxics, checked, toxicFromJSON

FIELDS = (
    "name",
    "listen",
    "upstream",
    "enabled",
    "protocol",
    "toxics",
    "rules",
    "connect_first",
)

#: The longest name of a proxy, in characters.
NAME_LIMIT = 250

#: Where a proxy listens that does not say: on a free port of this machine.
ANYWHERE = "localhost:0"


class MissingField(Refused):
    """
    A proxy must say this.
    """


@attrs.frozen
class ProxyDefaults:
    """
    What all proxies of one Vaurien are made with.

    @ivar configured: options by behavior that stand in for declared defaults.
    @ivar wireOptions: the options of wire protocols by name, where they are not the
        defaults.
    @ivar protocol: what proxies speak that do not say.
    @ivar connectFirst: whether those that do not say listen only while their backend can be
        connected to.
    """

    registry: Registry
    configured: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict)
    wireOptions: Mapping[str, Any] = attrs.field(factory=dict)
    protocol: str = "tcp"
    connectFirst: bool = False

    def ruleBuilder(self, wire: IWireProtocol) -> RuleBuilder:
        """
        Makes plans for a wire protocol.
        """
        return RuleBuilder(self.registry, self.configured, wire)

    def options(self, wire: IWireProtocol) -> Any:
        """
        The options of a wire protocol.
        """
        return self.wireOptions.get(wire.name) or wire.options()


@attrs.frozen
class ProxyConfig:
    """
    A proxy as declared, checked but for its addresses.

    @ivar wire: the wire protocol, C{None} where none was named.
    @ivar plan: made for that protocol, or else for the one of the makings.
    @ivar connectFirst: C{None} where nothing was said.
    """

    name: str
    listen: str
    upstream: str
    wire: IWireProtocol | None = None
    enabled: bool = True
    plan: Plan = attrs.field(factory=Plan)
    toxics: Toxics = attrs.field(factory=Toxics)
    connectFirst: bool | None = None


def declaredFromJSON(defaults: ProxyDefaults, item: object, place: str = "") -> ProxyConfig:
    """
    One proxy.

    @param place: says which of several it is, for the refusal of one without a name:
        C{" at proxy 2"}.
    @raise MissingField: it has no name or no upstream.
    @raise Refused: something else is unknown or out of bounds.
    """
    given = checked(item, FIELDS, "a proxy")
    text = {name: _text(given, name) for name in ("name", "upstream", "listen", "protocol")}
    for name in ("name", "upstream"):
        if not text[name]:
            raise MissingField(f"{name}{place}", name)
    checkPrintable(text["name"], "name")
    if len(text["name"]) > NAME_LIMIT:
        raise Refused(f"a name has {NAME_LIMIT} characters at most", "name")
    if "/" in text["name"] or text["name"] in (".", ".."):
        raise Refused(f"{text['name']!r} cannot be a name: it would not fit into a path", "name")
    wire = defaults.registry.wire(text["protocol"]) if text["protocol"] else None
    ruleBuilder = defaults.ruleBuilder(wire or defaults.registry.wire(defaults.protocol))
    return ProxyConfig(
        text["name"],
        text["listen"] or ANYWHERE,
        text["upstream"],
        wire,
        enabledFromJSON(given.get("enabled", True)),
        planFromRules(ruleBuilder, given.get("rules", [])),
        _toxics(ruleBuilder, given.get("toxics", [])),
        None if "connect_first" not in given else _boolean("connect_first", given["connect_first"]),
    )


def enabledFromJSON(value: object) -> bool:
    """
    @raise Refused: C{value} is neither true nor false.
    """
    return _boolean("enabled", value)


def _boolean(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise Refused(f'"{name}" must be true or false, not {value!r}', name)
    return value


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise Refused(f"{name!r} must be text, not {value!r}", name)
    return value


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
    The proxy of an ini section C{[proxy:NAME]}, whose keys are C{listen}, C{upstream} or
    C{backend}, C{protocol}, C{enabled}, C{connect_first} and C{behavior}.

    @raise Refused: something is unknown or out of bounds; says in which section.
    """
    known = ("listen", "upstream", "backend", "protocol", "enabled", "connect_first", "behavior")
    try:
        given: dict[str, Any] = dict(checked(words, known, "a proxy"))
        if "backend" in given:
            if "upstream" in given:
                raise Refused("upstream and backend are the same: say it once", "backend")
            given["upstream"] = given.pop("backend")
        for flag in ("enabled", "connect_first"):
            if flag in given:
                given[flag] = _truth(flag, given[flag])
        behavior = given.pop("behavior", "")
        declared = declaredFromJSON(defaults, {"name": name, **given})
        if not behavior:
            return declared
        wire = declared.wire or defaults.registry.wire(defaults.protocol)
        return attrs.evolve(declared, plan=defaults.ruleBuilder(wire).choice(behavior, {}))
    except MissingField as missing:
        reason = f"[proxy:{printable(name)}] must say its {missing.name}"
        raise Refused(reason, missing.name) from None
    except Refused as refused:
        raise Refused(f"[proxy:{printable(name)}]: {refused.whole}", refused.name) from None


def _truth(name: str, word: str) -> bool:
    if word.lower() not in TRUE | FALSE:
        raise Refused(f"{word!r} is not valid: true or false is wanted", name)
    return word.lower() in TRUE
