# -*- test-case-name: tests.control.openapi.test_document -*-
"""
Schemas of answers and refusals.

They name the members that an answer always has.  Later versions may add others.
"""

from __future__ import annotations

from vaurien_twisted.control.openapi.schema import (
    Schema,
    described,
    listOf,
    oneOfSchemas,
    orNull,
    record,
    ref,
)
from vaurien_twisted.rules.toxics import STREAMS

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
SECONDS: Schema = {"type": "number", "minimum": 0}
OBJECT: Schema = {"type": "object"}
TEXTS: Schema = listOf(TEXT)
ANY: Schema = {}

_BYTES = record(dict.fromkeys(STREAMS, COUNT))


def answerSchemas() -> dict[str, Schema]:
    """
    The schemas by the names of their components.
    """
    return {**_refusals(), **_inForce(), **_observed(), **_declarations()}


def _refusals() -> dict[str, Schema]:
    error = record({"location": TEXT, "name": TEXT, "description": TEXT})
    return {
        "Refusal": record(
            {"status": {"const": "error"}, "errors": listOf(error)},
            description="Why a request was refused: the field at fault, and what is accepted.",
        ),
        "ToxiproxyRefusal": record(
            {"error": TEXT, "status": {"type": "integer", "minimum": 400, "maximum": 599}},
            description="The same, as Toxiproxy writes it.",
        ),
        "PopulateRefusal": record(
            {"error": TEXT, "status": {"type": "integer"}, "proxies": listOf(ref("Proxy"))},
            "proxies",
            description="The proxies that there are all the same, and why the next one is not.",
        ),
    }


def _inForce() -> dict[str, Schema]:
    """
    Schemas of answers about rules, state and journal.
    """
    counted = record(
        {
            "name": TEXT,
            "rule": TEXT,
            "seen": COUNT,
            "matched": COUNT,
            "struck": described(COUNT, "How often it took effect."),
            "left": {"type": "number"},
            "nearest": described(TEXT, "What came nearest, if it never took effect."),
            "reason": described(TEXT, "Why that was not met."),
        },
        *("left", "nearest", "reason"),
        description="What a rule or toxic has met.",
    )
    removed = record(
        {
            "name": TEXT,
            "enabled": FLAG,
            "rules": COUNT,
            "toxics": TEXTS,
            "connections": listOf(COUNT),
        }
    )
    proxy: dict[str, Schema] = {
        "name": TEXT,
        "listen": TEXT,
        "upstream": TEXT,
        "enabled": FLAG,
        "protocol": TEXT,
        "lease": described(TEXT, "The lease with whose end it is deleted, if there is one."),
        "toxics": listOf(ref("Toxic")),
    }
    inForce: dict[str, Schema] = {
        "rules": ref("Rules"),
        "counts": listOf(ref("RuleCounts")),
        "seed": {"type": "integer"},
    }
    lease: dict[str, Schema] = {"name": TEXT, "for": SECONDS, "left": SECONDS, "owner": TEXT}
    return {
        "Done": record({"status": {"const": "ok"}}, description="It is done."),
        "RulesSet": record(
            {"status": {"const": "ok"}, "state": ref("State")}, "state", description="They are set."
        ),
        "Behavior": record({"behavior": TEXT, "options": OBJECT, "rules": ref("Rules")}, "rules"),
        "RuleCounts": counted,
        "RulesInForce": record(inForce),
        "Normal": record({"proxies": listOf(removed)}, description="What was in force."),
        "Proxy": record(proxy, "lease"),
        "Proxies": {"type": "object", "additionalProperties": ref("Proxy")},
        "Populated": record({"proxies": listOf(ref("Proxy"))}),
        "Toxics": listOf(ref("Toxic")),
        "Version": record({"version": TEXT}),
        "Experiments": record(
            {
                "experiment": oneOfSchemas([_experiment(), {"type": "null"}], "The one that runs."),
                "past": listOf(_experiment(), "Those before it."),
            }
        ),
        "Lease": record(lease),
        "Leases": record({"leases": listOf(ref("Lease"))}),
    }


