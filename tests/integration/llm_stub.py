"""
A stand-in for the APIs of OpenAI and Anthropic that streams its replies.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

#: What the model says, a word an event.
WORDS = ("One", " two", " three", " four", " five")

#: The whole of it.
TEXT = "".join(WORDS)


def event(data: object, name: str = "") -> bytes:
    """
    One server-sent event.
    """
    words = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {words}\n\n".encode()


def openaiEvents() -> list[bytes]:
    """
    The events of a streamed chat completion.
    """

    def chunk(delta: dict[str, str], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        return event({**head, "choices": [choice]})

    words = [chunk({"content": word}) for word in WORDS]
    return [chunk({"role": "assistant"}), *words, chunk({}, "stop"), event("[DONE]")]


def anthropicEvents() -> list[bytes]:
    """
    The events of a streamed message.
    """

    def named(name: str, **more: object) -> bytes:
        return event({"type": name, **more}, name)

    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    deltas = [
        named("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
        for word in WORDS
    ]
    return [
        named("message_start", message=message),
        named("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *deltas,
        named("content_block_stop", index=0),
        named("message_delta", delta={"stop_reason": "end_turn"}, usage=usage),
        named("message_stop"),
    ]


def ndjsonLines() -> list[bytes]:
    """
    The lines of a streamed reply as Ollama sends them.
    """
    lines = [{"response": word, "done": False} for word in WORDS] + [{"response": "", "done": True}]
    return [json.dumps(line).encode() + b"\n" for line in lines]


class _Handler(BaseHTTPRequestHandler):
    """
    Answers each POST by its path, in chunks: an event a chunk.
    """

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """
        Stream.
        """
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests += 1
        parts, kind = {
            "/v1/chat/completions": (openaiEvents, "text/event-stream"),
            "/v1/messages": (anthropicEvents, "text/event-stream; charset=utf-8"),
            "/api/generate": (ndjsonLines, "application/x-ndjson"),
        }[self.path.partition("?")[0]]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in [*parts(), b""]:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
            self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """
        Say nothing.
        """


class Stub(ThreadingHTTPServer):
    """
    The server, on a free port of the loopback.

    @ivar requests: how many it has had.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests = 0
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def backend(self) -> str:
        """
        Where it listens, as a proxy wants it.
        """
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """
        Say nothing of connections that were reset.
        """

    def stop(self) -> None:
        """
        Listen no more.
        """
        self.shutdown()
        self.server_close()
