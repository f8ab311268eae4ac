# -*- test-case-name: tests.rules.test_registry -*-
"""
The registry of behaviors and wire protocols: Vaurien's own, and those of plugins.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import attrs
from twisted.logger import Logger
from twisted.plugin import getPlugins

from vaurien_twisted import plugins
from vaurien_twisted.behaviors.abort import Abort
from vaurien_twisted.behaviors.bandwidth import Bandwidth
from vaurien_twisted.behaviors.blackout import Blackout
from vaurien_twisted.behaviors.corrupt import Corrupt
from vaurien_twisted.behaviors.delay import Delay
from vaurien_twisted.behaviors.delay_message import DelayMessage
from vaurien_twisted.behaviors.down import Down
from vaurien_twisted.behaviors.dummy import Dummy
from vaurien_twisted.behaviors.error import Error
from vaurien_twisted.behaviors.events import Events
from vaurien_twisted.behaviors.exceed_deadline import ExceedDeadline
from vaurien_twisted.behaviors.hang import Hang
from vaurien_twisted.behaviors.latency import Latency
from vaurien_twisted.behaviors.lifetime import Lifetime
from vaurien_twisted.behaviors.limit_data import LimitData
from vaurien_twisted.behaviors.loss import Loss
from vaurien_twisted.behaviors.max_streams import MaxStreams
from vaurien_twisted.behaviors.packet_loss import PacketLoss
from vaurien_twisted.behaviors.patch import PatchReply
from vaurien_twisted.behaviors.refuse import Refuse
from vaurien_twisted.behaviors.reset_peer import ResetPeer
from vaurien_twisted.behaviors.slicer import Slicer
from vaurien_twisted.behaviors.slow_close import SlowClose
from vaurien_twisted.behaviors.slow_open import SlowOpen
from vaurien_twisted.behaviors.slow_window import SlowWindow
from vaurien_twisted.behaviors.timeout import Timeout
from vaurien_twisted.behaviors.transient import Transient
from vaurien_twisted.behaviors.websocket import WebSocket
from vaurien_twisted.interfaces import IBehaviorBase, IWireProtocol
from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.wire.http.protocol import HTTP
from vaurien_twisted.wire.memcache.protocol import Memcache
from vaurien_twisted.wire.mysql.protocol import MySQL
from vaurien_twisted.wire.postgresql.protocol import PostgreSQL
from vaurien_twisted.wire.redis.protocol import Redis
from vaurien_twisted.wire.smtp.protocol import SMTP
from vaurien_twisted.wire.tcp import TCP

#: Vaurien's own behaviors: those for exchanges, and those for the bytes of connections.
EXCHANGES = (
    Dummy(),
    Delay(),
    Error(),
    Hang(),
    Blackout(),
    Abort(),
    Transient(),
    Events(),
    PatchReply(),
    WebSocket(),
    DelayMessage(),
    ExceedDeadline(),
    MaxStreams(),
    SlowWindow(),
)
STREAMS = (
    Latency(),
    Bandwidth(),
    Slicer(),
    SlowOpen(),
    SlowClose(),
    LimitData(),
    Lifetime(),
    Timeout(),
    ResetPeer(),
    Loss(),
    PacketLoss(),
    Corrupt(),
    Down(),
    Refuse(),
)

Named = TypeVar("Named", IBehaviorBase, IWireProtocol)

log = Logger()


@attrs.frozen
class Registry:
    """
    Behaviors and wire protocols by name.
    """

    behaviors: dict[str, IBehaviorBase]
    wires: dict[str, IWireProtocol]

    def behavior(self, name: str) -> IBehaviorBase:
        """
        The behavior called C{name}.

        @raise Refused: there is none; the message names the nearest.
        """
        found = self.behaviors.get(name)
        if found is None:
            raise Refused(f"there is no behavior {name!r}: {nearest(name, self.behaviors)}", "name")
        return found

    def wire(self, name: str) -> IWireProtocol:
        """
        The wire protocol that has C{name} as its name or one of its aliases.

        @raise Refused: there is none; the message names the nearest.
        """
        for wire in self.wires.values():
            if name == wire.name or name in wire.aliases:
                return wire
        raise Refused(f"there is no protocol {name!r}: {nearest(name, self.wires)}", "protocol")


def loadRegistry() -> Registry:
    """
    Make the registry of Vaurien's own behaviors and protocols and those of installed plugins.  A
    plugin whose name is taken is ignored, with a warning in the log.
    """
    behaviors = _named([*EXCHANGES, *STREAMS])
    wires = _named([TCP(), HTTP(), MySQL(), PostgreSQL(), Redis(), Memcache(), SMTP()])
    _add(behaviors, getPlugins(IBehaviorBase, plugins))
    _add(wires, getPlugins(IWireProtocol, plugins))
    return Registry(behaviors, wires)


def _named(items: Iterable[Named]) -> dict[str, Named]:
    return {item.name: item for item in items}


def _add(known: dict[str, Named], found: Iterable[Named]) -> None:
    for item in found:
        if item.name in known:
            log.warn(
                "ignored the plugin {item!r}: the name {name!r} is taken", item=item, name=item.name
            )
        else:
            known[item.name] = item
