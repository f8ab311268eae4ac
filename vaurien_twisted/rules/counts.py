# -*- test-case-name: tests.rules.test_counts -*-
"""
Counts what each rule in force has seen, matched and struck, and says why a rule never took effect.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.matchers import condition
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.draws import alternatives
from vaurien_twisted.rules.tally import Tally
from vaurien_twisted.rules.texts import short

#: The placeholder of a connection that is no longer known.
NOBODY = Connection(0)


def countsToJSON(decider: Decider) -> Iterator[dict[str, object]]:
    """
    The counts of each rule in force as JSON, in order.  C{seen} is the number of exchanges since
    the rule is in force, or of connections if its scope is the connection.  C{matched} is how many
    of them matched, C{struck} how often the rule took effect, C{left} how many of its C{times} are
    left. If it never took effect, C{nearest} is the exchange that came nearest to matching, and
    C{reason} says why it did not.
    """
    exchanges, connections = decider.traffic()
    for draw in alternatives(decider.plan):
        for alternative in draw:
            rule = alternative.rule
            if rule.expired:
                continue
            tally = decider.tally(alternative.counted)
            whole = rule.scope == "connection"
            began, now = (tally.connections, connections) if whole else (tally.exchanges, exchanges)
            described: dict[str, object] = {
                "name": rule.name,
                "rule": short(rule.describe()),
                # An exchange may be decided before it is counted.
                "seen": max(now - began, tally.seen),
                "matched": tally.seen,
                "struck": _struck(rule, tally),
            }
            if rule.times is not None:
                described["left"] = max(0, rule.times - tally.applied)
            if not described["struck"]:
                described.update(_missed(decider, rule, tally))
            yield described


def _struck(rule: Rule, tally: Tally) -> int:
    if rule.streams and not IStreamBehavior(rule.behavior).listens and rule.percent:
        # The proxy does not listen, so no client can be counted.
        return max(1, tally.struck)
    return tally.struck


def _missed(decider: Decider, rule: Rule, tally: Tally) -> dict[str, str]:
    """
    C{nearest} and C{reason} of a rule that has not taken effect.
    """
    if tally.unmet:
        return {"nearest": "", "reason": tally.unmet}
    if tally.seen:
        return {"nearest": "", "reason": _open(rule, tally)}
    found = [_judged(decider, rule, miss) for miss in tally.misses or ()]
    if not found:
        command = rule.when.get("command")
        words = f"none was {_either(command)}" if command else ""
        return {"nearest": "", "reason": words}
    _, nearest, reason = max(found)
    return {"nearest": nearest, "reason": reason}


def _open(rule: Rule, tally: Tally) -> str:
    if tally.seen <= rule.after:
        return f"its window had not begun: {tally.seen} matched, and it begins after {rule.after}"
    if rule.percent < 100:
        return f"none was drawn at {rule.percent:g} percent"
    return "its behavior let them pass"


def _either(command: object) -> str:
    return " or ".join(map(str, command)) if isinstance(command, list) else str(command)


def _judged(decider: Decider, rule: Rule, miss: tuple[str, str, bytes]) -> tuple[float, str, str]:
    """
    How near an exchange came to matching, its description, and what did not match.

    @param miss: the command, subject and head of the exchange.
    """
    command, subject, head = miss
    exchange = Exchange(0, command, subject, head=head)
    near, reasons = 0.0, []
    for name, pattern in rule.when.items():
        if _holds(decider, name, pattern, exchange):
            near += 1.0
            continue
        near += difflib.SequenceMatcher(None, str(pattern).lower(), subject[:200].lower()).ratio()
        words = f"{name} {pattern!r} did not match"
        if isinstance(pattern, str) and _holds(
            decider, name, pattern.lower(), Exchange(0, command, subject.lower(), head=head.lower())
        ):
            words += ": the pattern is case-sensitive"
        reasons.append(words)
    reason = "; ".join(reasons) or "its behavior is not for such exchanges"
    return near, exchange.description, short(reason)


def _holds(decider: Decider, name: str, pattern: object, exchange: Exchange) -> bool:
    wire = decider.wire
    try:
        return condition({name: pattern}, wire.targets, wire.name)(NOBODY, exchange)
    except Refused:
        return False