def _observed() -> dict[str, Schema]:
    """
    What happens.
    """
    texts = ("description", "rule", "reason")
    whole = record(dict.fromkeys(texts, TEXT), *texts, description="Shortened texts, whole.")
    entry = record(
        {
            "id": {"type": "integer", "minimum": 1},
            "time": described({"type": "number"}, "In seconds since 1970."),
            "kind": described(TEXT, "Such as decision or set."),
            "proxy": TEXT,
            "connection": COUNT,
            "exchange": COUNT,
            "description": TEXT,
            "rule": TEXT,
            "effect": TEXT,
            "reason": TEXT,
            "words": described(TEXT, "The effect in plain words."),
            "message": described(TEXT, "The words of the error that was sent."),
            "whole": whole,
            "timing": ref("Timing"),
        },
        *("exchange", "description", "rule", "effect", "reason", "words"),
        *("message", "whole", "timing"),
        description="Something that happened.",
    )
    waiting = record({"command": TEXT, "rule": TEXT, "exchange": orNull(COUNT)})
    connection: dict[str, Schema] = {
        "proxy": TEXT,
        "id": COUNT,
        "client": TEXT,
        "backend": TEXT,
        "since": SECONDS,
        "state": TEXT,
        "exchanges": COUNT,
        "received": COUNT,
        "sent": COUNT,
        "last": orNull(TEXT),
        "waiting": oneOfSchemas([waiting, {"type": "null"}]),
        "own": ref("Rules"),
    }
    judged = record(
        {
            "rule": TEXT,
            "applied": FLAG,
            "reason": TEXT,
            "drew": described({"type": ["number", "null"]}, "The number that was drawn."),
            "streams": described(FLAG, "It is for the bytes of whole connections."),
        },
        "drew",
        "streams",
    )
    explanation: dict[str, Schema] = {
        "whole": whole,
        "proxy": TEXT,
        "connection": COUNT,
        "exchange": COUNT,
        "description": TEXT,
        "hit": described({"type": ["boolean", "null"]}, "null: it is not known any more."),
        "journal": listOf(ref("JournalEntry")),
        "known": FLAG,
        "rules": listOf(judged),
        "summary": TEXT,
        "timing": ref("Timing"),
    }
    passed: dict[str, Schema] = {
        "id": {"type": "integer", "minimum": 1},
        **dict.fromkeys(("proxy", "client", "description"), TEXT),
        "whole": whole,
        **dict.fromkeys(("connection", "exchange"), COUNT),
        "timing": ref("Timing"),
    }
    histogram: dict[str, Schema] = {
        "sum": SECONDS,
        "count": COUNT,
        **{f"p{percent}": orNull(SECONDS) for percent in (50, 95, 99)},
        "buckets": listOf(listOf({"type": ["number", "null"]})),
    }
    failed = record({"command": TEXT, "code": TEXT, "count": COUNT})
    state: dict[str, Schema] = {
        **dict.fromkeys(("name", "protocol", "listen", "upstream"), TEXT),
        "enabled": FLAG,
        "rules": ref("Rules"),
        "toxics": listOf(ref("Toxic")),
        "own": listOf(record({"connection": COUNT, "rules": ref("Rules")})),
        **dict.fromkeys(("open", "accepted", "exchanges", "faults"), COUNT),
        "received": _BYTES,
        "sent": _BYTES,
        "connectFailures": COUNT,
        "opaque": described(
            record({"open": COUNT, "total": COUNT}), "Connections that became opaque."
        ),
        "errors": oneOfSchemas([listOf(failed), {"type": "null"}], "Exchanges that failed."),
        "duration": described(record(histogram), "From request to reply, in seconds."),
    }
    history: dict[str, Schema] = {
        "rows": listOf(listOf({"type": ["number", "null"]}), "The numbers of a second each."),
        "columns": described(TEXTS, "What the numbers of a row are."),
        "step": described(SECONDS, "Between two rows."),
        "kept": described(COUNT, "The most rows that are kept."),
        "marks": listOf(record({"time": SECONDS, "what": TEXT}), "What was set meanwhile."),
        "proxy": TEXT,
    }
    return {
        "History": record(history),
        "JournalEntry": entry,
        "Journal": record({"journal": listOf(ref("JournalEntry")), "last": COUNT}),
        "Connection": record(connection),
        "Connections": record({"connections": listOf(ref("Connection")), "total": COUNT}),
        "Explanation": record(explanation, "whole"),
        "Timing": _timing(),
        "Passed": record(
            {
                "passed": listOf(record(passed, "whole")),
                **dict.fromkeys(("last", "kept", "missed"), COUNT),
            }
        ),
        "ProxyState": record(state),
        "State": record(
            {
                "version": TEXT,
                "seed": {"type": "integer"},
                "proxies": listOf(ref("ProxyState")),
                "journal": record({"last": COUNT}),
            }
        ),
    }


