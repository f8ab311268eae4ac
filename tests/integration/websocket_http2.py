"""
WebSocket over HTTP/2 (RFC 8441): hypercorn as the server, and a client of C{h2} and C{wsproto}.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from threading import Thread
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from twisted.internet.threads import deferToThread
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Event, Ping, TextMessage
from wsproto.utilities import RemoteProtocolError

from tests.integration.servers import answers
from tests.integration.support import PATIENCE, optional
from tests.ports import freePort

hypercorn: Any = optional("hypercorn.config")
serving: Any = optional("hypercorn.asyncio")

#: What an ASGI application is called with.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

#: What a client of HTTP/2 begins with.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"


class Echo:
    """
    A server that repeats the messages of WebSockets, and answers other requests.

    @ivar ended: the codes with which connections ended, as the application was told.
    """

    def __init__(self) -> None:
        self.port = freePort()
        self.ended: list[int] = []
        self._over: asyncio.Event | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        while not answers(self.port, PREFACE):
            time.sleep(0.05)

    async def _serve(self) -> None:
        config = hypercorn.Config()
        config.bind = [f"127.0.0.1:{self.port}"]
        config.errorlog = config.accesslog = None
        config.graceful_timeout = 2
        self._over = asyncio.Event()
        await serving.serve(self._answer, config, shutdown_trigger=self._over.wait)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (event := await receive())["type"] == "websocket.receive":
                data = {key: event.get(key) for key in ("text", "bytes")}
                await send({"type": "websocket.send", **data})
            self.ended.append(event["code"])
        elif scope["type"] == "http":
            await self.reply(scope, send)
        else:
            # The start and the end of the server.
            while (event := (await receive())["type"]) != "lifespan.shutdown":
                await send({"type": f"{event}.complete"})
            await send({"type": f"{event}.complete"})

    async def reply(self, scope: Scope, send: Send) -> None:
        """
        Answer a request.
        """
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"hello"})

    async def stop(self) -> None:
        """
        End it, while the reactor goes on: connections of the proxy may still be closing.
        """
        assert self._over is not None
        self._loop.call_soon_threadsafe(self._over.set)
        await deferToThread(self._thread.join, PATIENCE)
        self._loop.close()


class Client:
    """
    A connection of HTTP/2 whose streams are WebSockets.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self._h2.initiate_connection()
        self._sockets: dict[int, WebSocket] = {}
        self.heard: dict[int, bytes] = {}
        self._allowed = False
        self.flush()
        while not self._allowed:
            self.read()

    def flush(self) -> None:
        """
        Send what is ready.
        """
        self._socket.sendall(self._h2.data_to_send())

    def read(self) -> None:
        """
        Wait for bytes of the server, and take them.
        """
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the server has closed the connection")
        for event in self._h2.receive_data(data):
            stream = self._sockets.get(getattr(event, "stream_id", 0) or 0)
            if isinstance(event, RemoteSettingsChanged):
                self._allowed = bool(self._h2.remote_settings.enable_connect_protocol)
            elif isinstance(event, DataReceived):
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self.heard[event.stream_id] = self.heard.get(event.stream_id, b"") + event.data
                if stream is not None:
                    stream.frames.receive_data(event.data)
            elif isinstance(event, ConnectionTerminated):
                raise ConnectionError(f"GOAWAY {event.error_code}")
            elif stream is not None:
                if isinstance(event, ResponseReceived):
                    stream.status = dict(event.headers)[":status"]
                elif isinstance(event, StreamEnded):
                    stream.ended = "END_STREAM"
                elif isinstance(event, StreamReset):
                    stream.ended = f"RST_STREAM {int(event.error_code)}"
        self.flush()

    def begin(self, *fields: tuple[str, str], ends: bool = False) -> int:
        """
        Begin a stream.
        """
        stream = self._h2.get_next_available_stream_id()
        self._h2.send_headers(
            stream, [(":scheme", "http"), (":authority", "shop"), *fields], end_stream=ends
        )
        self.flush()
        return stream

    def get(self, path: str) -> bytes:
        """
        What the server answers to a request beside the WebSockets.
        """
        stream = self.begin((":method", "GET"), (":path", path), ends=True)
        while len(self.heard.get(stream, b"")) < len(b"hello"):
            self.read()
        return self.heard[stream]

    def connect(self, path: str = "/chat") -> WebSocket:
        """
        Open a WebSocket.
        """
        fields = (":method", "CONNECT"), (":protocol", "websocket"), (":path", path)
        stream = self.begin(*fields, ("sec-websocket-version", "13"))
        opened = self._sockets[stream] = WebSocket(self, stream)
        while not opened.status and not opened.ended:
            self.read()
        return opened

    def write(self, stream: int, data: bytes) -> None:
        """
        Send the content of DATA, as the windows allow.
        """
        while data:
            room = self._h2.local_flow_control_window(stream)
            part = data[: min(room, self._h2.max_outbound_frame_size)]
            if not part:
                self.read()
                continue
            self._h2.send_data(stream, part)
            data = data[len(part) :]
            self.flush()

    def close(self) -> None:
        """
        Close the connection.
        """
        self._socket.close()


class WebSocket:
    """
    One of them.

    @ivar status: with which the server has answered the request for it.
    @ivar ended: how its stream has ended; C{""} before.
    """

    def __init__(self, client: Client, stream: int) -> None:
        self._client = client
        self.stream = stream
        self.frames = Connection(ConnectionType.CLIENT)
        self.status = self.ended = ""

    def send(self, message: Event | str) -> None:
        """
        Send a text, or anything else.
        """
        event = TextMessage(data=message) if isinstance(message, str) else message
        self._client.write(self.stream, self.frames.send(event))

    def recv(self) -> Event | str:
        """
        The next message or control frame; the text of a whole text.

        @raise EOFError: the stream has ended; it says how.
        @raise RemoteProtocolError: what came is no WebSocket.
        """
        text = ""
        while True:
            for event in self.frames.events():
                if isinstance(event, Ping):
                    self._client.write(self.stream, self.frames.send(event.response()))
                if not isinstance(event, TextMessage):
                    return event
                text += event.data
                if event.message_finished:
                    return text
            if self.ended:
                raise EOFError(self.ended)
            self._client.read()

    def told(self, message: str = "a tick") -> str:
        """
        What an application learns that sends a text and waits for the answer, in one line.
        """
        self.send(message)
        try:
            heard = self.recv()
        except (EOFError, RemoteProtocolError) as error:
            return str(error)
        if isinstance(heard, CloseConnection):
            return f"{int(heard.code)} {heard.reason or ''}"
        return heard if isinstance(heard, str) else type(heard).__name__
