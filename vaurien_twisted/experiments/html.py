# -*- test-case-name: tests.experiments.test_reports -*-
"""
A report as one self-contained HTML file.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from vaurien_twisted.experiments.notable import errorOf
from vaurien_twisted.experiments.plots import Line, Shade, lines, plot
from vaurien_twisted.experiments.verdict import timeWords
from vaurien_twisted.model.json_types import JSONObject

#: The most rows of the table of exchanges.
ROWS = 200

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --line: #d9d9e0;
  --card: #fff; --ground: #f6f6f8; --a: #0b68cb; --b: #b35c00; --c: #c62a2f; --d: #2b7a4b;
  --e: #7c3aed; --f: #0e7490; --shade: #8b8d9814; --good: #18794e; --bad: #c62a2f;
  --unsure: #946800 }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --soft: #b0b4ba; --line: #3a3d42;
  --card: #1b1c1f; --ground: #111214; --a: #70b8ff; --b: #ffa057; --c: #ff9592; --d: #71d083;
  --e: #baa7ff; --f: #4ccce6; --shade: #ffffff0d; --good: #3dd68c; --bad: #ff9592;
  --unsure: #ffca16 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif }
main { max-width: 1040px; margin: 0 auto; padding: 24px 16px 64px }
h1 { font-size: 24px; margin: 0 0 4px } h2 { font-size: 17px; margin: 32px 0 8px }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 12px 16px; margin: 8px 0; overflow-x: auto }
.soft { color: var(--soft) } .held { color: var(--good) } .broken { color: var(--bad) }
.unknown, .halted { color: var(--unsure) } .outcome { font-weight: 600; white-space: nowrap }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: 13px }
td, th { padding: 4px 12px 4px 0; vertical-align: top; border-bottom: 1px solid var(--line) }
tr:last-child td { border-bottom: 0 } td.n { font-variant-numeric: tabular-nums;
  white-space: nowrap }
svg { width: 100%; height: auto; display: block } polyline { fill: none; stroke-width: 1.6 }
.a { stroke: var(--a) } .b { stroke: var(--b) } .c { stroke: var(--c) } .d { stroke: var(--d) }
.e { stroke: var(--e) } .f { stroke: var(--f) } circle { fill: currentColor }
.shade0 { fill: var(--shade) } .shade1 { fill: transparent } .breach { fill: var(--bad) }
.grid { stroke: var(--line) }
.axis, .phase { font: 11px system-ui, sans-serif; fill: var(--soft) }
.legend span { margin-right: 16px; white-space: nowrap } .legend i { display: inline-block;
  width: 18px; border-top: 2px solid; margin-right: 6px; vertical-align: middle }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font-size: 13px }
code { overflow-wrap: anywhere }
"""

_SAID = {
    "held": "All conditions held.",
    "broken": "A condition was broken.",
    "unknown": "Not all conditions could be judged.",
    "halted": "The experiment was halted.",
}

Report = JSONObject


def page(report: Report) -> str:
    """
    The HTML of a report.
    """
    title = str(report["title"] or "Experiment")
    outcome = str(report["outcome"])
    said = _SAID.get(outcome, outcome) + (f" {report['reason']}" if report["reason"] else "")
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width,initial-scale=1">',
        f"<title>{escape(title)}: {outcome}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>{escape(title)}</h1>",
        f'<p><span class="outcome {outcome}">{outcome}</span> {escape(said)}<br>',
        f"<span class=soft>{report['seconds']:.1f} s, seed {report['seed']}</span></p>",
        "<h2>Conditions</h2>",
        _conditions(report),
        *_plots(report),
        "<h2>Phases</h2>",
        _phases(report),
        *_struck(report),
    ]
    load = report["load"]
    if load:
        parts += [
            "<h2>Load</h2><div class=card>",
            f"<p><code>{escape(str(load['command']))}</code> ended with status "
            f"{load['status']}</p><pre>{escape(str(load['output']))}</pre></div>",
        ]
    if report["notes"]:
        notes = "".join(f"<li>{escape(str(note))}</li>" for note in report["notes"])
        parts.append(f"<h2>Notes</h2><ul class=card>{notes}</ul>")
    parts.append("</main></body></html>\n")
    return "".join(parts)


def _outcome(word: str) -> str:
    return f'<span class="outcome {escape(word)}">{escape(word)}</span>'


