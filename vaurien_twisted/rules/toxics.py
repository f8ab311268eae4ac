# -*- test-case-name: tests.rules.test_toxics -*-
"""
Toxics, as Toxiproxy calls them: behaviors with a name, which are added to a proxy and
taken from it one by one, beside its plan.

Their JSON is that of Toxiproxy's HTTP API (its C{README.md} and C{toxics/toxic.go})::

    {"name": "slow", "type": "latency", "stream": "downstream", "toxicity": 1.0,
     "attributes": {"latency": 100, "jitter": 0}}

Any behavior can be a toxic.  One for a connection's bytes goes in the direction of its
stream; another meets the exchanges of the connections that it was drawn for.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from vaurien_twisted.model.names import checkPrintable
from vaurien_twisted.model.options import Refused, nearest, specs, values
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import RuleFields
from vaurien_twisted.rules.plan import Draw

STREAMS = ("upstream", "downstream")

#: What Toxiproxy calls the behavior that does nothing.
NOOP = "noop"

#: How many toxics a proxy can have: each connection and exchange meets all of them.
TOXICS = 1000

FIELDS = ("name", "type", "stream", "toxicity", "attributes")


class UnknownType(Refused):
    """
    There is no such behavior.
    """


class UnknownStream(Refused):
    """
    The stream is neither of the two.
    """


class ToxicExists(Refused):
    """
    There is a toxic of that name.
    """


class NoSuchToxic(Refused):
    """
    There is none.
    """


@attrs.frozen
class Toxic:
    """
    A toxic, checked.

    @ivar type: a behavior's name, or C{noop}.
    @ivar stream: C{"upstream"} (to the backend) or C{"downstream"} (to the client).
    @ivar toxicity: the share of connections that it meets, 0 to 1; each is drawn once.
    @ivar draw: what it is in the plan.
    """

    name: str
    type: str
    stream: str
    toxicity: float
    draw: Draw

    @property
    def attributes(self) -> dict[str, Any]:
        """
        The options in force, by name, without the direction.
        """
        [rule] = self.draw.alternatives
        return {name: own for name, own in values(rule.options).items() if name != "direction"}

    def tell(self) -> dict[str, Any]:
        """
        Its JSON.
        """
        return {
            "attributes": self.attributes,
            "name": self.name,
            "type": self.type,
            "stream": self.stream,
            "toxicity": self.toxicity,
        }


@attrs.frozen
class Toxics:
    """
    The toxics of one proxy, in the order in which they were added.
    """

    items: tuple[Toxic, ...] = ()

    def __iter__(self) -> Iterator[Toxic]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def get(self, name: str) -> Toxic:
        """
        The toxic called C{name}.

        @raise NoSuchToxic: there is none; names the nearest.
        """
        for toxic in self.items:
            if toxic.name == name:
                return toxic
        known = [toxic.name for toxic in self.items]
        raise NoSuchToxic(f"there is no toxic {name!r}: {nearest(name, known)}", "toxic")

    def adding(self, toxic: Toxic) -> Toxics:
        """
        These, and C{toxic} after them.

        @raise ToxicExists: its name is taken.
        """
        if len(self.items) >= TOXICS:
            raise Refused(f"a proxy has {TOXICS} toxics at most", "toxics")
        if any(own.name == toxic.name for own in self.items):
            raise ToxicExists(f"there is a toxic {toxic.name!r} already", "name")
        return Toxics((*self.items, toxic))

    def changing(self, toxic: Toxic) -> Toxics:
        """
        These, with C{toxic} in place of the one of its name.
        """
        return Toxics(tuple(toxic if own.name == toxic.name else own for own in self.items))

    def removing(self, name: str) -> Toxics:
        """
        These without the one called C{name}.

        @raise NoSuchToxic: there is none.
        """
        gone = self.get(name)
        return Toxics(tuple(toxic for toxic in self.items if toxic is not gone))

    def tell(self) -> list[dict[str, Any]]:
        """
        Their JSON, as Toxiproxy tells it: those upstream come first.
        """
        return [
            toxic.tell() for stream in STREAMS for toxic in self.items if toxic.stream == stream
        ]


def toxicFromJSON(ruleBuilder: RuleBuilder, item: object) -> Toxic:
    """
    A new toxic.  Its stream is C{"downstream"}, its toxicity 1 and its name
    C{TYPE_STREAM} where that is not said.

    @raise UnknownStream: see there.
    @raise UnknownType: see there; names the nearest.
    @raise Refused: something else is unknown or out of bounds.
    """
    given = checked(item, FIELDS, "a toxic")
    kind, stream = _text(given, "type", ""), _text(given, "stream", "downstream").lower()
    if stream not in STREAMS:
        raise UnknownStream(f"the stream is upstream or downstream, not {stream!r}", "stream")
    if kind != NOOP and kind not in ruleBuilder.registry.behaviors:
        known = (*ruleBuilder.registry.behaviors, NOOP)
        raise UnknownType(f"there is no type {kind!r}: {nearest(kind, known)}", "type")
    name = _text(given, "name", "") or f"{kind}_{stream}"
    checkPrintable(name, "name")
    if "/" in name or name in (".", ".."):
        raise Refused(f"{name!r} cannot be a name: it would not fit into a path", "name")
    return _made(ruleBuilder, (name, kind, stream), _toxicity(given, 1.0), _attributes(given))


def amended(ruleBuilder: RuleBuilder, toxic: Toxic, item: object) -> Toxic:
    """
    C{toxic} with another toxicity or other attributes; those not given stay.  Name, type
    and stream cannot change, and are not looked at.

    @raise Refused: something is unknown or out of bounds.
    """
    given = checked(item, FIELDS, "a toxic")
    attributes = {**toxic.attributes, **_attributes(given)}
    names = (toxic.name, toxic.type, toxic.stream)
    return _made(ruleBuilder, names, _toxicity(given, toxic.toxicity), attributes)


def checked(item: object, known: tuple[str, ...], of: str) -> dict[str, Any]:
    """
    An object's members, of which C{null} counts as not given.

    @raise Refused: it is no object, or a member is not known; names the nearest.
    """
    if not isinstance(item, Mapping):
        raise Refused(f"{of} must be an object, not {item!r}")
    for name in item:
        if name not in known:
            raise Refused(f"{of} has no {name!r}: {nearest(str(name), known)}", str(name))
    return {name: value for name, value in item.items() if value is not None}


def _made(
    ruleBuilder: RuleBuilder,
    names: tuple[str, str, str],
    toxicity: float,
    attributes: Mapping[str, object],
) -> Toxic:
    name, kind, stream = names
    behavior = ruleBuilder.registry.behavior("dummy" if kind == NOOP else kind)
    declared = specs(behavior.options)
    options: dict[str, object] = {}
    for key, value in attributes.items():
        spec = declared.get(key)
        if key == "direction" and spec is not None:
            raise Refused('the direction of a toxic is its "stream"', key)
        if isinstance(value, str) and spec is not None and spec.kind is not str:
            raise Refused(f"{key!r} must not be text, such as {value!r}", key)
        if value is not None:
            options[key] = value
    if "direction" in declared:
        options["direction"] = stream
    fields = RuleFields(percent=toxicity * 100, scope="connection", name=name)
    rule = ruleBuilder.rule(behavior.name, options, fields)
    # By its name, so that it does not matter which other toxics come and go.
    place = 2**31 | zlib.crc32(name.encode()) >> 1
    return Toxic(name, kind, stream, toxicity, Draw((rule,), place))


def _text(given: Mapping[str, Any], name: str, default: str) -> str:
    value = given.get(name, default)
    if not isinstance(value, str):
        raise Refused(f"{name!r} must be text, not {value!r}", name)
    return value


def _toxicity(given: Mapping[str, Any], default: float) -> float:
    value = given.get("toxicity", default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise Refused(f"the toxicity must be a number from 0 to 1, not {value!r}", "toxicity")
    return value


def _attributes(given: Mapping[str, Any]) -> Mapping[str, Any]:
    value = given.get("attributes", {})
    if not isinstance(value, Mapping):
        raise Refused(f'"attributes" must be an object, not {value!r}', "attributes")
    return value
