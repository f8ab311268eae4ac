# -*- test-case-name: tests.relays.test_streams_limit -*-
"""
The limit of streams per connection according to a plan.
"""

from __future__ import annotations

from vaurien_twisted.interfaces.effects import IStreamLimit
from vaurien_twisted.model.decision import Rule
from vaurien_twisted.rules.plan import Plan


def streamLimit(plan: Plan) -> int | None:
    """
    The limit of open streams that clients get for each connection; C{None} if no rule that limits
    all streams is in force.
    """
    limits = [_limit(rule) for draw in plan.draws for rule in draw.alternatives]
    return min((each for each in limits if each is not None), default=None)


def _limit(rule: Rule) -> int | None:
    behavior = IStreamLimit(rule.behavior, None)
    if behavior is None or rule.expired or rule.when:
        return None
    if rule.percent < 100 or rule.after or rule.times is not None:
        return None
    limit: int | None = behavior.limit(rule.options)
    return limit
