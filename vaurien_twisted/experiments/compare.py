# -*- test-case-name: tests.experiments.test_compare -*-
"""
Two reports of experiments side by side, as text.
"""

from __future__ import annotations

from collections.abc import Callable

from vaurien_twisted.experiments.verdict import rounded, timeWords
from vaurien_twisted.model.json_types import Answer

#: How the figure of a condition is written, by the kind of the condition.
_FIGURES: dict[str, Callable[[float], str]] = {
    "quantile": timeWords,
    "recovery": timeWords,
    "errors": lambda share: f"{rounded(share * 100)} %",
    "rate": lambda rate: f"{rounded(rate)}/s",
    "error_rate": lambda rate: f"{rounded(rate)}/s",
}


def compare(first: Answer, second: Answer) -> str:
    """
    A table with the outcomes and figures of two reports: a line for each condition in each phase.
    """
    found: dict[str, list[str]] = {"outcome": [str(first["outcome"]), str(second["outcome"])]}
    for number, report in enumerate((first, second)):
        for condition in report["conditions"]:
            for judged in condition["judged"]:
                words = f"{judged['outcome']}  {_figure(condition.get('kind'), judged['value'])}"
                name = f"{condition['condition']} ({judged['phase']})"
                found.setdefault(name, ["-", "-"])[number] = words.rstrip()
    rows = [("", "A", "B"), *((name, *both) for name, both in found.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _figure(kind: object, value: float | None) -> str:
    return "" if value is None else _FIGURES.get(str(kind), rounded)(value)
