# -*- test-case-name: tests.relays.test_streams_faults -*-
"""
What the behaviors for streams of HTTP/2 have in common.
"""

from __future__ import annotations

from vaurien_twisted.interfaces import IStreamFacts, IStreamProtocol, IWireProtocol, Options
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused


class OfStreams:
    """
    The base of such behaviors: they apply to streams, and to nothing else.
    """

    name: str

    def check(self, options: Options, wire: IWireProtocol) -> None:
        """
        Refuse protocols without streams.
        """
        if not IStreamProtocol.providedBy(wire):
            raise Refused(
                f"{self.name} is for streams of HTTP/2, which protocol {wire.name!r} does not "
                "have: use protocol http",
                "behavior",
            )

    def applies(self, options: Options, exchange: Exchange) -> bool:
        """
        Whether the exchange is a stream.
        """
        return bool(IStreamFacts.providedBy(exchange.context))
