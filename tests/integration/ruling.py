"""
Rules for the proxy of a test.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.threads import blockingCallFromThread

from tests.integration.support import ProxyCase, theReactor
from vaurien_twisted.rules.codec import planFromRules


def rule(case: ProxyCase, *rules: dict[str, Any]) -> None:
    """
    Put rules in force, from a test in a thread.
    """
    proxy = case.proxy.proxy
    plan = planFromRules(proxy.ruleBuilder, list(rules))
    blockingCallFromThread(theReactor(), proxy.faults.setPlan, plan)


def fault(when: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """
    The rule that C{error} meets all that C{when} says.
    """
    return {"behavior": "error", "options": options, "when": when or {}}


def decided(case: ProxyCase) -> list[str]:
    """
    The exchanges that something happened to, from the journal, in order.
    """
    entries = case.proxy.journal.since()
    return [entry["description"] for entry in entries if entry["kind"] == "decision"]
