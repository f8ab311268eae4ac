# -*- test-case-name: tests.test_benchmarks -*-
"""
The figures of a run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

import attrs

#: What all ratios are to.
REFERENCE = "haproxy"

#: The way without a relay.
DIRECT = "direct"

#: How many clients there are where there are several.
CONNECTIONS = 50

#: What the keys of relays begin with that have a fault in force.
FAULT = "fault-"


@attrs.define
class Results:
    """
    What was measured.

    @ivar machine: what it was measured on, by name.
    @ivar relays: the titles of the relays by their keys, in the order of the tables.
    @ivar samples: one figure for each round, by quantity and relay; C{None} where the
        measurement failed.
    @ivar notes: what a reader must know of this run.
    @ivar failures: what could not be measured and why.
    """

    relays: dict[str, str]
    machine: dict[str, str] = attrs.field(factory=dict)
    samples: dict[str, dict[str, list[float | None]]] = attrs.field(factory=dict)
    notes: list[str] = attrs.field(factory=list)
    failures: list[str] = attrs.field(factory=list)

    def add(self, quantity: str, relay: str, figure: float | None) -> None:
        """
        Append the figure of another round.
        """
        self.samples.setdefault(quantity, {}).setdefault(relay, []).append(figure)

    def note(self, text: str) -> None:
        """
        Note something once.
        """
        if text and text not in self.notes:
            self.notes.append(text)

    def figures(self, quantity: str, relay: str) -> list[float]:
        """
        The figures there are.
        """
        found = self.samples.get(quantity, {}).get(relay, [])
        return [figure for figure in found if figure is not None]

    def median(self, quantity: str, relay: str) -> float | None:
        """
        The median of the rounds, C{None} if none succeeded.
        """
        found = self.figures(quantity, relay)
        return median(found) if found else None

    def ratio(self, quantity: str, relay: str) -> float | None:
        """
        This median to HAProxy's; C{None} without one of them, and where it says
        nothing because HAProxy's is not above 0.
        """
        own, other = self.median(quantity, relay), self.median(quantity, REFERENCE)
        if own is None or other is None or other <= 0:
            return None
        return own / other

    def spread(self, quantity: str, relay: str) -> float | None:
        """
        How far the rounds lie apart, as a part of their median: a large one tells of
        a disturbed run.  C{None} for fewer than two.
        """
        found = self.figures(quantity, relay)
        if len(found) < 2 or median(found) == 0:
            return None
        return abs((max(found) - min(found)) / median(found))

    def compareLatency(self) -> None:
        """
        Compute what each relay adds: its latency less that without a relay of the same round.
        """
        for total, added in (("p50", "added50"), ("p99", "added99")):
            rounds = self.samples.get(total, {})
            base = rounds.get(DIRECT)
            if base is None:
                continue
            self.samples[added] = {
                relay: [
                    None if one is None or without is None else one - without
                    for one, without in zip(figures, base, strict=False)
                ]
                for relay, figures in rounds.items()
                if relay != DIRECT
            }

    def compareWaits(self, without: Mapping[str, str], wait: float) -> None:
        """
        Compute how much later than asked for answers came, and the throughput as a part of
        what it would be if nothing but the wait were added.

        @param without: by the key of a relay that lets all wait, that of the same without.
        @param wait: how long it lets them wait, in microseconds.
        """
        for relay, base in without.items():
            for total, late in (("waited50", "late50"), ("waited99", "late99")):
                for waited, settled in self._rounds((total, relay), ("p50", base)):
                    self.add(late, relay, waited - wait - settled)
            for slow, fast in self._rounds(("c50", relay), ("c50", base)):
                self.add("ideal", relay, slow * (wait / 1e6 / CONNECTIONS + 1 / fast))

    def _rounds(
        self, one: tuple[str, str], other: tuple[str, str]
    ) -> Iterator[tuple[float, float]]:
        """
        Two figures of each round in which there are both.
        """
        rounds = [self.samples.get(quantity, {}).get(relay, []) for quantity, relay in (one, other)]
        for first, second in zip(*rounds, strict=False):
            if first is not None and second is not None:
                yield first, second

    def toJSON(self) -> str:
        """
        Everything, with the medians and ratios for people who read it without us.
        """
        told: dict[str, Any] = attrs.asdict(self)
        told["summary"] = {
            quantity: {
                relay: {
                    "median": _rounded(self.median(quantity, relay)),
                    "ratio": _rounded(self.ratio(quantity, relay)),
                    "spread": _rounded(self.spread(quantity, relay)),
                }
                for relay in relays
            }
            for quantity, relays in self.samples.items()
        }
        return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def fromJSON(text: str) -> Results:
    """
    The results that C{text} was made of.

    @raise ValueError: it is not JSON.
    @raise KeyError: something is missing.
    """
    told = json.loads(text)
    return Results(**{field.name: told[field.name] for field in attrs.fields(Results)})


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)
