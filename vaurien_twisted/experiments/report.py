# -*- test-case-name: tests.experiments.test_reports -*-
"""
The report of a run as JSON, from which all other forms are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import attrs

from vaurien_twisted.experiments.conditions import Condition, Recovery, duringOf, proxiesOf
from vaurien_twisted.experiments.decisions import packed
from vaurien_twisted.experiments.document import Experiment
from vaurien_twisted.experiments.figures import Figures, Reading
from vaurien_twisted.experiments.notable import failed, slowest
from vaurien_twisted.experiments.phases import Phase
from vaurien_twisted.experiments.record import HALTED, Record
from vaurien_twisted.experiments.summary import describeCondition
from vaurien_twisted.experiments.verdict import (
    BROKEN,
    HELD,
    UNKNOWN,
    Judgement,
    judgeChecks,
    judgeFigures,
    judgeRecovery,
    overall,
)

#: The number of consecutive readings in breach that breaks a phase.
LASTING = 2

#: Plots omit readings at the bounds of phases that are closer to a regular one than this share of
#: the interval.
CLOSE = 0.25

#: The most journal entries that a report has.
ENTRIES = 2000

Object = dict[str, object]
Entry = Mapping[str, object]


def report(experiment: Experiment, record: Record, begun: float) -> Object:
    """
    The report of a run.

    @param begun: the time at which its method began, in seconds since 1970.
    """
    record = attrs.evolve(
        record, journal=_since(record.journal, begun), passed=_since(record.passed, begun)
    )
    conditions = [
        _condition(at, condition, record, experiment.policy.every)
        for at, condition in enumerate(experiment.hypothesis)
    ]
    struck = [entry for entry in record.journal if _happened(entry)]
    kept = _worthKeeping(struck, conditions)
    happened = sorted([*struck, *record.passed], key=lambda entry: float(str(entry["after"])))
    outcomes = [str(each["outcome"]) for each in conditions]
    if record.load is not None and not record.load.get("good", True):
        outcomes.append(BROKEN)
    outcome = record.outcome or overall(outcomes)
    return {
        "title": experiment.title,
        "seed": experiment.seed,
        "begun": begun,
        "seconds": record.seconds,
        "outcome": outcome,
        "reason": record.reason,
        "conditions": conditions,
        "phases": [
            {"name": each.name, "what": each.what, "begin": each.begin, "end": each.end}
            for each in record.phases
        ],
        "readings": _series(_spaced(record.readings, experiment.policy.every * CLOSE)),
        "load": record.load,
        "slowest": [_withoutRepeat(entry) for entry in slowest(happened)],
        "failed": [_withoutRepeat(entry) for entry in failed(happened)],
        "journal": [_withoutRepeat(entry) for entry in kept],
        "journal_left_out": record.left + len(struck) - len(kept),
        "notes": record.notes,
        "file": experiment.source,
        "decisions": packed(record.journal),
    }


def _since(entries: Sequence[Entry], begun: float) -> list[Entry]:
    """
    The entries with C{after}: the seconds since C{begun}.
    """
    return [{**each, "after": round(float(str(each["time"])) - begun, 6)} for each in entries]


def _happened(entry: Mapping[str, object]) -> bool:
    """
    Whether an entry of the journal is about an exchange or a connection, and not about a setting.
    """
    return entry.get("kind") not in ("experiment", "set", "lease")


def _withoutRepeat(entry: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value for name, value in entry.items() if name != "repeat"}


def exitStatus(outcome: str) -> int:
    """
    The exit status for an outcome: 0 held, 1 broken, 3 halted or not judged.
    """
    return {HELD: 0, BROKEN: 1}.get(outcome, 3)


def _worthKeeping(
    journal: Sequence[Mapping[str, object]], conditions: Sequence[Object]
) -> list[Mapping[str, object]]:
    """
    The entries during breaches, and the first others up to the limit.
    """
    named = {
        each
        for condition in conditions
        for judged in _listed(condition["judged"])
        for each in _listed(judged.get("entries", []))
    }
    room = ENTRIES
    kept = []
    for entry in journal:
        if entry["id"] in named or room > 0:
            kept.append(entry)
            room -= 1
    return kept


def _listed(value: object) -> list[Object]:
    return value if isinstance(value, list) else []


def _condition(at: int, condition: Condition, record: Record, every: float) -> Object:
    judged: list[Object] = []
    for when, found in (("before", record.before), ("after", record.after)):
        judged += [_judged(when, judgement) for each, judgement in found if each == at]
    if isinstance(condition, Recovery):
        end = next(
            (each.end for each in record.phases if each.name == condition.after and each.end), None
        )
        if end is None:
            judged.append(_judged(condition.after, Judgement(UNKNOWN, "the phase did not end")))
        else:
            judgement, _ = judgeRecovery(condition, record.readings, end)
            judged.append(_judged(condition.after, judgement))
    else:
        for number, phase in enumerate(record.phases):
            during = duringOf(condition)
            if during and phase.name not in during:
                continue
            bounds = record.bounds.get(number, [])
            judged.append(_inPhase(at, condition, record, phase, bounds, LASTING * every))
    outcomes = [str(each["outcome"]) for each in judged]
    outcome = overall(outcomes) if outcomes else UNKNOWN
    return {
        "condition": describeCondition(condition),
        "kind": condition.KEY,
        "outcome": UNKNOWN if record.outcome == HALTED and outcome == HELD else outcome,
        "judged": judged,
    }


def _inPhase(
    at: int,
    condition: Condition,
    record: Record,
    phase: Phase,
    bounds: Sequence[Reading],
    lasting: float,
) -> Object:
    """
    Judge a condition in a phase, as a whole and from one reading to the next.  Otherwise many fast
    exchanges could hide a time in which all were slow.

    @param lasting: the duration of a breach that breaks the phase, in seconds.
    """
    begin = phase.begin
    end = phase.end if phase.end is not None else record.seconds
    names = proxiesOf(condition)
    checks = [check for check in record.checks.get(at, ()) if begin <= check.time <= end]
    judgement = judgeChecks(condition, checks)
    if judgement is None:
        if len(bounds) == 2:
            first, last = (reading.of(names) for reading in bounds)
            judgement = judgeFigures(condition, last.since(first), bounds[1].time - bounds[0].time)
        # Its readings may be a little early or late.
        times = (begin, end, *(reading.time for reading in bounds))
        within = _spaced(
            [each for each in record.readings if min(times) <= each.time <= max(times)],
            lasting / LASTING * CLOSE,
        )
        breaches = _breaches(condition, names, within)
        if judgement is not None and judgement.outcome == HELD:
            judgement = _worst(condition, names, within, breaches, lasting) or judgement
    else:
        breaches = [(check.time, check.time) for check in checks if not check.good]
    found = _judged(phase.name, judgement or Judgement(UNKNOWN, "not enough data: no figures"))
    if breaches:
        found["breaches"] = [list(each) for each in breaches]
    if found["outcome"] == BROKEN:
        found["entries"] = [
            entry["id"]
            for entry in record.journal
            if _happened(entry)
            and any(low <= float(str(entry["after"])) <= high for low, high in breaches)
        ][:100]
    return found


def _breaches(
    condition: Condition, names: Sequence[str], readings: Sequence[Reading]
) -> list[tuple[float, float]]:
    """
    The times in which a condition was broken, from one reading to another.  Times that could not be
    judged, for example because all exchanges wait, do not end a breach.
    """
    found: list[tuple[float, float]] = []
    going = False
    for earlier, later in pairwise(readings):
        figures = later.of(names).since(earlier.of(names))
        judged = judgeFigures(condition, figures, later.time - earlier.time)
        if judged is None or judged.outcome == UNKNOWN:
            continue
        if judged.outcome != BROKEN:
            going = False
        elif going:
            found[-1] = (found[-1][0], later.time)
        else:
            found.append((earlier.time, later.time))
            going = True
    return found


def _worst(
    condition: Condition,
    names: Sequence[str],
    readings: Sequence[Reading],
    breaches: Sequence[tuple[float, float]],
    lasting: float,
) -> Judgement | None:
    """
    The judgement of the longest breach; C{None} if none lasted.
    """
    begin, end = max(breaches, key=lambda each: each[1] - each[0], default=(0.0, 0.0))
    # A reading may be a little early or late.
    if end - begin < lasting * 0.9:
        return None
    first, last = (
        next(reading for reading in readings if reading.time == time).of(names)
        for time in (begin, end)
    )
    judged = judgeFigures(condition, last.since(first), end - begin)
    if judged is None:
        return None
    return Judgement(BROKEN, f"{judged.measured} from {begin:.1f} to {end:.1f} s", judged.value)


def _judged(phase: str, judgement: Judgement) -> Object:
    return {
        "phase": phase,
        "outcome": judgement.outcome,
        "measured": judgement.measured,
        "value": judgement.value,
    }


def _spaced(readings: Sequence[Reading], least: float) -> list[Reading]:
    """
    The readings without those less than C{least} seconds after another, since a rate over a moment
    means nothing.
    """
    kept: list[Reading] = []
    for reading in readings:
        if not kept or reading.time - kept[-1].time >= least:
            kept.append(reading)
    return kept


def _series(readings: Sequence[Reading]) -> list[Object]:
    """
    Figures from one reading to the next, for plots.
    """
    return [
        {
            "time": later.time,
            "seconds": later.time - earlier.time,
            "proxies": {
                name: _figures(figures.since(earlier.proxies.get(name, Figures())))
                for name, figures in later.proxies.items()
            },
        }
        for earlier, later in pairwise(readings)
        if later.time > earlier.time
    ]


def _figures(figures: Figures) -> Object:
    return {
        "exchanges": figures.exchanges,
        "connections": figures.connections,
        "errors": figures.failed() if figures.errorsCounted else None,
        "p50": figures.quantile(0.5),
        "p95": figures.quantile(0.95),
        "p99": figures.quantile(0.99),
    }
