"""
An HTTP/2 client and server in memory, as C{h2} has them, with a link between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.wire.http2.frames import HEAD

#: What a plain GET consists of.
GET = {":method": "GET", ":scheme": "http", ":authority": "a", ":path": "/"}


@attrs.define
class Got:
    """
    What the client has got on one stream.
    """

    fields: dict[str, str] = attrs.field(factory=dict)
    trailers: dict[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None


class Multiplexed:
    """
    A client and a server that speak HTTP/2 with a link between them.  What each end sends goes
    on at once, in pieces of C{size} bytes.

    @ivar got: what the client has got, by stream.
    @ivar asked: the requests that the server has got, by its numbers: fields and body.
    @ivar events: what the client was told of the connection.
    @ivar resets: the streams that the server was told to give up, with the codes.
    """

    def __init__(self, *rules: dict[str, Any], size: int = 0, answers: bool = True) -> None:
        self.pair = Pair("http")
        self.setRules(*rules)
        self.client = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.server = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.size = size
        self.answers = answers
        self.got: dict[int, Got] = {}
        self.asked: dict[int, tuple[dict[str, str], bytes]] = {}
        self.events: list[Event] = []
        self.gone: list[ConnectionTerminated] = []
        self.resets: dict[int, int] = {}
        self._heard = b""
        #: What the two have yet to send, as the windows allow.
        self._bodies: list[tuple[H2Connection, int, bytes, bool]] = []
        self.client.initiate_connection()
        self.server.initiate_connection()
        self.pump()

    def setRules(self, *rules: dict[str, Any]) -> None:
        """
        Put other rules in force.
        """
        wire = self.pair.factory.wire
        self.pair.factory.setPlan(planFromRules(RuleBuilder(REGISTRY, wire=wire), list(rules)))

    @property
    def journal(self) -> list[dict[str, Any]]:
        """
        What the proxy has recorded.
        """
        journal: Any = self.pair.factory.journal
        return list(journal.since())

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        size = self.size or len(data) or 1
        return (data[at : at + size] for at in range(0, len(data), size))

    def pump(self) -> None:
        """
        Let both ends speak until neither has anything to say.
        """
        pair = self.pair
        for _ in range(10_000):
            bodies, self._bodies = self._bodies, []
            for each in bodies:
                self._send(*each)
            said = self.client.data_to_send()
            for piece in self._pieces(said):
                pair.relay.dataReceived(piece)
            heard = pair.backend.heard()
            if heard:
                for event in self.server.receive_data(heard):
                    self._serve(event)
            told = self.server.data_to_send()
            for piece in self._pieces(told):
                pair.backendProtocol.dataReceived(piece)
            got = pair.client.heard()
            self._heard += got
            for whole in self._frames():
                for event in self.client.receive_data(whole):
                    self._note(event)
            if not (said or heard or told or got):
                return
        raise AssertionError("the two do not come to an end")

    def _frames(self) -> Iterator[bytes]:
        """
        The whole frames that the client has got.
        """
        while len(self._heard) >= HEAD:
            size = HEAD + int.from_bytes(self._heard[:3], "big")
            if len(self._heard) < size:
                return
            yield self._heard[:size]
            self._heard = self._heard[size:]

    def _send(self, end: H2Connection, stream: int, data: bytes, ends: bool) -> None:
        """
        Send as much as the windows allow, unless nobody wants it any more.
        """
        try:
            room = end.local_flow_control_window(stream)
            while data and room:
                size = min(room, end.max_outbound_frame_size)
                end.send_data(stream, data[:size], ends and size >= len(data))
                data = data[size:]
                room = end.local_flow_control_window(stream)
        except ProtocolError:
            return
        if data:
            self._bodies.append((end, stream, data, ends))

    def send(self, end: H2Connection, stream: int, data: bytes, ends: bool = True) -> None:
        """
        Send DATA, as the windows allow.
        """
        if data:
            self._bodies.append((end, stream, data, ends))
        elif ends:
            end.end_stream(stream)

    def _serve(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self.asked[event.stream_id] = dict(event.headers), b""
        elif isinstance(event, DataReceived):
            fields, body = self.asked[event.stream_id]
            self.asked[event.stream_id] = fields, body + event.data
            self.server.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamReset):
            self.resets[event.stream_id] = int(event.error_code)
        elif isinstance(event, StreamEnded) and self.answers:
            fields, body = self.asked[event.stream_id]
            said = fields[":path"].encode() + b"\n" + body
            self.reply(event.stream_id, said)

    def reply(self, stream: int, body: bytes, ends: bool = True, **fields: str) -> None:
        """
        The server answers.
        """
        more = [(name.replace("_", "-"), value) for name, value in fields.items()]
        self.server.send_headers(stream, [(":status", "200"), ("x-served", str(stream)), *more])
        self.send(self.server, stream, body, ends)

    def _note(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, ConnectionTerminated):
            self.gone.append(event)
            # What is still served goes on, but not in h2.
            self.client.state_machine.state = ConnectionState.CLIENT_OPEN
            return
        stream = getattr(event, "stream_id", None)
        if stream is None or not isinstance(stream, int) or stream == 0:
            return
        got = self.got.setdefault(stream, Got())
        if isinstance(event, ResponseReceived):
            got.fields = dict(event.headers)
        elif isinstance(event, TrailersReceived):
            got.trailers = dict(event.headers)
        elif isinstance(event, DataReceived):
            got.body += event.data
            self.client.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            got.ended = True
        elif isinstance(event, StreamReset):
            got.reset = int(event.error_code)

    def ask(self, path: str, body: bytes | None = None, **fields: str) -> Got:
        """
        The client asks: what it has got by now.
        """
        stream = self.client.get_next_available_stream_id()
        more = {name.replace("_", "-"): value for name, value in fields.items()}
        method = "GET" if body is None else "POST"
        head = [*{**GET, ":method": method, ":path": path}.items(), *more.items()]
        self.client.send_headers(stream, head, end_stream=body is None)
        if body is not None:
            self.send(self.client, stream, body)
        got = self.got.setdefault(stream, Got())
        self.pump()
        return got

    def wait(self, seconds: float) -> None:
        """
        Time passes.
        """
        self.pair.clock.advance(seconds)
        self.pump()


def rule(behavior: str, path: str | None = None, **options: Any) -> dict[str, Any]:
    """
    A rule, for requests of a path if one is given.
    """
    made: dict[str, Any] = {"behavior": behavior, "options": options}
    return made if path is None else {**made, "when": {"path": path}}
