# -*- test-case-name: tests.relays.test_connection_plan -*-
"""
A plan for one link only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.rule_expiry import Expiry
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.plan import Plan


class ConnectionPlan:
    """
    A plan for the exchanges of one connection, with its own counts.

    @param changed: called when a rule of the plan has expired.
    @ivar decider: decides by the plan, with the seed, the journal and the counters of the proxy.
    @ivar connection: the connection, as a value about which nothing is decided yet.
    """

    def __init__(
        self,
        context: ProxyContext,
        connection: Connection,
        plan: Plan,
        changed: Callable[[], None],
    ) -> None:
        proxys = context.decider
        self._context = context
        self._changed = changed
        self.connection = Connection(connection.number, connection.client)
        self.decider = Decider(
            proxys.proxy,
            proxys.wire,
            proxys.seed,
            proxys.journal,
            plan,
            proxys.counters,
        )
        self.decider.faultHeader, self.decider.pins = proxys.faultHeader, proxys.pins
        self.expiry = Expiry(context.reactor, self.decider, self._reverted)
        self.expiry.begin()

    def _reverted(self, over: Sequence[Rule]) -> None:
        for rule in over:
            self._context.note(self.connection, "reverted", rule=rule.describe())
        self._changed()

    def stop(self) -> None:
        """
        The plan is no longer in force.
        """
        self.expiry.stop()