def _timing() -> Schema:
    """
    The times and sizes of an exchange.
    """
    known: dict[str, Schema] = {
        "came": described(SECONDS, "Its first byte, in seconds since 1970."),
        "waited": described(SECONDS, "How long it was kept back before it went on."),
        "replyBegan": described(SECONDS, "The first byte of the reply, after it came."),
        "replyEnded": described(SECONDS, "The last byte of the reply, after it came."),
        "duration": described(SECONDS, "When the reply was sent to the client, after it came."),
        "requestBytes": COUNT,
        "replyBytes": COUNT,
        "error": described(TEXT, "The code, if the backend's reply is an error."),
        "together": described(COUNT, "How many requests of one chunk share this."),
    }
    return record(known, *known, description="When an exchange came and went, as far as known.")


def _declarations() -> dict[str, Schema]:
    """
    What there is: behaviors, protocols, fields, and the service itself.
    """
    option = record(
        {
            "name": TEXT,
            "type": {"enum": ["bool", "int", "float", "str", "dict"]},
            "default": ANY,
            "description": TEXT,
            "unit": TEXT,
            "minimum": {"type": "number"},
            "maximum": {"type": "number"},
            "choices": TEXTS,
        },
        *("unit", "minimum", "maximum", "choices"),
        description="An option or field.",
    )
    options = listOf(ref("Option"))
    protocol: dict[str, Schema] = {
        "description": TEXT,
        "options": options,
        "aliases": TEXTS,
        "targets": listOf(record({"name": TEXT, "kind": TEXT, "description": TEXT})),
        "unit": TEXT,
        "errors": listOf(record({"code": ANY, "message": TEXT, "description": TEXT})),
    }
    behavior = record({"description": TEXT, "options": options})
    return {
        "Option": option,
        "Behaviors": record(
            {"behaviors": TEXTS, "details": {"type": "object", "additionalProperties": behavior}},
            "details",
        ),
        "Protocol": record({"protocol": TEXT, **protocol}),
        "Protocols": record(
            {
                "protocol": TEXT,
                "protocols": {"type": "object", "additionalProperties": record(protocol)},
            }
        ),
        "Schema": record(dict.fromkeys(("proxy", "rule", "toxic"), options)),
        "Index": record({"links": {"type": "object", "additionalProperties": TEXT}}),
        "OpenAPI": record({"openapi": TEXT, "info": OBJECT, "paths": OBJECT}),
        "Text": TEXT,
    }


def _experiment() -> Schema:
    phase: dict[str, Schema] = {
        "name": TEXT,
        "what": TEXT,
        "begin": SECONDS,
        "end": {"type": ["number", "null"]},
    }
    experiment: dict[str, Schema] = {
        "title": TEXT,
        "begun": SECONDS,
        "outcome": TEXT,
        "phases": listOf(record(phase)),
    }
    return record(experiment)
