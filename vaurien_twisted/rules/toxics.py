# -*- test-case-name: tests.rules.test_toxics -*-
"""
Toxics, as Toxiproxy calls them: named behaviors that are added to a proxy and removed from it
one at a time, in addition to its plan.

Their JSON is that of Toxiproxy's HTTP API (its C{README.md} and C{toxics/toxic.go})::

    {"name": "slow", "type": "latency", "stream": "downstream", "toxicity": 1.0,
     "attributes": {"latency": 100, "jitter": 0}}

Any behavior can be a toxic.  A behavior for a connection's bytes affects the direction that
the stream names; other behaviors affect the exchanges of the connections that were drawn.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping

import attrs

from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.names import checkPathName
from vaurien_twisted.model.options import Refused, build, nearest, option, specs, values
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import USER_NAMES, RuleFields, fieldName, lastingOption
from vaurien_twisted.rules.plan import Draw

STREAMS = ("upstream", "downstream")

#: Toxiproxy's name for the behavior that does nothing.
NOOP = "noop"

#: The lowest key of a toxic's draw.
FIRST_KEY = 2**31

#: The most toxics of a proxy.  Each connection and exchange is compared with all of them.
TOXICS = 1000


@attrs.frozen
class ToxicFields:
    """
    The fields of a toxic in JSON.
    """

    name: str = option(str, "", "The toxic's name; TYPE_STREAM if it is not given.")
    type: str = option(str, "", "The name of a behavior, or noop; required.")
    stream: str = option(
        str,
        "downstream",
        "The direction: upstream (to the backend) or downstream (to the client).",
        choices=STREAMS,
    )
    toxicity: float = option(
        float, 1.0, "The share of connections that the toxic applies to.", minimum=0, maximum=1
    )
    attributes: dict[str, object] = option(dict, {}, "Options of the behavior, by name.")
    lasting: float | None = lastingOption("the toxic is removed")
    lease: str = option(str, "", "The lease that the toxic ends with; see POST /leases.")


def isToxic(draw: Draw) -> bool:
    """
    Whether a draw of a plan belongs to a toxic.
    """
    return draw.key is not None and draw.key >= FIRST_KEY


class UnknownType(Refused):
    """
    The type of a toxic is not the name of a behavior.
    """


class UnknownStream(Refused):
    """
    The stream of a toxic is neither C{upstream} nor C{downstream}.
    """


class ToxicExists(Refused):
    """
    A toxic with this name exists already.
    """


class NoSuchToxic(Refused):
    """
    No toxic has this name.
    """


@attrs.frozen
class Toxic:
    """
    A toxic whose fields have been checked.

    @ivar type: the name of a behavior, or C{noop}.
    @ivar stream: C{"upstream"} (to the backend) or C{"downstream"} (to the client).
    @ivar toxicity: the share of connections that it affects, 0 to 1; each is drawn once.
    @ivar draw: the draw of the plan that carries it out.
    """

    name: str
    type: str
    stream: str
    toxicity: float
    draw: Draw

    @property
    def rule(self) -> Rule:
        """
        The rule of the plan that carries it out.
        """
        [rule] = self.draw.alternatives
        return rule

    @property
    def attributes(self) -> dict[str, object]:
        """
        The options of its behavior by name, without the direction.
        """
        own = values(self.rule.options)
        return {name: value for name, value in own.items() if name != "direction"}

    def toJSON(self) -> dict[str, object]:
        """
        The toxic as JSON.
        """
        described = {
            "attributes": self.attributes,
            "name": self.name,
            "type": self.type,
            "stream": self.stream,
            "toxicity": self.toxicity,
        }
        # Toxiproxy has neither field, and its clients may reject unknown fields.
        if self.rule.lasting is not None:
            described["for"] = self.rule.lasting
        if self.rule.lease:
            described["lease"] = self.rule.lease
        return described


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

        @raise NoSuchToxic: there is none; the message names the most similar one.
        """
        for toxic in self.items:
            if toxic.name == name:
                return toxic
        known = [toxic.name for toxic in self.items]
        raise NoSuchToxic(f"there is no toxic {name!r}: {nearest(name, known)}", "toxic")

    def adding(self, toxic: Toxic) -> Toxics:
        """
        These toxics, and C{toxic} after them.

        @raise ToxicExists: a toxic has the same name.
        @raise Refused: there are L{TOXICS} already.
        """
        if len(self.items) >= TOXICS:
            raise Refused(f"there are already {TOXICS} toxics, the maximum for a proxy", "toxics")
        if any(own.name == toxic.name for own in self.items):
            raise ToxicExists(f"there is already a toxic {toxic.name!r}", "name")
        return Toxics((*self.items, toxic))

    def changing(self, toxic: Toxic) -> Toxics:
        """
        These toxics, with C{toxic} in place of the one with the same name.
        """
        return Toxics(tuple(toxic if own.name == toxic.name else own for own in self.items))

    def removing(self, name: str) -> Toxics:
        """
        These toxics without the one called C{name}.

        @raise NoSuchToxic: there is none.
        """
        gone = self.get(name)
        return Toxics(tuple(toxic for toxic in self.items if toxic is not gone))

    def toJSON(self) -> list[dict[str, object]]:
        """
        The toxics as JSON, those of the stream C{upstream} first, as in Toxiproxy.
        """
        return [
            toxic.toJSON() for stream in STREAMS for toxic in self.items if toxic.stream == stream
        ]


