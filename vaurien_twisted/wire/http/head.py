# -*- test-case-name: tests.wire.http.test_head -*-
"""
Parser of HTTP/1 heads: their ends, their fields, and the length of the body after them.

Written after RFC 9112, sections 2 to 6.  Unusual heads whose meaning the RFC defines
are read.  Requests that two servers could read differently are refused; replies are
read as clients read them.  Bare LF line ends are taken for CRLF, as nginx and most
servers do (section 2.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from vaurien_twisted.model.exchange import SUBJECT_LIMIT

#: The longest head, first line and blank line included, in bytes.  Servers accept at most
#: a quarter of that unless they are configured otherwise.
HEAD_LIMIT = 262144

#: The most bytes of a head that are kept while its exchange awaits the reply.
KEPT_LIMIT = 65536

#: The longest method, in bytes; the longest registered one has 17.
METHOD_LIMIT = 32

#: Framings that are not a number of bytes: chunked, and until the connection ends.
CHUNKED, ENDLESS = -1, -2

HEAD_END = re.compile(rb"\n\r?\n")

TOKEN = rb"[!#$%&'*.^_`|~0-9A-Za-z-]"

REQUEST_LINE = re.compile(
    rb"(" + TOKEN + rb"{1,%d}) +([^\x00-\x20\x7f]+) +HTTP/(\d)\.(\d) *\r?\n" % METHOD_LIMIT
)
STATUS_LINE = re.compile(rb"HTTP/1\.(\d) ([1-9]\d\d)(?: [^\r\n\x00]*)?\r?\n")

#: A request's fields, to the blank line: no space before the colon; here without lines
#: folded onto the one before (RFC 9112, section 5.2), and with.
REQUEST_FIELDS = re.compile(rb"(?>(?:" + TOKEN + rb"+:[^\r\n\x00]*\r?\n)*)\r?\n")
FOLDED_REQUEST_FIELDS = re.compile(
    rb"(?>(?:" + TOKEN + rb"+:[^\r\n\x00]*\r?\n(?:[ \t][^\r\n\x00]*\r?\n)*)*)\r?\n"
)
#: Folded request lines that servers parse differently: a field that frames the request and is
#: folded, or is within a folded field.  In lower case.
AMBIGUOUS_FOLD = re.compile(
    rb"\n(?:[ \t]+(?:content-length|transfer-encoding|host)[ \t]*:"
    rb"|(?:content-length|transfer-encoding|host):[^\r\n]*\r?\n[ \t])"
)
#: A reply's fields, in all forms that clients accept: without folded lines, and with.
REPLY_FIELDS = re.compile(rb"(?>(?:[^\r\n\x00 \t][^\r\n\x00]*\r?\n)*)\r?\n")
FOLDED_FIELDS = re.compile(rb"(?>(?:[^\r\n\x00]+\r?\n)*)\r?\n")

#: Finds the fields that declare a body's length, in a head in lower case.
LENGTHS = re.compile(rb"\n(content-length|transfer-encoding)[ \t]*:([^\r\n]*)")
FOLD = re.compile(rb"\r?\n[ \t]+")
#: The most digits of a length, without leading zeros.
DIGITS = 18
METHOD_BEGUN = re.compile(TOKEN + rb"{1,%d}(?: .*)?" % METHOD_LIMIT, re.DOTALL)
#: CR and LF, which may precede a head.
BLANK = (13, 10)
BLANK_LINES = re.compile(rb"[\r\n]+")

#: Heads up to this length are remembered once read, since clients and servers
#: repeat themselves: at most C{MEMORY} of each kind.
MEMORABLE, MEMORY = 1024, 512


class Malformed(Exception):
    """
    The bytes are not HTTP/1, or could be read in two ways.  The message is one line.
    """


class Request(NamedTuple):
    """
    A parsed head of a request.

    @ivar method: as written; methods are case-sensitive.
    @ivar target: at most L{SUBJECT_LIMIT} bytes of it, one character for each.
    @ivar framing: the body's length in bytes, L{CHUNKED}, or L{ENDLESS} if it has both
        Transfer-Encoding and Content-Length.  Servers treat that differently, but all must close
        the connection after their reply (RFC 9112, section 6.1), so that the body's end does not
        matter.
    @ivar preface: whether it is the beginning of HTTP/2 (RFC 9113, section 3.4).
    @ivar upgrades: whether it asks for an upgrade to HTTP/2 (RFC 7540, section 3.2) or WebSocket.
    """

    method: str
    target: str
    framing: int
    preface: bool = False
    upgrades: bool = False


class Reply(NamedTuple):
    """
    A parsed head of a reply.

    @ivar status: 100 to 999.
    @ivar framing: the body's length in bytes, L{CHUNKED} or L{ENDLESS}.
    """

    status: int
    framing: int


def headEnd(data: bytes | bytearray, start: int, stop: int) -> int:
    """
    The end of the head that begins at or before C{start}: the index after its blank
    line, -1 if there is none before C{stop}.
    """
    match = HEAD_END.search(data, start, stop)
    return -1 if match is None else match.end()


def afterBlank(data: bytes, position: int) -> int:
    """
    The end of the CRs and LFs at C{position}: RFC 9112, section 2.2, allows one extra blank
    line before a request, and servers accept any number.
    """
    match = BLANK_LINES.match(data, position)
    return position if match is None else match.end()


def readRequest(head: bytes) -> Request:
    """
    Read a request's whole head.

    @raise Malformed: it is not a request, or the length of its body is in doubt.
    """
    return _rememberedRequest(head) if len(head) <= MEMORABLE else _readRequest(head)


def readReply(head: bytes, method: str) -> Reply:
    """
    Read a reply's whole head.

    @param method: the method of the request, which determines whether there can be a body.
    @raise Malformed: it is not a reply, or the length of its body is in doubt.
    """
    if len(head) <= MEMORABLE:
        return _rememberedReply(head, method)
    return _readReply(head, method)


def _readRequest(head: bytes) -> Request:
    method, target, major, minor = readRequestLine(head)
    if major != 1:
        return Request(method, target, 0, preface=True)
    fields = head.lower()
    start = head.index(b"\n") + 1
    if REQUEST_FIELDS.fullmatch(head, start) is None:
        if FOLDED_REQUEST_FIELDS.fullmatch(head, start) is None:
            raise Malformed("the request has a line that is not a header field")
        if AMBIGUOUS_FOLD.search(fields) is not None:
            raise Malformed("the request folds a header field that frames it")
    lengths, codings = _lengthFields(fields, minor)
    # Identity means no coding: RFC 2616, section 3.6.
    if not codings or codings == [b"identity"]:
        upgrades = b"\nhttp2-settings:" in fields or (
            b"\nupgrade:" in fields and b"websocket" in fields
        )
        return Request(method, target, _length(lengths) if lengths else 0, False, upgrades)
    if codings[-1] != b"chunked":
        raise Malformed("the request's Transfer-Encoding does not end with chunked")
    if codings.count(b"chunked") > 1:
        raise Malformed("the request's Transfer-Encoding has chunked twice")
    if lengths:
        _length(lengths)
        return Request(method, target, ENDLESS)
    return Request(method, target, CHUNKED)


def readRequestLine(line: bytes) -> tuple[str, str, int, int]:
    """
    The method, the target and the version at the beginning of C{line}.

    @raise Malformed: it does not begin with an HTTP/1 request line, nor with that
        of the HTTP/2 preface.
    """
    match = REQUEST_LINE.match(line)
    if match is None:
        raise Malformed("this is not an HTTP request line")
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
        raise Malformed("this is not an HTTP/1 status line")
    fields = head
    if REPLY_FIELDS.fullmatch(head, match.end()) is None:
        if FOLDED_FIELDS.fullmatch(head, match.end()) is None:
            raise Malformed("the reply's head has a bare CR or a NUL")
        fields = FOLD.sub(b" ", head)
    status = int(match[2])
    # RFC 9112, section 6.3: these never have a body.
    if (
        method == "HEAD"
        or status < 200
        or status in (204, 304)
        or (method == "CONNECT" and status < 300)
    ):
        return Reply(status, 0)
    lengths, codings = _lengthFields(fields.lower(), int(match[1]))
    codings = [coding for coding in codings if coding not in (b"", b"identity")]
    if codings:
        # Content-Length is overridden (RFC 9112, section 6.3, items 3 and 4).
        return Reply(status, CHUNKED if codings[-1] == b"chunked" else ENDLESS)
    return Reply(status, _length(lengths) if lengths else ENDLESS)


_rememberedRequest = lru_cache(MEMORY)(_readRequest)
_rememberedReply = lru_cache(MEMORY)(_readReply)


def _lengthFields(head: bytes, minor: int) -> tuple[list[bytes], list[bytes]]:
    """
    The values of Content-Length, and the transfer codings, in their order.

    @param head: in lower case, without folded lines that matter.
    @param minor: of the message's version.
    @raise Malformed: HTTP/1.0 with Transfer-Encoding, which is faulty by RFC 9112,
        section 6.1.
    """
    lengths: list[bytes] = []
    codings: list[bytes] = []
    for name, value in LENGTHS.findall(head):
        if name == b"content-length":
            lengths.append(value)
        else:
            codings += [coding.strip(b" \t") for coding in value.split(b",")]
    if codings and minor == 0:
        raise Malformed("the message has Transfer-Encoding in HTTP/1.0")
    # A list may have empty elements (RFC 9110, section 5.6.1).
    return lengths, [coding for coding in codings if coding] or codings[:1]


def _length(values: list[bytes]) -> int:
    """
    The number that all values of Content-Length give (RFC 9112, section 6.3, item 5).
    """
    lengths = set()
    for value in values:
        for length in value.split(b","):
            digits = length.strip(b" \t")
            # 1*DIGIT (RFC 9110, section 8.6).
            number = digits.lstrip(b"0")
            if not digits.isdigit() or len(number) > DIGITS:
                raise Malformed("Content-Length is not a number")
            lengths.add(int(number or b"0"))
    if len(lengths) > 1:
        raise Malformed("Content-Length has several values")
    return lengths.pop()


def checkRequestBegun(line: bytes) -> None:
    """
    Reject early bytes that cannot become a request: their sender may wait for an answer.

    @param line: the first bytes of the first line; the whole line if it ends with LF.
    @raise Malformed: they cannot become one.
    """
    if line.endswith(b"\n"):
        readRequestLine(line)
    elif METHOD_BEGUN.fullmatch(line) is None:
        raise Malformed("this is not an HTTP method")


def checkReplyBegun(line: bytes) -> None:
    """
    Reject early bytes that cannot become a reply.

    @param line: the first bytes of the first line; the whole line if it ends with LF.
    @raise Malformed: they cannot become one.
    """
    if line.endswith(b"\n"):
        if STATUS_LINE.match(line) is None:
            raise Malformed("this is not an HTTP/1 status line")
    elif not line.startswith(b"HTTP/1."[: len(line)]):
        raise Malformed("this is not an HTTP/1 reply")


class Partial:
    """
    The beginning of a head, kept until the rest of it arrives.

    @param check: raises L{Malformed} for the first bytes of a line that cannot become valid.
    """

    __slots__ = ("_check", "_checked", "kept")

    def __init__(self, check: Callable[[bytes], None]) -> None:
        self.kept = bytearray()
        self._check = check
        self._checked = False

    def add(self, data: bytes) -> bytes:
        """
        Keep C{data}.

        @return: when a head is complete, all kept bytes: the head and the bytes after it;
            C{b""} before.
        @raise Malformed: it is not a head, or has no end within L{HEAD_LIMIT} bytes.
        """
        kept = self.kept
        # The bytes kept before have no end of a head, except one that begins in their last bytes.
        looked = max(len(kept) - 2, 0)
        kept += data
        if headEnd(kept, looked, HEAD_LIMIT) >= 0:
            return self.take()
        if not self._checked:
            newline = kept.find(b"\n", looked, HEAD_LIMIT)
            self._checked = newline >= 0
            self._check(bytes(kept[: newline + 1 if self._checked else METHOD_LIMIT + 1]))
        if len(kept) >= HEAD_LIMIT:
            raise Malformed(f"the head is over {HEAD_LIMIT} bytes long")
        return b""

    def take(self) -> bytes:
        """
        Release all kept bytes.
        """
        kept = bytes(self.kept)
        self.kept = bytearray()
        self._checked = False
        return kept
