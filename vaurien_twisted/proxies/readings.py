# -*- test-case-name: tests.proxies.test_proxy -*-
"""
The readings of a running proxy.
"""

from __future__ import annotations

from vaurien_twisted.interfaces import IJournal, IWireProtocol
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.record.counters import Counters
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.relays.link import Link
from vaurien_twisted.relays.passed import PassedExchanges
from vaurien_twisted.rules.decider import Decider


class ProxyReadings:
    """
    The readings of a proxy for the control service and the metrics, from its relays.
    """

    _relays: RelayFactory

    @property
    def options(self) -> object:
        """
        The options of the wire protocol.
        """
        return self._relays.options

    @property
    def wire(self) -> IWireProtocol:
        """
        The wire protocol.
        """
        return self._relays.wire

    @property
    def seed(self) -> int:
        """
        The seed of the decisions.
        """
        return self._relays.decider.seed

    @property
    def journal(self) -> IJournal:
        """
        The journal that decisions are recorded in.
        """
        return self._relays.journal

    @property
    def links(self) -> set[Link]:
        """
        The open links.
        """
        return self._relays.links

    @property
    def decider(self) -> Decider:
        """
        The decider of its exchanges.
        """
        return self._relays.decider

    @property
    def accepted(self) -> int:
        """
        The number of connections that it has accepted.
        """
        return self._relays.accepted

    @property
    def passed(self) -> PassedExchanges:
        """
        Keeps the latest exchanges that passed unchanged, while somebody asks for them.
        """
        return self._relays.context.passed

    @property
    def counters(self) -> Counters:
        return self._relays.counters

    @property
    def held(self) -> int:
        """
        The memory that its links use, in bytes, approximately.
        """
        return self._relays.memory.held

    @property
    def planSince(self) -> float:
        """
        When the plan was set, in seconds of the reactor's clock.
        """
        return self._relays.expiry.since

    def note(self, connection: Connection, kind: str, **facts: object) -> None:
        """
        Record an event of a connection in the journal.
        """
        self._relays.context.note(connection, kind, **facts)

    @property
    def backend(self) -> str:
        """
        The backend, as the user wrote it.
        """
        return self._relays.backendText
