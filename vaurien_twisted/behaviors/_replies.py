# -*- test-case-name: tests.behaviors.test_events,tests.behaviors.test_patch -*-
"""
What the behaviors that edit replies have in common.
"""

from __future__ import annotations

from vaurien_twisted.interfaces import IWireProtocol, Options
from vaurien_twisted.interfaces.editors import IReplyEditing
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused


class OfReplies:
    """
    The base of such behaviors: they apply to requests that have a reply, and to nothing else.
    """

    def applies(self, options: Options, exchange: Exchange) -> bool:
        """
        Whether this is a request that has a reply.
        """
        return exchange.number > 0 and exchange.replies


def checkEditing(wire: IWireProtocol, what: str) -> None:
    """
    Check that replies of C{wire} can be edited.

    @param what: what is edited, for the refusal.
    @raise Refused: they cannot.
    """
    if not IReplyEditing.providedBy(wire):
        raise Refused(f"protocol {wire.name!r} has no {what}: use protocol http", "behavior")
