"""
A server of HTTP/2 with prior knowledge, on C{h2}, that streams its replies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from twisted.internet.protocol import Factory, Protocol

from tests.relays.edited import Answer


class _Server(Protocol):
    """
    One connection.
    """

    factory: HTTP2Stub

    def connectionMade(self) -> None:
        """
        Begin.
        """
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self._requests: dict[int, dict[str, str]] = {}
        #: What has yet to be sent on each stream, and the trailer.
        self._rest: dict[int, tuple[list[bytes], Answer]] = {}
        self._flush()

    def dataReceived(self, data: bytes) -> None:
        """
        Serve.
        """
        for event in self.h2.receive_data(data):
            if isinstance(event, RequestReceived):
                self._requests[event.stream_id] = dict(event.headers)
            elif isinstance(event, DataReceived):
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamReset):
                self.factory.resets.append(int(event.error_code))
                self._rest.pop(event.stream_id, None)
            elif isinstance(event, StreamEnded):
                self._answer(event.stream_id)
            elif isinstance(event, WindowUpdated):
                for stream in list(self._rest):
                    self._send(stream)
        self._flush()

    def _answer(self, stream: int) -> None:
        self.factory.requests += 1
        request = self._requests.pop(stream)
        answer = self.factory.answers[request[":path"].partition("?")[0]]
        head = [(":status", str(answer.status)), *answer.head]
        if request[":method"] == "HEAD" or answer.status in (204, 304):
            self.h2.send_headers(stream, head, True)
            return
        self.h2.send_headers(stream, head)
        self._rest[stream] = list(answer.parts), answer
        self._send(stream)

    def _send(self, stream: int) -> None:
        """
        Send what the windows allow: a DATA frame for each part, if it fits.
        """
        parts, answer = self._rest[stream]
        while parts:
            size = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if not size:
                return
            part = parts.pop(0)
            self.h2.send_data(stream, part[:size])
            if part[size:]:
                parts.insert(0, part[size:])
        del self._rest[stream]
        if answer.trailers:
            self.h2.send_headers(stream, list(answer.trailers), True)
        else:
            self.h2.end_stream(stream)

    def _flush(self) -> None:
        assert self.transport is not None
        self.transport.write(self.h2.data_to_send())


class HTTP2Stub(Factory):
    """
    The server.

    @param answers: what it answers, by path.
    @ivar requests: how many it has had.
    @ivar resets: the error codes of the streams that were reset.
    """

    noisy = False
    protocol = _Server

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self.requests = 0
        self.resets: list[int] = []
        self._port: Any = None

    def listen(self, reactor: Any) -> str:
        """
        Listen on a free port.

        @return: where, as a proxy wants it.
        """
        self._port = reactor.listenTCP(0, self, interface="127.0.0.1")
        return f"127.0.0.1:{self._port.getHost().port}"

    def stop(self) -> Any:
        """
        Listen no more.
        """
        return self._port.stopListening()
