# -*- test-case-name: tests.experiments.test_run -*-
"""
The record of a run of an experiment.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from vaurien_twisted.experiments.document import Experiment
from vaurien_twisted.experiments.figures import Reading
from vaurien_twisted.experiments.phases import Phase
from vaurien_twisted.experiments.verdict import Check, Judgement

#: The outcomes of a run in addition to those of verdicts: it ended early, or could not begin.
HALTED = "halted"

#: The reason if the user ended it.
INTERRUPTED = "it was interrupted"

#: The number of the latest phases that are reported to services.
TOLD = 500


@attrs.define
class Record:
    """
    What was seen in a run.

    @ivar readings: figures, in order.
    @ivar bounds: the readings at the beginning and at the end of each phase, by its index in
        C{phases}.
    @ivar checks: the checks of conditions, by the condition's index in the hypothesis.
    @ivar journal: the journal's entries, the first L{JOURNAL_LIMIT}.
    @ivar passed: exchanges that no fault struck: the slowest and the first that failed.
    @ivar left: the number of entries beyond these.
    @ivar outcome: L{HALTED} if the run ended early; C{""} until it is known.
    @ivar reason: why it ended early.
    @ivar began: the time at which its method began, by the reactor's clock.
    @ivar wall: the same, in seconds since 1970.
    """

    phases: list[Phase] = attrs.field(factory=list)
    readings: list[Reading] = attrs.field(factory=list)
    bounds: dict[int, list[Reading]] = attrs.field(factory=dict)
    checks: dict[int, list[Check]] = attrs.field(factory=dict)
    before: list[tuple[int, Judgement]] = attrs.field(factory=list)
    after: list[tuple[int, Judgement]] = attrs.field(factory=list)
    journal: list[Mapping[str, object]] = attrs.field(factory=list)
    passed: list[Mapping[str, object]] = attrs.field(factory=list)
    left: int = 0
    load: Mapping[str, object] | None = None
    began: float = 0.0
    wall: float = 0.0
    seconds: float = 0.0
    outcome: str = ""
    reason: str = ""
    notes: list[str] = attrs.field(factory=list)


def experimentStatus(
    experiment: Experiment, record: Record, outcome: str = ""
) -> dict[str, object]:
    """
    The progress of an experiment, in the form of C{PUT /experiment}.

    @param outcome: C{""} while it runs.
    """

    def since1970(seconds: float | None) -> float | None:
        return None if seconds is None else record.wall + seconds

    return {
        "title": _line(experiment.title or "an experiment"),
        "begun": record.wall,
        "outcome": outcome,
        "phases": [
            {
                "name": _line(phase.name),
                "what": _line(phase.what),
                "begin": since1970(phase.begin),
                "end": since1970(phase.end),
            }
            for phase in record.phases[-TOLD:]
        ],
    }


def _line(text: str) -> str:
    """
    A text as one printable line.
    """
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))[:300]
