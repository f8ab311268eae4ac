# -*- test-case-name: tests.control.openapi.test_document -*-
"""
Schemas of what requests send: rules, behaviors, toxics, proxies and leases.

The options of each behavior are one component.  Rules, behaviors and toxics refer to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vaurien_twisted.control.experiment import ExperimentFields, PhaseFields
from vaurien_twisted.control.openapi.schema import (
    PLACE,
    Schema,
    described,
    listOf,
    ofOption,
    ofOptions,
    oneOfSchemas,
    orNull,
    record,
    ref,
)
from vaurien_twisted.interfaces import IBehaviorBase
from vaurien_twisted.model.options import Spec, listed
from vaurien_twisted.proxies.declaration import ProxyDefaults
from vaurien_twisted.proxies.experiments import PHASES
from vaurien_twisted.proxies.leases import LeaseFields
from vaurien_twisted.rules.codec import USER_NAMES, fieldSpecs
from vaurien_twisted.rules.toxics import NOOP, ToxicFields

#: A pattern of a matcher: text or a number, several of which one must match, or fields.
_PATTERN: Schema = oneOfSchemas(
    [
        {"type": ["string", "integer"]},
        listOf({"type": ["string", "integer", "object"]}),
        {"type": "object"},
    ]
)

#: What clients send back as they have read it.
IGNORED: Schema = {"description": "Cannot be changed, and is ignored."}


def bodySchemas(defaults: ProxyDefaults) -> dict[str, Schema]:
    """
    The schemas by the names of their components.

    @param defaults: has the behaviors, and the fields of a proxy.
    """
    behaviors = dict(sorted(defaults.registry.behaviors.items()))
    return {
        **dict(_options(behaviors)),
        "RuleFields": record(
            {**_ofFields(fieldSpecs()), "when": _when()},
            required=(),
            description="What a rule can have beside its behavior and options.",
        ),
        **{_title(name, "Rule"): _rule(name) for name in behaviors},
        "Rule": _anyBehavior(
            behaviors, "Rule", "behavior", "A behavior, and the exchanges that it applies to."
        ),
        "Draw": record(
            {"draw": {"type": "array", "items": ref("Rule"), "minItems": 1}},
            description="Alternatives, of which at most one applies to an exchange.",
            closed=True,
        ),
        "Rules": listOf(
            oneOfSchemas([ref("Rule"), ref("Draw")]), "Rules, and draws of several, in order."
        ),
        "RuleList": oneOfSchemas([ref("Rules"), _ruleObject()], "All rules of a proxy."),
        "OwnRules": record({"rules": ref("Rules")}, closed=True),
        **{_title(name, "Behavior"): _behavior(name, each) for name, each in behaviors.items()},
        "BehaviorSetting": oneOfSchemas(
            [*(ref(_title(name, "Behavior")) for name in behaviors), _byName()],
            "A behavior with its options, or percentages of several.",
        ),
        "Backend": record(
            {"backend": {"type": "string", "description": "HOST:PORT, or an endpoint string."}},
            closed=True,
        ),
        **dict(_toxics(behaviors)),
        **_proxies(defaults),
        "Experiment": _experiment(),
        "LeaseRequest": record(_nullable(_ofFields(listed(LeaseFields))), required=(), closed=True),
    }


def _title(name: str, kind: str) -> str:
    return "".join(word.capitalize() for word in name.split("_")) + kind


def _ofFields(declared: Mapping[str, Spec], strict: bool = False) -> dict[str, Schema]:
    """
    The schemas of declared fields, by the names that users write.
    """
    found = {}
    for name, spec in declared.items():
        spelled = "for" if spec.name == "seconds" else USER_NAMES.get(name, name)
        found[spelled] = ofOption(spec, strict)
    return found


def _nullable(fields: Mapping[str, Schema]) -> dict[str, Schema]:
    """
    Fields that may be C{null}, which clients send for fields that they do not set.
    """
    return {name: orNull(schema) for name, schema in fields.items()}


def _options(behaviors: Mapping[str, IBehaviorBase]) -> Iterator[tuple[str, Schema]]:
    for name, behavior in behaviors.items():
        yield _title(name, "Options"), ofOptions(listed(behavior.options), strict=False)


def _when() -> Schema:
    words = "The exchanges to match: matchers of the protocol (see GET /protocols), with patterns."
    return {
        "type": "object",
        "additionalProperties": _PATTERN,
        "default": {},
        "description": words,
    }


def _rule(name: str) -> Schema:
    fields = {each: ref(f"RuleFields/properties/{each}") for each in fieldSpecs()}
    own: dict[str, Schema] = {
        "behavior": {"const": name},
        "options": ref(_title(name, "Options")),
    }
    return record({**own, **fields}, required=("behavior",), closed=True)


def _ruleObject() -> Schema:
    seed: Schema = {"type": "integer", "minimum": -1, "maximum": 2**63 - 1, "default": -1}
    properties: dict[str, Schema] = {
        "rules": ref("Rules"),
        "keep": described(
            {"type": "boolean", "default": False},
            "Whether exchanges that wait keep what was decided for them.",
        ),
        "seed": described(
            seed, "The seed of the decisions from now on; -1 leaves it, and the numbers drawn."
        ),
        "counts": {"description": "As GET has it; ignored."},
        "state": described(
            {"type": "boolean", "default": False}, "Whether the answer has the state then."
        ),
    }
    return record(properties, required=("rules",), closed=True)


def _anyBehavior(
    behaviors: Mapping[str, IBehaviorBase], kind: str, member: str, description: str
) -> Schema:
    """
    One of several schemas; C{member} is the discriminator.
    """
    names = {name: _title(name, kind) for name in behaviors}
    schema = oneOfSchemas([ref(title) for title in names.values()], description)
    mapping = {name: PLACE + title for name, title in names.items()}
    schema["discriminator"] = {"propertyName": member, "mapping": mapping}
    return schema


def _limits() -> dict[str, Schema]:
    return {name: ref(f"RuleFields/properties/{name}") for name in ("for", "lease")}


def _behavior(name: str, behavior: IBehaviorBase) -> Schema:
    """
    A behavior whose options are members of the same object.
    """
    title = _title(name, "Options")
    own = {each: ref(f"{title}/properties/{each}") for each in listed(behavior.options)}
    fixed: dict[str, Schema] = {"name": {"const": name}}
    return record({**fixed, **own, **_limits()}, required=("name",), closed=True)


def _byName() -> Schema:
    """
    A behavior, or percentages of several, with a separate object of options.
    """
    words = "A behavior, or percentages of several: 20:error,10:delay."
    options = "The options of the behavior; of several, by their names."
    own: dict[str, Schema] = {
        "name": {"type": "string", "description": words},
        "options": {"type": "object", "description": options},
    }
    return record({**own, **_limits()}, required=("name", "options"), closed=True)


def _toxics(behaviors: Mapping[str, IBehaviorBase]) -> Iterator[tuple[str, Schema]]:
    fields = _ofFields(listed(ToxicFields), strict=True)
    fields = _nullable(fields)
    yield "ToxicFields", record(fields, required=())
    attributes = []
    kinds = {NOOP: behaviors["dummy"], **behaviors}
    for name, behavior in kinds.items():
        declared = {k: spec for k, spec in listed(behavior.options).items() if k != "direction"}
        own = _nullable({each: ofOption(spec) for each, spec in declared.items()})
        title = _title(name, "Attributes")
        attributes.append(title)
        yield title, record(own, required=(), closed=True)
        beside = {each: ref(f"ToxicFields/properties/{each}") for each in fields}
        beside |= {"type": {"const": name}, "attributes": _orNull(title)}
        yield _title(name, "Toxic"), record(beside, required=("type",), closed=True)
    yield "Toxic", _anyBehavior(kinds, "Toxic", "type", "A behavior that has a name of its own.")
    beside = dict.fromkeys(fields, IGNORED)
    beside["toxicity"] = ref("ToxicFields/properties/toxicity")
    beside["attributes"] = oneOfSchemas([*map(ref, attributes), {"type": "null"}])
    yield "ToxicChange", record(beside, required=(), closed=True)


def _orNull(title: str) -> Schema:
    return {"anyOf": [ref(title), {"type": "null"}]}


def _proxies(defaults: ProxyDefaults) -> dict[str, Schema]:
    fields = _nullable(_ofFields(defaults.fields, strict=True))
    lists = {
        "toxics": oneOfSchemas([listOf(ref("Toxic")), {"type": "null"}]),
        "rules": oneOfSchemas([ref("Rules"), {"type": "null"}]),
    }
    needed = {
        name: described({"type": "string", "minLength": 1}, str(fields[name]["description"]))
        for name in ("name", "upstream")
    }
    owned = described(
        {"type": ["string", "null"]}, "The lease with whose end the proxy is deleted."
    )
    proxy = record(
        {**fields, **needed, **lists, "lease": owned}, required=tuple(needed), closed=True
    )
    lease = described(
        {"type": ["string", "null"]}, "The lease with whose end upstream and enabled are put back."
    )
    change = {name: ref(f"ProxyFields/properties/{name}") for name in fields}
    change |= dict.fromkeys(("name", "protocol", *lists), IGNORED)
    return {
        "ProxyFields": record(fields, required=()),
        "NewProxy": described(proxy, "A proxy to create."),
        "NewProxies": listOf(ref("NewProxy")),
        "ProxyChange": record({**change, "lease": lease}, required=(), closed=True),
    }


def _experiment() -> Schema:
    phase = record(_ofFields(listed(PhaseFields), strict=True), required=(), closed=True)
    fields = _nullable(_ofFields(listed(ExperimentFields), strict=True))
    return record(
        {**fields, "phases": {**listOf(phase), "maxItems": PHASES}}, required=(), closed=True
    )
