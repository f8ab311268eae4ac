# -*- test-case-name: tests.behaviors.test_websocket -*-
"""
C{websocket}: messages of WebSocket connections are lost or damaged, or end the connection.
"""

from __future__ import annotations

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import IApplicability, IBehavior, IWireProtocol
from vaurien_twisted.interfaces.editors import IMessageFaults
from vaurien_twisted.model.commands import PASS, Actions, ConnectionFate
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.message_fault import MESSAGE_FAULTS, MessageFault
from vaurien_twisted.model.options import Refused, option

#: The longest reason of a close frame, in bytes (RFC 6455, section 5.5).
REASON_LIMIT = 123

#: Codes that no close frame may have, since they mean an end without a close frame (RFC 6455,
#: section 7.4.1), with their meanings.
UNSENT = {
    1005: "a close frame without a code",
    1006: "an end without a close frame, as fault cut brings about",
    1015: "a failure of TLS",
}


@attrs.frozen
class WebSocketOptions:
    """
    The options of C{websocket}.
    """

    fault: str = option(
        str,
        "close",
        "What happens: close (the client gets a close frame, and the connection is closed), drop "
        "(the message is lost), cut (the connection ends inside of the frame), corrupt (a byte "
        "is changed), rsv (reserved bits are set).",
        choices=MESSAGE_FAULTS,
    )
    code: int = option(
        int, 1011, "With close, the code of the close frame.", minimum=1000, maximum=4999
    )
    reason: str = option(str, "", "With close, the reason in the close frame, at most 123 bytes.")
    bits: int = option(
        int,
        2,
        "With rsv, the bits: 4 for RSV1, 2 for RSV2, 1 for RSV3, or their sum.",
        minimum=1,
        maximum=7,
    )
    then: str = option(
        str, "close", "With cut, how the connection ends.", choices=("close", "reset")
    )


@implementer(IBehavior, IApplicability)
class WebSocket:
    """
    Acts on messages of WebSocket connections, in both directions, unless C{when} names one.
    Requests of HTTP pass.
    """

    name = "websocket"
    options = WebSocketOptions
    connections = False

    def check(self, options: WebSocketOptions, wire: IWireProtocol) -> None:
        if not IMessageFaults.providedBy(wire):
            raise Refused(f"protocol {wire.name!r} has no WebSocket: use protocol http", "behavior")
        meaning = UNSENT.get(options.code)
        if meaning is not None and options.fault == "close":
            raise Refused(
                f"no close frame can have the code {options.code}, which stands for {meaning}: "
                "use 1000 to 1003, 1007 to 1014, or 3000 to 4999",
                "code",
            )
        size = len(options.reason.encode("utf-8", "replace"))
        if size > REASON_LIMIT:
            raise Refused(f"the reason has {size} bytes: {REASON_LIMIT} at most", "reason")

    def applies(self, options: WebSocketOptions, exchange: Exchange) -> bool:
        # Messages have no reply.
        return exchange.number > 0 and not exchange.replies

    def decide(self, options: WebSocketOptions, context: DecisionContext) -> Actions:
        wire = IMessageFaults(context.wire, None)
        if wire is None:
            return PASS
        place = context.chance.random().getrandbits(32) if options.fault == "corrupt" else 0
        fault = MessageFault(
            options.fault,
            options.code,
            options.reason.encode("utf-8", "replace"),
            options.bits,
            ConnectionFate.RESET if options.then == "reset" else ConnectionFate.CLOSE,
            place,
        )
        return wire.messageActions(context.exchange, fault) or PASS
