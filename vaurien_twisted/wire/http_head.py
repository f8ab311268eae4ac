# -*- test-case-name: tests.wire.test_http_head -*-
"""
HTTP/1 heads: where they end, what they ask, and how long the body after them is.

Written after RFC 9112, sections 2 to 6, and as strict as that where a proxy and a
server could otherwise read different requests; bare LF line ends are taken for
CRLF, as nginx and most servers do (section 2.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from vaurien_twisted.exchange import SUBJECT_LIMIT

#: The longest head, first line and blank line included, in bytes.
HEAD_LIMIT = 65536

#: The longest method, in bytes; the longest registered one has 17.
METHOD_LIMIT = 32

#: Framings that are not a number of bytes: chunked, and until the connection ends.
CHUNKED, ENDLESS = -1, -2

HEAD_END = re.compile(rb"\n\r?\n")

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"

REQUEST_LINE = re.compile(
    rb"(" + TOKEN + rb"{1,%d}) +([^\x00-\x20\x7f]+) +HTTP/(\d)\.(\d) *\r?\n" % METHOD_LIMIT
)
STATUS_LINE = re.compile(rb"HTTP/1\.(\d) ([1-9]\d\d)(?: [^\r\n\x00]*)?\r?\n")

#: A request's fields, to the blank line: no space before the colon, no folding.
REQUEST_FIELDS = re.compile(rb"(?>(?:" + TOKEN + rb"+:[^\r\n\x00]*\r?\n)*)\r?\n")
#: A reply's may be as odd as clients put up with: here without lines folded onto
#: the one before (RFC 9112, section 5.2), and with.
REPLY_FIELDS = re.compile(rb"(?>(?:[^\r\n\x00 \t][^\r\n\x00]*\r?\n)*)\r?\n")
FOLDED_FIELDS = re.compile(rb"(?>(?:[^\r\n\x00]+\r?\n)*)\r?\n")

#: Finds the fields that say how long a body is, in a head in lower case.
LENGTHS = re.compile(rb"\n(content-length|transfer-encoding)[ \t]*:([^\r\n]*)")
FOLD = re.compile(rb"\r?\n[ \t]+")
DIGITS = re.compile(rb"[0-9]{1,18}")
METHOD_BEGUN = re.compile(TOKEN + rb"{1,%d}(?: .*)?" % METHOD_LIMIT, re.DOTALL)
BLANK_LINES = re.compile(rb"[\r\n]+")

#: Heads up to this length are remembered once read, since clients and servers
#: repeat themselves: at most C{MEMORY} of each kind.
MEMORABLE, MEMORY = 1024, 512


class Malformed(Exception):
    """
    The bytes are not HTTP/1, or could be read in two ways.  Told in one line.
    """


class Request(NamedTuple):
    """
    What a request's head says.

    @ivar method: as written; methods are case-sensitive.
    @ivar target: at most L{SUBJECT_LIMIT} bytes of it, one character for each.
    @ivar framing: the body's length in bytes, or L{CHUNKED}.
    @ivar preface: whether it is the beginning of HTTP/2 (RFC 9113, section 3.4).
    """

    method: str
    target: str
    framing: int
    preface: bool = False


class Reply(NamedTuple):
    """
    What a reply's head says.

    @ivar status: 100 to 999.
    @ivar framing: the body's length in bytes, L{CHUNKED} or L{ENDLESS}.
    """

    status: int
    framing: int


def headEnd(data: bytes | bytearray, start: int, stop: int) -> int:
    """
    Where the head that begins at or before C{start} ends: the place after its blank
    line, -1 where there is none before C{stop}.
    """
    match = HEAD_END.search(data, start, stop)
    return -1 if match is None else match.end()


def readRequest(head: bytes) -> Request:
    """
    Read a request's whole head.

    @raise Malformed: it is not a request, or the length of its body is in doubt.
    """
    return _rememberedRequest(head) if len(head) <= MEMORABLE else _readRequest(head)


def readReply(head: bytes, method: str) -> Reply:
    """
    Read a reply's whole head.

    @param method: of the request, which says whether there can be a body.
    @raise Malformed: it is not a reply, or the length of its body is in doubt.
    """
    if len(head) <= MEMORABLE:
        return _rememberedReply(head, method)
    return _readReply(head, method)


def _readRequest(head: bytes) -> Request:
    method, target, major, minor = readRequestLine(head)
    if major != 1:
        return Request(method, target, 0, preface=True)
    if REQUEST_FIELDS.fullmatch(head, head.index(b"\n") + 1) is None:
        raise Malformed("the request has a line that is no header field")
    framing = _framing(LENGTHS.findall(head.lower()), minor)
    if framing == ENDLESS:
        raise Malformed("the request's Transfer-Encoding does not end with chunked")
    return Request(method, target, 0 if framing is None else framing)


def readRequestLine(line: bytes) -> tuple[str, str, int, int]:
    """
    The method, the target and the version at the beginning of C{line}.

    @raise Malformed: it does not begin with an HTTP/1 request line, nor with that
        of the HTTP/2 preface.
    """
    match = REQUEST_LINE.match(line)
    if match is None:
        raise Malformed("this is no HTTP request line")
    method, target, major, minor = match.groups()
    if major != b"1" and match[0] != b"PRI * HTTP/2.0\r\n":
        raise Malformed("the request's version is not HTTP/1.0 or 1.1")
    return (
        method.decode("ascii"),
        target[:SUBJECT_LIMIT].decode("latin-1"),
        int(major),
        int(minor),
    )


def _readReply(head: bytes, method: str) -> Reply:
    match = STATUS_LINE.match(head)
    if match is None:
        raise Malformed("this is no HTTP/1 status line")
    fields = head
    if REPLY_FIELDS.fullmatch(head, match.end()) is None:
        if FOLDED_FIELDS.fullmatch(head, match.end()) is None:
            raise Malformed("the reply's head has a bare CR or a NUL")
        fields = FOLD.sub(b" ", head)
    status = int(match[2])
    # RFC 9112, section 6.3: these have no body, whatever the fields say.
    if (
        method == "HEAD"
        or status < 200
        or status in (204, 304)
        or (method == "CONNECT" and status < 300)
    ):
        return Reply(status, 0)
    framing = _framing(LENGTHS.findall(fields.lower()), int(match[1]))
    return Reply(status, ENDLESS if framing is None else framing)


_rememberedRequest = lru_cache(MEMORY)(_readRequest)
_rememberedReply = lru_cache(MEMORY)(_readReply)


def _framing(fields: Iterable[tuple[bytes, bytes]], minor: int) -> int | None:
    """
    The framing that the length fields of a head ask for, C{None} where there are none.
    """
    lengths: list[bytes] = []
    codings: list[bytes] = []
    for name, value in fields:
        (lengths if name == b"content-length" else codings).append(value)
    if codings:
        if lengths:
            raise Malformed("both Content-Length and Transfer-Encoding")
        if minor == 0:
            raise Malformed("Transfer-Encoding in HTTP/1.0")
        return _coding(codings)
    if lengths:
        return _length(lengths)
    return None


def _coding(values: list[bytes]) -> int:
    codings = [coding.strip(b" \t") for coding in b",".join(values).split(b",")]
    codings = [coding for coding in codings if coding]
    if codings.count(b"chunked") > 1:
        raise Malformed("chunked twice in Transfer-Encoding")
    return CHUNKED if codings and codings[-1] == b"chunked" else ENDLESS


def _length(values: list[bytes]) -> int:
    lengths = {length.strip(b" \t") for value in values for length in value.split(b",")}
    length = lengths.pop()
    if lengths:
        raise Malformed("several values for Content-Length")
    if DIGITS.fullmatch(length) is None:
        raise Malformed("Content-Length is not a number of bytes")
    return int(length)


def checkRequestBegun(line: bytes) -> None:
    """
    Refuse early what cannot become a request: its sender may wait for an answer.

    @param line: the first bytes of the first line, all of it where it ends with LF.
    @raise Malformed: it cannot.
    """
    if line.endswith(b"\n"):
        readRequestLine(line)
    elif METHOD_BEGUN.fullmatch(line) is None:
        raise Malformed("this is no HTTP method")


def checkReplyBegun(line: bytes) -> None:
    """
    The same for a reply.

    @raise Malformed: it cannot become one.
    """
    if line.endswith(b"\n"):
        if STATUS_LINE.match(line) is None:
            raise Malformed("this is no HTTP/1 status line")
    elif not line.startswith(b"HTTP/1."[: len(line)]):
        raise Malformed("this is no HTTP/1 reply")


class Partial:
    """
    The beginning of a head, kept until the rest of it arrives.

    @param check: refuses a first line, or the first bytes of one, that cannot be right.
    """

    __slots__ = ("_check", "_checked", "kept")

    def __init__(self, check: Callable[[bytes], None]) -> None:
        self.kept = bytearray()
        self._check = check
        self._checked = False

    def add(self, data: bytes) -> bytes:
        """
        Keep C{data}.  Once a head is complete give back all that was kept: the
        head and what follows it; before, C{b""}.

        @raise Malformed: it is no head, or has L{HEAD_LIMIT} bytes and no end.
        """
        kept = self.kept
        # What was kept before holds no end, except where one began in its last bytes.
        looked = max(len(kept) - 2, 0)
        kept += data
        if headEnd(kept, looked, HEAD_LIMIT) >= 0:
            return self.take()
        if not self._checked:
            newline = kept.find(b"\n", looked, HEAD_LIMIT)
            self._checked = newline >= 0
            self._check(bytes(kept[: newline + 1 if self._checked else METHOD_LIMIT + 1]))
        if len(kept) >= HEAD_LIMIT:
            raise Malformed(f"the head has no end within {HEAD_LIMIT} bytes")
        return b""

    def take(self) -> bytes:
        """
        Everything kept, which is then no longer kept.
        """
        kept = bytes(self.kept)
        self.kept = bytearray()
        self._checked = False
        return kept
