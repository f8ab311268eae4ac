# -*- test-case-name: tests.client.test_strikes -*-
"""
Messages that say why faults did not take effect.
"""

from __future__ import annotations

from vaurien_twisted.model.json_types import JSONObject


def missed(proxy: str, rule: JSONObject, count: JSONObject) -> str:
    """
    The reason in one line why a fault never struck.

    @param rule: the rule, as JSON.
    @param count: its counts in the answer of C{GET /rules}.
    """
    whole = rule.get("scope") == "connection"
    seen, matched = int(count.get("seen", 0)), int(count.get("matched", 0))
    words = f"the fault {count.get('rule') or rule['behavior']} on {proxy!r} never struck: "
    words += f"{_count(seen, 'connection' if whole else 'exchange')} {_was(seen)} seen"
    when = rule.get("when") or {}
    if not seen:
        words += ": did the application connect through the proxy?"
    elif not matched and when:
        asked = " and ".join(f"{name} {pattern!r}" for name, pattern in when.items())
        words += f", none matched {asked}"
    elif matched:
        words += f", {matched} matched"
    nearest, reason = count.get("nearest"), count.get("reason")
    if nearest:
        words += f"; nearest: {nearest!r}: {reason}"
    elif reason:
        words += f"; {reason}"
    return words


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
