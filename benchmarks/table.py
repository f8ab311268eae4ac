# -*- test-case-name: tests.test_benchmarks -*-
"""
The figures as reStructuredText, for the page about performance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.quantities import COSTS, DATABASES, OTHERS, REDIS, Quantity
from benchmarks.results import Results

#: Stands where there is no figure.
NOTHING = "n/a"


def cell(results: Results, quantity: Quantity, relay: str) -> str:
    """
    A median and, in brackets, its ratio to HAProxy's.
    """
    figure, ratio = results.median(quantity.key, relay), results.ratio(quantity.key, relay)
    if figure is None:
        return NOTHING
    # Three digits are all that such a measurement is worth.
    shown = f"{float(f'{figure:.3g}'):,.{quantity.digits}f}"
    return shown if ratio is None else f"{shown} ({ratio:.2f})"


def restTable(results: Results) -> str:
    """
    The tables, what they were measured on, and the notes.
    """
    lines = [".. Made by benchmarks/run.", ""]
    lines += _table(results, "Redis: more is better", REDIS)
    lines += _table(results, "HTTP and bulk: more is better", OTHERS)
    lines += _table(results, "Databases and caches: more is better", DATABASES)
    lines += _table(results, "Cost: less is better", COSTS)
    lines.append("Measured on:")
    lines.append("")
    lines += [f":{name}: {value}" for name, value in results.machine.items()]
    for text in results.notes:
        lines += ["", f"*{text}*"]
    return "\n".join(lines) + "\n"


def _table(results: Results, title: str, quantities: Sequence[Quantity]) -> Iterator[str]:
    measured = [quantity for quantity in quantities if quantity.key in results.samples]
    if not measured:
        return
    yield f".. list-table:: {title}"
    yield "   :header-rows: 1"
    yield "   :widths: auto"
    yield ""
    yield from _row(["", *(f"{quantity.title}, {quantity.unit}" for quantity in measured)])
    for relay, name in results.relays.items():
        cells = [cell(results, quantity, relay) for quantity in measured]
        if any(text != NOTHING for text in cells):
            yield from _row([name, *cells])
    yield ""


def _row(cells: Sequence[str]) -> Iterator[str]:
    first, *others = cells
    yield f"   * - {first}".rstrip()
    yield from (f"     - {text}" for text in others)
