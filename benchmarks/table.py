# -*- test-case-name: tests.test_benchmarks -*-
"""
The figures as reStructuredText, for the page about performance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.quantities import COSTS, DATABASES, FAULTED, OTHERS, REDIS, SPEEDS, Quantity
from benchmarks.results import FAULT, REFERENCE, Results

FAULTS_TITLE = "A fault in force, HAProxy without: more is better"

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


#: What the figures mean, in short.
FIGURES = """\
Figures in brackets are in proportion to HAProxy.  The page on performance says how they are
measured."""


def restTable(results: Results) -> str:
    """
    The tables, what they were measured on, and the notes.
    """
    lines = [".. Made by benchmarks/run.", "", "Performance figures", "=" * 19, "", FIGURES, ""]
    faults = [relay for relay in results.relays if relay.startswith(FAULT)]
    plain = [relay for relay in results.relays if relay not in faults]
    lines += _table(results, plain, "Redis: more is better", REDIS)
    lines += _table(results, plain, "HTTP and bulk: more is better", OTHERS)
    lines += _table(results, plain, "Databases and caches: more is better", DATABASES)
    lines += _table(results, plain, "Cost: less is better", COSTS)
    if faults:
        lines += _table(results, [REFERENCE, *faults], FAULTS_TITLE, _under(results, faults))
        lines += _table(results, faults, "Accuracy and memory of faults", FAULTED)
    lines.append("Measured on:")
    lines.append("")
    lines += [f":{name}: {value}" for name, value in results.machine.items()]
    for text in results.notes:
        lines += ["", f"*{text}*"]
    return "\n".join(lines) + "\n"


def _under(results: Results, relays: Sequence[str]) -> list[Quantity]:
    """
    The speeds that were measured of some relays.
    """
    return [
        quantity
        for quantity in SPEEDS
        if any(results.figures(quantity.key, relay) for relay in relays)
    ]


def _table(
    results: Results, relays: Sequence[str], title: str, quantities: Sequence[Quantity]
) -> Iterator[str]:
    measured = [quantity for quantity in quantities if quantity.key in results.samples]
    if not measured:
        return
    yield f".. list-table:: {title}"
    yield "   :class: wide"
    yield "   :header-rows: 1"
    yield "   :widths: auto"
    yield ""
    yield from _row(["", *(f"{quantity.title}, {quantity.unit}" for quantity in measured)])
    for relay in relays:
        name = results.relays[relay]
        cells = [cell(results, quantity, relay) for quantity in measured]
        if any(text != NOTHING for text in cells):
            yield from _row([name, *cells])
    yield ""


def _row(cells: Sequence[str]) -> Iterator[str]:
    first, *others = cells
    yield f"   * - {first}".rstrip()
    yield from (f"     - {text}" for text in others)
