# -*- test-case-name: tests.pytest_plugin.test_texts -*-
"""
The texts of the plugin: why a fault never struck, and what happened in a failed test.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from vaurien_twisted.model.json_types import JSONObject


def repeat(test: str, seed: int) -> str:
    """
    The advice how to repeat a test with the same decisions.
    """
    return f"seed {seed}: pytest {test!r} --vaurien-seed={seed}"


def happened(entries: Iterable[JSONObject]) -> list[str]:
    """
    The journal's entries as lines, with the local time of the day.
    """
    lines = []
    for entry in entries:
        moment = float(entry["time"])
        day = time.strftime("%H:%M:%S", time.localtime(moment))
        line = f"{day}.{int(moment % 1 * 1000):03d} {entry['proxy']}"
        if entry.get("connection"):
            line += f" connection {entry['connection']}"
            if "exchange" in entry:
                line += f" exchange {entry['exchange']}"
        effect = entry.get("words") or entry.get("effect")
        texts = [entry.get("description"), entry.get("rule"), effect, entry.get("reason")]
        lines.append(f"{line} {entry['kind']}: {', '.join(str(each) for each in texts if each)}")
    return lines


def section(
    test: str,
    seed: int,
    entries: Iterable[JSONObject],
    faults: Iterable[tuple[str, JSONObject]],
    log: str,
) -> str:
    """
    The section of a failed test in pytest's report.

    @param faults: the faults that were in force, by proxy, as they were counted.
    @param log: the end of the server's log.
    """
    lines = [repeat(test, seed)]
    for proxy, count in faults:
        lines.append(
            f"fault {count.get('rule', '')} on {proxy}: {count.get('seen', 0)} seen, "
            f"{count.get('matched', 0)} matched, {count.get('struck', 0)} struck"
        )
    struck = happened(entries)
    lines += struck or ["nothing was done to any exchange"]
    if log:
        lines += ["log of the proxy:", log.rstrip()]
    return "\n".join(lines)
