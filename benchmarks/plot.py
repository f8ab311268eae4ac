# -*- test-case-name: tests.test_benchmarks -*-
"""
The speeds as a drawing: bars beside each other, in proportion to HAProxy.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from benchmarks.quantities import SPEEDS, Quantity
from benchmarks.results import DIRECT, FAULT, REFERENCE, Results

_WIDTH = 960
_COLUMNS = 2
_MARGIN = 28
_GAP = 40
_TOP = 76
_ROW = 21
_BAR = 13
_HEAD = 34
_NAMES = 154
_VALUES = 44

#: Colors: Vaurien's bars, the others', the reference.
_OWN, _OTHER, _LINE = "#c2410c", "#a3adb8", "#1f2933"


def plot(results: Results) -> str:
    """
    An SVG drawing.  It brings its own light ground, so that pages of any color can show it.
    """
    panels = [q for q in SPEEDS if _bars(results, q)]
    wide = (_WIDTH - 2 * _MARGIN - (_COLUMNS - 1) * _GAP) / _COLUMNS
    body: list[str] = []
    top = float(_TOP)
    for first in range(0, len(panels), _COLUMNS):
        line = panels[first : first + _COLUMNS]
        for column, quantity in enumerate(line):
            left = _MARGIN + column * (wide + _GAP)
            body += _panel(results, quantity, left, top, wide)
        rows = max(len(_bars(results, quantity)) for quantity in line)
        top += _HEAD + rows * _ROW + 26
    height = int(top + 6)
    return "\n".join([*_frame(results, height), *body, "</svg>"]) + "\n"


def _bars(results: Results, quantity: Quantity) -> list[tuple[str, float]]:
    """
    The relays and their ratios, without the reference, no relay, and faults.
    """
    if results.ratio(quantity.key, REFERENCE) is None:
        return []
    ratios = [
        (relay, results.ratio(quantity.key, relay))
        for relay in results.relays
        if relay not in (DIRECT, REFERENCE) and not relay.startswith(FAULT)
    ]
    return [(relay, ratio) for relay, ratio in ratios if ratio is not None]


def _frame(results: Results, height: int) -> Iterator[str]:
    told = "; ".join(
        f"{quantity.title}: "
        + ", ".join(f"{results.relays[relay]} {ratio:.2f}" for relay, ratio in bars)
        for quantity in SPEEDS
        if (bars := _bars(results, quantity))
    )
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">'
    )
    yield "  <title>Speed of relays in proportion to HAProxy</title>"
    yield f"  <desc>{escape(told)}</desc>"
    yield (
        f'  <rect x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="10" '
        'fill="#fff" stroke="#d5dbe1"/>'
    )
    yield _text(_MARGIN, 34, "Speed in proportion to HAProxy", 'font-size="18" font-weight="600"')
    yield _text(
        _MARGIN,
        54,
        "One thread each, no fault active. The line is HAProxy; longer is faster.",
        'fill="#52606d"',
    )


def _panel(
    results: Results, quantity: Quantity, left: float, top: float, wide: float
) -> Iterator[str]:
    bars = _bars(results, quantity)
    room = wide - _NAMES - _VALUES
    scale = room / max(1.0, *(ratio for _, ratio in bars))
    begin = left + _NAMES
    yield _text(left, top + 14, quantity.title, 'font-weight="600"')
    yield _text(left + wide, top + 14, quantity.unit, 'text-anchor="end" fill="#52606d"')
    for number, (relay, ratio) in enumerate(bars):
        own = relay.startswith("vaurien")
        y = top + _HEAD + number * _ROW
        style = f'text-anchor="end" fill="{_OWN if own else "#3e4c59"}"'
        if own:
            style += ' font-weight="600"'
        yield _text(begin - 8, y + 11, results.relays[relay], style)
        # A bar that is too short to be seen would look like one that is missing.
        length = max(ratio * scale, 1.5)
        yield (
            f'  <rect x="{begin:.1f}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2" '
            f'fill="{_OWN if own else _OTHER}"/>'
        )
        # The figure stands beyond the line, never on it.
        end = begin + length + 5
        at = begin + scale
        if end - 3 < at < end + 28:
            end = at + 5
        weight = ' font-weight="600"' if own else ""
        yield _text(end, y + 11, f"{ratio:.2f}", f'font-size="12" fill="#1f2933"{weight}')
    bottom = top + _HEAD + len(bars) * _ROW - 2
    yield (
        f'  <path d="M{begin + scale:.1f} {top + _HEAD - 6:.1f} V{bottom:.1f}" '
        f'stroke="{_LINE}" stroke-width="1.5" stroke-dasharray="3 3"/>'
    )


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'  <text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'
