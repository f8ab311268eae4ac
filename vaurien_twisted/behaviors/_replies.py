# -*- test-case-name: tests.behaviors.test_events,tests.behaviors.test_patch -*-
"""
What the behaviors that edit replies have in common.
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
    The base of such behaviors: they apply to requests that have a reply, and to nothing else.
    """

    connections = False
    #: What of a reply they edit, for the refusal of a protocol that has none.
    edits: str

    def check(self, options: Options, wire: IWireProtocol) -> None:
        if not IReplyEditing.providedBy(wire):
            raise Refused(
                f"protocol {wire.name!r} has no {self.edits}: use protocol http", "behavior"
            )

    def applies(self, options: Options, exchange: Exchange) -> bool:
        return exchange.number > 0 and exchange.replies
