# -*- test-case-name: tests.experiments.test_decisions -*-
"""
The decisions of a run, which are kept in its report to be repeated.

A rule that struck many exchanges is written once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import attrs

from vaurien_twisted.model.json_types import JSONObject
from vaurien_twisted.model.options import Refused

#: The common members of the decisions of one rule.
_SHARED = ("behavior", "options", "seed", "key")


@attrs.frozen(eq=False)
class Decision:
    """
    A decision about one exchange.

    @ivar after: the time of the decision, in seconds after the method began.
    @ivar repeat: the further data that repeats it, from the journal.
    """

    proxy: str
    connection: int
    exchange: int
    description: str
    after: float
    repeat: Mapping[str, object]

    def describe(self) -> str:
        """
        One line: C{db 3/5 SELECT 1: delay sleep=2.0}.
        """
        options = self.repeat["options"]
        words = " ".join(
            f"{name}={value}"
            for name, value in (options.items() if isinstance(options, dict) else ())
            if value not in ("", None, {}, False)
        )
        place = f"{self.proxy} {self.connection}/{self.exchange} {self.description}"
        return f"{place}: {self.repeat['behavior']} {words}".rstrip()

    def toJSON(self) -> dict[str, object]:
        """
        The decision in the JSON that a proxy accepts to repeat it.
        """
        return {
            "connection": self.connection,
            "exchange": self.exchange,
            "description": self.description,
            "repeat": dict(self.repeat),
        }


def packed(journal: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """
    The repeatable decisions among a journal's entries, for a report.

    @param journal: entries with C{after}, and C{repeat} where they can be.
    """
    rules: dict[str, int] = {}
    taken: list[list[object]] = []
    for entry in journal:
        repeat = entry.get("repeat")
        if entry.get("kind") != "decision" or not isinstance(repeat, Mapping):
            continue
        rule = json.dumps({name: repeat[name] for name in _SHARED}, sort_keys=True)
        place = rules.setdefault(rule, len(rules))
        taken.append(
            [
                entry["proxy"],
                entry["connection"],
                entry["exchange"],
                entry["description"],
                entry["after"],
                place,
                repeat["drawn"],
                repeat["number"],
            ]
        )
    return {"rules": [json.loads(rule) for rule in rules], "taken": taken}


def unpacked(decisions: JSONObject) -> list[Decision]:
    """
    The decisions of a report.

    @raise Refused: they are not valid.
    """
    try:
        rules: Sequence[dict[str, object]] = decisions["rules"]
        found = []
        for proxy, connection, exchange, words, after, rule, drawn, number in decisions["taken"]:
            repeat = {**{name: rules[rule][name] for name in _SHARED}}
            repeat |= {"drawn": drawn, "number": number}
            found.append(
                Decision(
                    str(proxy), int(connection), int(exchange), str(words), float(after), repeat
                )
            )
    except (KeyError, IndexError, TypeError, ValueError):
        raise Refused("the decisions of this report cannot be read") from None
    return found
