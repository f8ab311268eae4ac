# -*- test-case-name: tests.wire.http.test_stream_editor,tests.wire.http.test_patch_editor -*-
"""
Parts of a reply that is edited: the fields of its head, and the content of its body without
chunks.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from http.client import responses

from vaurien_twisted.model.commands import ConnectionFate, EditedBytes
from vaurien_twisted.wire.http.body import Chunked, begin
from vaurien_twisted.wire.http.head import CHUNKED, ENDLESS, FOLD, HEAD_LIMIT, headEnd, readReply
from vaurien_twisted.wire.http.reply_head import ReplyHead
from vaurien_twisted.wire.streams.patch_editor import LENGTHS

_LINE = re.compile(rb"[^\r\n]*\r?\n")


class Head(ReplyHead):
    """
    The head of a reply of HTTP/1.  Lines that are not edited keep their bytes.

    @ivar line: the status line, with its end.
    @ivar fields: the lines of the fields, with their ends.
    """

    __slots__ = ("fields", "line")

    def __init__(self, head: bytes, status: int) -> None:
        super().__init__(status)
        first, *lines = _LINE.findall(FOLD.sub(b" ", head))
        self.line: bytes = first
        self.fields: list[bytes] = [line for line in lines if line.strip(b"\r\n")]

    def values(self, name: bytes) -> list[bytes]:
        found = []
        for line in self.fields:
            own, _, value = line.partition(b":")
            if own.strip().lower() == name:
                found.append(value.strip())
        return found

    def remove(self, names: Collection[bytes]) -> None:
        self.fields = [
            line for line in self.fields if line.partition(b":")[0].strip().lower() not in names
        ]

    def add(self, name: str, value: str) -> None:
        """
        Add a field, without line ends, in Latin-1 if possible.
        """
        self.fields.append(f"{name}: {value}\r\n".encode("latin-1", "replace"))

    def setStatus(self, status: int) -> None:
        self.status = status
        version, _, _ = self.line.partition(b" ")
        phrase = responses.get(status, "Unknown")
        self.line = b"%b %d %b\r\n" % (version, status, phrase.encode())

    def __bytes__(self) -> bytes:
        return b"".join((self.line, *self.fields, b"\r\n"))


class Content:
    """
    A reply whose bytes arrive as its framer yields them: the whole head first.

    @param method: the request's method, which determines whether there can be a body.
    @ivar raw: the head as the backend sent it.
    @ivar head: the parsed head.
    @ivar framing: the body's length in bytes, C{CHUNKED} or C{ENDLESS}.
    """

    __slots__ = ("_body", "framing", "head", "raw")

    def __init__(self, data: bytes, method: str) -> None:
        self.raw = data[: headEnd(data, 0, HEAD_LIMIT)]
        status, self.framing = readReply(self.raw, method)
        self.head = Head(self.raw, status)
        self._body = begin(self.framing)
        if isinstance(self._body, Chunked):
            self._body.content = []

    @property
    def trailer(self) -> bytes:
        """
        The fields after the last chunk, each with its line end.
        """
        body = self._body
        return body.trailer if isinstance(body, Chunked) else b""

    def read(self, data: bytes, position: int = 0) -> bytes:
        """
        The content in C{data}.

        @param position: the beginning of the body, or of its next part.
        """
        body = self._body
        end = body.scan(data, position)
        if not isinstance(body, Chunked) or body.content is None:
            return data[position:end]
        content, body.content = b"".join(body.content), []
        return content


class Frames:
    """
    The framing of edited content.

    @ivar chunked: whether the content is sent in chunks.
    @ivar closes: whether the body ends with the connection.
    """

    __slots__ = ("_content", "chunked", "closes")

    def __init__(self, content: Content) -> None:
        self._content = content
        self.chunked = content.framing == CHUNKED
        self.closes = content.framing == ENDLESS

    def unsize(self, chunks: bool) -> None:
        """
        Change the head so that the body may have any length.

        @param chunks: whether the client can read chunks (HTTP/1.1); otherwise the connection
            closes after the body.
        """
        if self.chunked or self.closes:
            return
        head = self._content.head
        head.remove(LENGTHS)
        self.chunked, self.closes = chunks, not chunks
        if chunks:
            head.add("Transfer-Encoding", "chunked")
        else:
            head.remove((b"connection",))
            head.add("Connection", "close")

    def frame(self, data: bytes) -> bytes:
        """
        Content in the form in which it is sent.
        """
        return b"%x\r\n%b\r\n" % (len(data), data) if data and self.chunked else data

    @property
    def ending(self) -> EditedBytes:
        """
        The bytes after all content that complete the body.
        """
        last = b"0\r\n%b\r\n" % self._content.trailer if self.chunked else b""
        return EditedBytes(last, then=ConnectionFate.CLOSE if self.closes else ConnectionFate.KEEP)
