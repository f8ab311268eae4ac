# -*- test-case-name: tests.mcp.test_strikes -*-
"""
Whether faults took effect, and why not: the tool C{didItStrike}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote

from vaurien_twisted.client.common import ClientError
from vaurien_twisted.client.strikes import missed
from vaurien_twisted.model.json_types import Answer, JSONObject
from vaurien_twisted.model.options import nearest

NAME = "didItStrike"

DESCRIPTION = """\
Say of each rule and toxic in force whether it took effect, how often, on which requests, and if \
it never did, why not: how many requests were seen, how many matched, which came nearest and what \
did not match.  For a single request, getExplanation says more.\
"""

SCHEMA: JSONObject = {
    "type": "object",
    "properties": {
        "proxy": {
            "type": "string",
            "description": "The name of a proxy; without it, all proxies.",
        },
        "rule": {
            "type": "string",
            "description": "The name of a rule or toxic; without it, all of them.",
        },
    },
    "required": [],
    "additionalProperties": False,
}

#: The most decisions that are listed for each rule.
DECISIONS = 5

#: The most entries of the journal that are read.
ENTRIES = 1000

#: Sends a request to the service: a method, and a path with its query.
Ask = Callable[[str, str], Answer]


def didItStrike(ask: Ask, proxy: str = "", rule: str = "") -> Answer:
    """
    The counts of the faults in force: C{{"summary": "…", "faults": [{"proxy": "db", "rule":
    "100:hang", "struck": 2, "words": "…", "decisions": […]}, …]}}.

    @raise ClientError: the service refused or does not answer, or there is no such rule.
    """
    names = [proxy] if proxy else list(ask("GET", "/proxies"))
    faults = [fault for name in names for fault in _faults(ask, name)]
    if rule:
        known = sorted({str(fault["name"]) for fault in faults if fault["name"]})
        faults = [fault for fault in faults if fault["name"] == rule]
        if not faults:
            raise ClientError(f"no rule {rule!r} is in force: {nearest(rule, known)}")
    summary = "; ".join(str(fault["words"]) for fault in faults)
    return {"summary": summary or "no fault is in force", "faults": faults}


def _faults(ask: Ask, proxy: str) -> Iterator[Answer]:
    place = quote(proxy, safe="")
    answer = ask("GET", f"/proxies/{place}/rules")
    rules = [each for item in answer["rules"] for each in item.get("draw", [item])]
    query = f"/journal?proxy={place}&kind=decision&latest={ENTRIES}"
    entries = ask("GET", query)["journal"] if answer["counts"] else []
    for number, count in enumerate(answer["counts"]):
        # The toxics are counted after the rules.
        rule: JSONObject = rules[number] if number < len(rules) else {"scope": "connection"}
        if rule.get("behavior") == "dummy":
            continue
        own = [entry for entry in entries if entry.get("rule") == count["rule"]]
        struck = int(count["struck"])
        yield {
            "proxy": proxy,
            "name": count["name"],
            "rule": count["rule"],
            "seen": count["seen"],
            "matched": count["matched"],
            "struck": struck,
            "words": _struck(proxy, count) if struck else missed(proxy, rule, count),
            "decisions": own[-DECISIONS:],
        }


def _struck(proxy: str, count: JSONObject) -> str:
    struck = int(count["struck"])
    often = "once" if struck == 1 else f"{struck} times"
    seen = f"{count['seen']} seen, {count['matched']} matched"
    return f"the fault {count['rule']} on {proxy!r} struck {often} ({seen})"
