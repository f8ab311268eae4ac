# -*- test-case-name: tests.experiments.test_reports -*-
"""
Plots of an experiment as SVG: lines over time, shaded phases, marked breaches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

import attrs

#: The size of a plot, and of its margins, in pixels.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 220, 56, 8, 22, 24

#: The most steps of the axes of values and of time.
VALUES, TIMES = 4, 10

#: The CSS classes of lines, in order; the page's style sheet has the colors.
LINES = ("a", "b", "c", "d", "e", "f")


@attrs.frozen
class Line:
    """
    One line of a plot.

    @ivar points: times and values; C{None} interrupts the line.
    """

    name: str
    points: Sequence[tuple[float, float | None]]


@attrs.frozen
class Shade:
    """
    A phase behind a plot's lines.
    """

    name: str
    begin: float
    end: float


def plot(
    title: str,
    unit: str,
    lines: Sequence[Line],
    seconds: float,
    shades: Sequence[Shade] = (),
    breaches: Sequence[tuple[float, float]] = (),
) -> str:
    """
    An SVG element.

    @param seconds: the length of the time axis, in seconds.
    @param breaches: the times in which a condition was broken.
    """
    values = [value for line in lines for _, value in line.points if value is not None]
    marks = ticks(max([*values, 1e-9]), VALUES)
    top = marks[-1][0]
    seconds = max(seconds, 1e-9)

    def x(time: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, time / seconds))

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(1.0, value / top)

    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}">',
        f"<title>{escape(title)}</title>",
    ]
    for number, shade in enumerate(shades):
        left, right = x(shade.begin), x(shade.end)
        width = max(0.0, right - left)
        parts.append(
            f'<rect class="shade{number % 2}" x="{left:.1f}" y="{TOP}" width="{width:.1f}" '
            f'height="{HEIGHT - TOP - BOTTOM}"><title>{escape(shade.name)}</title></rect>'
        )
        fits = int(width / 6.5)
        if fits >= 3:
            name = shade.name if len(shade.name) <= fits else shade.name[: fits - 1] + "…"
            parts.append(f'<text class="phase" x="{left + 4:.1f}" y="14">{escape(name)}</text>')
    for begin, end in breaches:
        width = max(2.0, x(end) - x(begin))
        parts.append(
            f'<rect class="breach" x="{x(begin):.1f}" y="{HEIGHT - BOTTOM}" width="{width:.1f}" '
            f'height="4"><title>broken from {begin:.1f} to {end:.1f} s</title></rect>'
        )
    for mark, words in marks:
        at = y(mark)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text class="axis" x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">'
            f"{words}{escape(unit)}</text>"
        )
    for time, words in ticks(seconds, TIMES):
        if time <= seconds:
            # A label at the very end would be cut off.
            anchor = "start" if not time else "end" if x(time) > WIDTH - 40 else "middle"
            parts.append(
                f'<text class="axis" x="{x(time):.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">'
                f"{words} s</text>"
            )
    for number, line in enumerate(lines):
        for run in _runs(line.points):
            path = " ".join(f"{x(time):.1f},{y(value):.1f}" for time, value in run)
            name = LINES[number % len(LINES)]
            if len(run) == 1:
                time, value = run[0]
                parts.append(
                    f'<circle class="{name}" cx="{x(time):.1f}" cy="{y(value):.1f}" r="2"/>'
                )
            else:
                parts.append(f'<polyline class="{name}" points="{path}"/>')
    parts.append("</svg>")
    return "".join(parts)


def _runs(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for time, value in points:
        if value is None:
            runs.append([])
        else:
            runs[-1].append((time, value))
    return [run for run in runs if run]


def ticks(value: float, most: int) -> list[tuple[float, str]]:
    """
    The marks of an axis from 0 up to the first that is at least C{value}, with their labels.  The
    step between two is 1, 2 or 5 times a power of ten, and all labels have the same number of
    digits after the point.

    @param value: above 0.
    @param most: the most steps.
    """
    least = value / most * (1 - 1e-9)
    power = math.floor(math.log10(least))
    factor = next(each for each in (1, 2, 5, 10) if least <= each * 10.0**power)
    step = factor * 10.0**power
    digits = max(0, -(power + 1 if factor == 10 else power))
    count = math.ceil(value / step * (1 - 1e-9))
    return [(step * number, f"{step * number:.{digits}f}") for number in range(count + 1)]


def lines(report: Mapping[str, object], proxy: str, names: Mapping[str, str]) -> list[Line]:
    """
    Lines of a proxy's figures.

    @param names: a line's name by the figure that it shows.
    """
    readings = report["readings"]
    assert isinstance(readings, list)
    return [
        Line(
            name,
            [
                (each["time"], _figure(each["proxies"].get(proxy, {}), figure, each["seconds"]))
                for each in readings
            ],
        )
        for figure, name in names.items()
    ]


def _figure(figures: Mapping[str, float | None], name: str, seconds: float) -> float | None:
    value = figures.get(name)
    if name in ("exchanges", "errors"):
        return None if value is None else value / max(seconds, 1e-9)
    return value * 1000 if value is not None and name.startswith("p") else value
