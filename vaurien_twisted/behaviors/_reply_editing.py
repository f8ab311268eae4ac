# -*- test-case-name: tests.behaviors.test_events,tests.behaviors.test_patch -*-
"""
The base of behaviors that edit replies.
"""

from __future__ import annotations

from zope.interface import implementer

from vaurien_twisted.interfaces import IWireProtocol, Options
from vaurien_twisted.interfaces.applicability import IFormApplicability
from vaurien_twisted.interfaces.editors import IReplyEditing
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused


@implementer(IFormApplicability)
class OfReplies:
    """
    The base of such behaviors.  They apply only to requests that have a reply.
    """

    connections = False
    #: The part of a reply that they edit, for the error message about protocols without it.
    edits: str

    def check(self, options: Options, wire: IWireProtocol) -> None:
        if not IReplyEditing.providedBy(wire):
            raise Refused(
                f"protocol {wire.name!r} has no {self.edits}: use protocol http", "behavior"
            )

    def applies(self, options: Options, exchange: Exchange) -> bool:
        return exchange.number > 0 and exchange.replies