def toxicFromJSON(ruleBuilder: RuleBuilder, item: object) -> Toxic:
    """
    Build a new toxic.

    @param item: the toxic in JSON; see L{ToxicFields}.
    @raise UnknownStream: the stream is neither C{upstream} nor C{downstream}.
    @raise UnknownType: there is no such behavior; the message names the most similar one.
    @raise Refused: another field or an option is unknown or not valid.
    """
    given = _given(item)
    stream = given.get("stream")
    if isinstance(stream, str):
        # Like Toxiproxy, ignore the case.
        given["stream"] = stream.lower()
        if stream.lower() not in STREAMS:
            raise UnknownStream(f"stream must be upstream or downstream, not {stream!r}", "stream")
    fields = build(ToxicFields, given, "a toxic", strict=True)
    if fields.type != NOOP and fields.type not in ruleBuilder.registry.behaviors:
        known = (*ruleBuilder.registry.behaviors, NOOP)
        raise UnknownType(
            f"there is no type {fields.type!r}: {nearest(fields.type, known)}", "type"
        )
    name = checkPathName(fields.name or f"{fields.type}_{fields.stream}", "name")
    return _made(ruleBuilder, attrs.evolve(fields, name=name))


def amended(ruleBuilder: RuleBuilder, toxic: Toxic, item: object) -> Toxic:
    """
    C{toxic} with the toxicity and attributes that C{item} gives; others stay as they are.
    Name, type and stream cannot be changed: they are ignored.

    @param item: the changes in JSON; see L{ToxicFields}.
    @raise Refused: a name is unknown or a value is not valid.
    """
    given = _given(item)
    change: dict[str, object] = {
        name: given[name] for name in ("toxicity", "attributes") if name in given
    }
    changed = build(ToxicFields, {"toxicity": toxic.toxicity, **change}, "a toxic", strict=True)
    fields = attrs.evolve(
        changed,
        name=toxic.name,
        type=toxic.type,
        stream=toxic.stream,
        attributes={**toxic.attributes, **changed.attributes},
        lasting=toxic.rule.lasting,
        lease=toxic.rule.lease,
    )
    return _made(ruleBuilder, fields)


def checked(item: object, known: Collection[str], of: str) -> dict[str, object]:
    """
    The members of a JSON object whose values are not C{null}.

    @param known: the names of the members that it may have.
    @param of: what the object describes, for error messages: C{"a toxic"}.
    @raise Refused: C{item} is not an object, or has an unknown member; the message names the
        most similar one.
    """
    if not isinstance(item, Mapping):
        raise Refused(f"{of} must be an object, not {item!r}")
    for name in item:
        if name not in known:
            raise Refused(f"{of} has no {name!r}: {nearest(str(name), known)}", str(name))
    return {name: value for name, value in item.items() if value is not None}


def _given(item: object) -> dict[str, object]:
    """
    The fields of a toxic by their names in Python.
    """
    known = [USER_NAMES.get(name, name) for name in specs(ToxicFields)]
    return {fieldName(name): value for name, value in checked(item, known, "a toxic").items()}


def _made(ruleBuilder: RuleBuilder, toxic: ToxicFields) -> Toxic:
    behavior = ruleBuilder.registry.behavior("dummy" if toxic.type == NOOP else toxic.type)
    declared = specs(behavior.options)
    options: dict[str, object] = {}
    for key, value in toxic.attributes.items():
        spec = declared.get(key)
        if key == "direction" and spec is not None:
            raise Refused('use "stream" for the direction of a toxic', key)
        if spec is not None:
            value = spec.withoutUnit(value)
            if isinstance(value, str):
                # Toxiproxy does not accept text for a number either.
                spec.convert(value, strict=True)
        if value is not None:
            options[key] = value
    if "direction" in declared:
        options["direction"] = toxic.stream
    fields = RuleFields(
        percent=toxic.toxicity * 100,
        scope="connection",
        name=toxic.name,
        lasting=toxic.lasting,
        lease=toxic.lease,
    )
    rule = ruleBuilder.rule(behavior.name, options, fields)
    # Derived from the name, so that adding and removing other toxics does not change it.
    number = FIRST_KEY | zlib.crc32(toxic.name.encode()) >> 1
    return Toxic(toxic.name, toxic.type, toxic.stream, toxic.toxicity, Draw((rule,), number))
