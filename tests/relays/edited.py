"""
Replies on streams of HTTP/2 that are edited, and the same in HTTP/1, on links in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from http.client import IncompleteRead
from typing import Any

import attrs

from tests.relays.multiplexed import GET, Got, Multiplexed
from tests.wire.http.editing import HTTPSession, read

#: Fields that say how a body is sent.
FRAMING = frozenset(("transfer-encoding", "connection", "content-length"))

#: Statuses of replies without a body.
BODILESS = (204, 304)


@attrs.frozen
class Answer:
    """
    A reply of the backend.

    @ivar parts: the body, a DATA frame or a chunk each.
    @ivar sized: whether there is a Content-Length.
    """

    parts: Sequence[bytes] = (b"",)
    kind: str = "text/event-stream"
    fields: Sequence[tuple[str, str]] = ()
    status: int = 200
    sized: bool = False
    trailers: Sequence[tuple[str, str]] = ()

    @property
    def body(self) -> bytes:
        """
        The whole body.
        """
        return b"".join(self.parts)

    @property
    def head(self) -> list[tuple[str, str]]:
        """
        All fields.
        """
        sized = [("content-length", str(len(self.body)))] if self.sized else []
        return [("content-type", self.kind), *self.fields, *sized]

    @property
    def http1(self) -> bytes:
        """
        The same in HTTP/1.
        """
        lines = [f"HTTP/1.1 {self.status} OK", *(f"{name}: {value}" for name, value in self.head)]
        body = self.body
        if not self.sized and self.status not in BODILESS:
            lines.append("Transfer-Encoding: chunked")
            chunks = [b"%x\r\n%b\r\n" % (len(each), each) for each in self.parts if each]
            trailer = "".join(f"{name}: {value}\r\n" for name, value in self.trailers).encode()
            body = b"".join([*chunks, b"0\r\n", trailer, b"\r\n"])
        return "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + body


class Edited(Multiplexed):
    """
    A link whose backend gives one answer to all.

    @ivar frames: how many DATA frames with content the client has got.
    """

    def __init__(self, answer: Answer, *rules: dict[str, Any], size: int = 0) -> None:
        self.answer = answer
        self.frames = 0
        super().__init__(*rules, size=size)

    def reply(self, stream: int, body: bytes, ends: bool = True, **fields: str) -> None:
        """
        Give the answer.
        """
        answer, server = self.answer, self.server
        method = self.asked[stream][0][":method"]
        bodiless = method == "HEAD" or answer.status in BODILESS
        head = [(":status", str(answer.status)), *answer.head]
        if bodiless:
            server.send_headers(stream, head, True)
            return
        server.send_headers(stream, head)
        size = sum(map(len, answer.parts))
        if size > server.local_flow_control_window(stream) or size > 60000:
            self.send(server, stream, answer.body)
            return
        for part in answer.parts:
            server.send_data(stream, part)
        if answer.trailers:
            server.send_headers(stream, list(answer.trailers), True)
        else:
            server.end_stream(stream)

    def _note(self, event: Any) -> None:
        if type(event).__name__ == "DataReceived" and event.data:
            self.frames += 1
        super()._note(event)

    def get(self, method: str = "GET", path: str = "/") -> Got:
        """
        The client asks: what it has got by now.
        """
        stream = self.client.get_next_available_stream_id()
        head = {**GET, ":method": method, ":path": path}
        self.client.send_headers(stream, list(head.items()), True)
        got = self.got.setdefault(stream, Got())
        self.pump()
        return got

    @property
    def told(self) -> list[tuple[str, str]]:
        """
        What the journal has: what kind of entry, and the effect.
        """
        return [(each["kind"], each["effect"]) for each in self.journal if "effect" in each]


@attrs.frozen
class Seen:
    """
    What a client has seen of a reply.
    """

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes
    whole: bool
    told: tuple[tuple[str, str], ...]


def seenOf2(answer: Answer, rule: dict[str, Any], method: str = "GET", size: int = 0) -> Seen:
    """
    What a client of HTTP/2 sees.
    """
    link = Edited(answer, rule, size=size)
    got = link.get(method)
    link.wait(10_000)
    fields = sorted((n, v) for n, v in got.fields.items() if n not in FRAMING and n[0] != ":")
    length = got.fields.get("content-length")
    if got.ended and length is not None and method != "HEAD" and answer.status not in BODILESS:
        assert int(length) == len(got.body), (length, got.body)
    return Seen(
        int(got.fields.get(":status", 0)), tuple(fields), got.body, got.ended, tuple(link.told)
    )


def seenOf1(answer: Answer, rule: dict[str, Any], method: str = "GET", size: int = 0) -> Seen:
    """
    What a client of HTTP/1 sees.
    """
    session = HTTPSession(rule)
    data = answer.http1
    if method == "HEAD" or answer.status in BODILESS:
        data = data[: data.index(b"\r\n\r\n") + 4]
    parts = [data[at : at + (size or len(data))] for at in range(0, len(data), size or len(data))]
    request = b"%b / HTTP/1.1\r\nHost: a\r\n\r\n" % method.encode()
    heard = session.converse(*parts, request=request)
    heard += session.wait(10_000)
    response = read(heard, method)
    try:
        body, whole = response.read(), True
    except IncompleteRead as broken:
        body, whole = broken.partial, False
    fields = sorted((n.lower(), v) for n, v in response.getheaders() if n.lower() not in FRAMING)
    return Seen(response.status, tuple(fields), body, whole, tuple(session.told()))
