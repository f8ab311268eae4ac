# -*- test-case-name: tests.test_benchmarks -*-
"""
The figures for the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.quantities import QUANTITIES
from benchmarks.results import Results


def report(results: Results) -> str:
    """
    Every quantity with the median, the ratio to HAProxy and the spread of each relay.
    """
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    wide = max(len(name) for name in results.relays.values())
    for key, quantity in QUANTITIES.items():
        if key not in results.samples:
            continue
        better = "more" if quantity.more else "less"
        yield ""
        yield f"{quantity.title}, {quantity.unit} ({better} is better)"
        yield f"  {'':{wide}}  {'median':>12}  {'to HAProxy':>10}  {'spread':>7}"
        for relay in (name for name in results.relays if name in results.samples[key]):
            figure, ratio = results.median(key, relay), results.ratio(key, relay)
            spread = results.spread(key, relay)
            cells = (
                "failed" if figure is None else f"{figure:,.{quantity.digits}f}",
                "" if ratio is None else f"{ratio:.2f}",
                "" if spread is None else f"{spread:.0%}",
            )
            row = f"  {results.relays[relay]:{wide}}  {cells[0]:>12}  {cells[1]:>10}  {cells[2]:>7}"
            yield row.rstrip()
    yield ""
    yield from (f"{name}: {value}" for name, value in results.machine.items())
    yield from (f"Note: {text}" for text in results.notes)
    yield from (f"FAILED: {text}" for text in results.failures)