def _table(label: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """
    A table; it can be scrolled if it is too wide.
    """
    head = "".join(f"<th scope=col>{each}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class=card tabindex=0 role=region aria-label="{label}"><table><thead>'
        f"<tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _conditions(report: Report) -> str:
    rows = []
    for condition in report["conditions"]:
        for number, judged in enumerate(condition["judged"]):
            first = f"{escape(condition['condition'])}" if not number else ""
            detail = escape(judged["measured"])
            broken = judged.get("breaches", ())
            if broken:
                times = ", ".join(f"{begin:.1f} to {end:.1f} s" for begin, end in broken[:8])
                detail += f"<br><span class=soft>broken at {times}</span>"
            rows.append((first, escape(judged["phase"]), _outcome(judged["outcome"]), detail))
    if not rows:
        return "<p class=soft>The experiment has no hypothesis.</p>"
    return _table("Conditions", ("condition", "phase", "outcome", "measured"), rows)


def _phases(report: Report) -> str:
    rows = [
        (
            escape(phase["name"]),
            f"{phase['begin']:.1f} s",
            f"{(phase['end'] if phase['end'] is not None else report['seconds']):.1f} s",
            escape(phase["what"]),
        )
        for phase in report["phases"]
    ]
    return _table("Phases", ("phase", "from", "to", "what was done"), rows)


def _plots(report: Report) -> list[str]:
    shades = [
        Shade(phase["name"], phase["begin"], phase["end"] or report["seconds"])
        for phase in report["phases"]
    ]
    breaches = [
        (breach[0], breach[1])
        for condition in report["conditions"]
        for judged in condition["judged"]
        for breach in judged.get("breaches", ())
    ]
    end = max([report["seconds"], *(shade.end for shade in shades)], default=1.0)
    parts = []
    names = sorted({name for reading in report["readings"] for name in reading["proxies"]})
    for name in names:
        times = lines(report, name, {"p50": "50 %", "p95": "95 %", "p99": "99 %"})
        rates = lines(report, name, {"exchanges": "exchanges"})
        parts += [
            f"<h2>{escape(name)}</h2><div class=card>",
            plot(f"{name}: duration", " ms", times, end, shades, breaches),
            _legend(times, "took at most"),
            plot(f"{name}: exchanges a second", "/s", rates, end, shades, breaches),
            _legend(rates, "a second"),
            *_errors(report, name, end, shades, breaches),
            "</div>",
        ]
    return parts


def _errors(
    report: Report,
    name: str,
    end: float,
    shades: list[Shade],
    breaches: list[tuple[float, float]],
) -> list[str]:
    """
    The plot of failed exchanges, if they are counted.
    """
    failed = lines(report, name, {"errors": "failed exchanges"})
    if all(value is None for _, value in failed[0].points):
        return []
    title = f"{name}: failed exchanges a second"
    return [plot(title, "/s", failed, end, shades, breaches), _legend(failed, "a second")]


def _legend(lines: Iterable[Line], what: str) -> str:
    items = "".join(
        f'<span><i style="color:var(--{letter})"></i>{escape(line.name)} {what}</span>'
        for letter, line in zip("abcdef", lines, strict=False)
    )
    return f'<p class="legend soft">{items}</p>'


def _struck(report: Report) -> list[str]:
    """
    The exchanges that took the longest, those that failed, and all that faults struck.
    """
    parts = []
    for heading, entries, what in (
        ("Slowest exchanges", report["slowest"], "that took the longest"),
        ("Failed exchanges", report["failed"], "that failed, the first ones"),
    ):
        if entries:
            words = f"The exchanges {what}, and the rule that struck them, if one did."
            parts += [f"<h2>{heading}</h2><p class=soft>{words}</p>", _exchanges(heading, entries)]
    return [*parts, "<h2>All that faults struck</h2>", _journal(report)]


def _exchanges(label: str, entries: Iterable[JSONObject]) -> str:
    rows = [
        (
            f"{entry.get('after', 0.0):.2f} s",
            escape(str(entry.get("proxy", ""))),
            f"{entry.get('connection', '')}/{entry.get('exchange', '')}",
            f"<code>{escape(str(entry.get('description', '')))}</code>",
            _duration(entry),
            escape(_happened(entry)),
            escape(str(entry.get("rule", ""))),
        )
        for entry in entries
    ]
    heads = ("time", "proxy", "exchange", "request", "took", "what happened", "rule")
    return _table(label, heads, rows)


def _duration(entry: JSONObject) -> str:
    """
    The duration of the exchange; C{""} if it is not known.
    """
    seconds = entry.get("timing", {}).get("duration")
    return "" if seconds is None else timeWords(seconds)


def _happened(entry: JSONObject) -> str:
    words = str(entry.get("words") or entry.get("effect") or "")
    error = errorOf(entry)
    if error:
        words = f"{words}, " if words else ""
        return f"{words}the backend answered {error}"
    return words or "passed"


def _journal(report: Report) -> str:
    entries = [entry for entry in report["journal"] if entry.get("effect") or entry.get("rule")]
    if not entries:
        return "<p class=soft>No fault struck an exchange.</p>"
    more = max(0, len(entries) - ROWS) + int(report["journal_left_out"])
    table = _exchanges("All that faults struck", entries[:ROWS])
    return table + (f"<p class=soft>And {more} more.</p>" if more else "")
