# -*- test-case-name: tests.proxies.test_normal -*-
"""
Back to normal: removes all faults of a proxy.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.rules.codec import rulesOf


@attrs.frozen
class Removed:
    """
    The faults that were in force on a proxy.

    @ivar rules: the number of rules that the proxy had.  Each alternative counts; rules with the
        behavior C{dummy} do not.
    @ivar toxics: the names of its toxics.
    @ivar connections: the numbers of the open connections that had rules of their own, sorted.
    """

    rules: int
    toxics: list[str]
    connections: list[int]


def backToNormal(proxy: Proxy) -> Removed:
    """
    Remove all rules, all toxics and the rules of single connections.  Waits end, and a port that a
    behavior has closed is opened again.  C{enabled} and the backend do not change.

    @return: the faults that were in force before.
    """
    own = [link for link in proxy.links if link.hasOwnPlan]
    removed = Removed(
        sum(rule.behavior.name != "dummy" for rule in proxy.plan.rules),
        [toxic.name for toxic in proxy.toxics],
        sorted(link.connection.number for link in own),
    )
    proxy.faults.clear()
    for link in own:
        link.setOwnPlan(None)
        proxy.relays.context.note(link.connection, "rules", effect="those of the proxy")
    return removed


def describeOwnRules(proxy: Proxy) -> list[dict[str, object]]:
    """
    The open connections that have rules of their own, by number, as JSON: C{[{"connection": 3,
    "rules": [{"behavior": "hang"}]}]}.
    """
    own = sorted(
        (link for link in proxy.links if link.hasOwnPlan), key=lambda link: link.connection.number
    )
    return [
        {"connection": link.connection.number, "rules": rulesOf(link.snapshot.decider.plan)}
        for link in own
    ]
