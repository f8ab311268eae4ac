# -*- test-case-name: tests.experiments.test_reports -*-
"""
The progress and the verdict of an experiment on a terminal.
"""

from __future__ import annotations

from vaurien_twisted.model.json_types import JSONObject

_SIGNS = {"held": "ok", "broken": "BROKEN", "unknown": "?", "halted": "HALTED"}


def verdict(report: JSONObject) -> str:
    """
    A report in a few lines.
    """
    lines = []
    for condition in report["conditions"]:
        lines.append(f"{_SIGNS[condition['outcome']]:>7}  {condition['condition']}")
        for judged in condition["judged"]:
            if judged["outcome"] != "held":
                sign = _SIGNS[judged["outcome"]]
                lines.append(f"{'':9}{judged['phase']}: {sign}: {judged['measured']}")
                for begin, end in judged.get("breaches", ())[:4]:
                    lines.append(f"{'':11}from {begin:.1f} to {end:.1f} s")
                entries = judged.get("entries", ())
                if entries:
                    lines.append(f"{'':11}{_requests(report, entries)}")
    load = report["load"]
    if load and not load["good"]:
        lines.append(f"{'BROKEN':>7}  the load ended with status {load['status']}")
    for note in report["notes"]:
        lines.append(f"{'note':>7}  {note}")
    reason = f": {report['reason']}" if report["reason"] else ""
    lines.append(f"{report['outcome']}{reason}")
    return "\n".join(lines)


def _requests(report: JSONObject, ids: list[int]) -> str:
    """
    The first requests that faults struck, in words.
    """
    known = {entry["id"]: entry for entry in report["journal"]}
    found: list[str] = []
    for each in ids:
        entry = known.get(each, {})
        request = str(entry.get("description", ""))
        if request and len(found) < 3:
            found.append(f"{entry.get('connection')}/{entry.get('exchange')} {request[:60]}")
    more = f" and {len(ids) - len(found)} more" if len(ids) > len(found) else ""
    return "struck meanwhile: " + ("; ".join(found) + more if found else f"{len(ids)} exchanges")
