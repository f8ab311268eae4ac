# -*- test-case-name: tests.wire.http.test_obstacles -*-
"""
Why a request of HTTP cannot be answered with an error.
"""

from __future__ import annotations

from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.grpc.statuses import statusOf
from vaurien_twisted.wire.http2.endings import isEnding
from vaurien_twisted.wire.http2.stream import StreamFacts
from vaurien_twisted.wire.websocket.messages import messageOf


def obstacle(exchange: Exchange, error: WireError) -> str:
    """
    Why C{exchange} cannot be answered with C{error}, in a few words; C{""} for a message of
    WebSocket, for which no error is meant.
    """
    context = exchange.context
    stream = isinstance(context, StreamFacts)
    if messageOf(exchange) is not None:
        return ""
    if statusOf(error.code) is not None:
        return "the request is no call of gRPC"
    if isEnding(error.code):
        return "the connection is HTTP/1, which has neither RST_STREAM nor GOAWAY"
    if exchange.command in ("HEAD", "CONNECT"):
        return f"the reply to {exchange.command} has no body"
    return "HTTP/2 has no such fault" if stream else ""
