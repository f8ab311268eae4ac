# -*- test-case-name: tests.relays.test_client_protocol -*-
"""
What the links of one proxy have in common.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import attrs

from vaurien_twisted.interfaces import IJournal, IWireProtocol
from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.record.clocks import inWallTime
from vaurien_twisted.record.counters import Counters
from vaurien_twisted.record.repeats import Repeats
from vaurien_twisted.relays.alarms import Alarms
from vaurien_twisted.relays.backend import Backend
from vaurien_twisted.relays.filter_specs import FilterSpecs
from vaurien_twisted.relays.memory import Memory
from vaurien_twisted.relays.passed import PassedExchanges
from vaurien_twisted.relays.rule_expiry import Expiry
from vaurien_twisted.relays.turns import Turns
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.transports.descriptors import Descriptors

if TYPE_CHECKING:
    from vaurien_twisted.relays.starttls import Upgrades


@attrs.frozen(eq=False)
class ProxyContext:
    """
    What one proxy gives to all its links.  The links import nothing of the proxy itself.

    @ivar reactor: provides the time and timers.
    @ivar name: the proxy's name.
    @ivar wire: the wire protocol.
    @ivar options: the options of the wire protocol.
    @ivar backend: where links connect to.
    @ivar decider: decides by the proxy's plan.
    @ivar expiry: reverts the plan's rules that last for a while.
    @ivar filters: specifies the stream filters of connections.
    @ivar journal: records what was decided and done.
    @ivar counters: counts what ended links have carried, and faults.
    @ivar repeats: writes the log lines that clients can cause without end.
    @ivar descriptors: says whether there is a file descriptor for one more connection.
    @ivar turns: shares the reactor's time among the links.
    @ivar memory: counts what the links hold.
    @ivar refusesTLS: whether the two ends of a link are kept from agreeing on TLS.
    @ivar upgrades: continues in TLS on links whose ends agree to; C{None} where TLS passes
        unread.
    @ivar alarms: knows when bytes are due that wait in stream filters.
    @ivar timesTurns: whether turns are counted and timed, also while nothing is in force.
    @ivar wall: converts a time of the reactor's clock to seconds since 1970.
    @ivar passed: keeps the latest exchanges that passed unchanged, while somebody asks for them.
    """

    reactor: IServerReactor
    name: str
    wire: IWireProtocol
    options: object
    backend: Backend
    decider: Decider
    expiry: Expiry
    filters: FilterSpecs
    journal: IJournal
    counters: Counters
    repeats: Repeats
    descriptors: Descriptors
    turns: Turns
    memory: Memory
    refusesTLS: bool = False
    upgrades: Upgrades | None = None
    timesTurns: bool = False
    alarms: Alarms = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: Alarms(self.reactor, self.turns), takes_self=True),
    )
    wall: Callable[[float], float] = attrs.field(
        default=attrs.Factory(lambda self: partial(inWallTime, self.reactor), takes_self=True)
    )
    passed: PassedExchanges = attrs.field(
        default=attrs.Factory(lambda self: PassedExchanges(self.reactor), takes_self=True)
    )

    def note(self, connection: Connection, kind: str, **facts: object) -> None:
        """
        Record in the journal what happened to a connection.
        """
        self.journal.record(kind, self.name, connection.number, **facts)
