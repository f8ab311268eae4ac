# -*- test-case-name: tests.relays.test_streams_faults -*-
"""
The base of behaviors for HTTP/2 streams.
"""

from __future__ import annotations

from zope.interface import implementer

from vaurien_twisted.interfaces import (
    IApplicability,
    IStreamFacts,
    IStreamProtocol,
    IWireProtocol,
    Options,
)
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused


@implementer(IApplicability)
class OfStreams:
    """
    The base of such behaviors.  They apply only to streams.
    """

    name: str
    connections = False

    def check(self, options: Options, wire: IWireProtocol) -> None:
        if not IStreamProtocol.providedBy(wire):
            raise Refused(
                f"{self.name} is for HTTP/2 streams, which protocol {wire.name!r} does not "
                "have: use protocol http",
                "behavior",
            )

    def applies(self, options: Options, exchange: Exchange) -> bool:
        return bool(IStreamFacts.providedBy(exchange.context))
