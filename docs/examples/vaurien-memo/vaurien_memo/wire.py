"""
C{memo}: the protocol of an imaginary server that keeps notes.

A request is a line, C{PUT name text}, C{GET name} or C{BYE}, and each has one line
for its reply: C{OK}, C{NOTE text} or C{ERR code message}.  After the reply to
C{BYE} the server closes.  Requests may be sent before the last was answered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import IFramer, IWireProtocol
from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange, FramingError, Piece
from vaurien_twisted.model.matchers import COMMAND, Matcher
from vaurien_twisted.model.options import option
from vaurien_twisted.wire.errors import ErrorCatalog
from vaurien_twisted.wire.protocol import WireProtocol

CATALOG = ErrorCatalog(
    "memo",
    (
        WireError("busy", "try again later", "The server has too much to do.", fits=("any",)),
        WireError("full", "no room for a note", "The server's disk is full.", fits=("put",)),
        WireError("denied", "not yours", "The note belongs to somebody else."),
        WireError("closing", "good bye", "The server is being stopped; it closes.", closes=True),
    ),
    form="a word",
    isCode=lambda code, message: code.isalnum(),
    situations=lambda exchange: ("any", exchange.command.lower()),
)


@attrs.frozen
class MemoOptions:
    """
    What counts as a request.
    """

    longest: int = option(
        int, 1024, "The longest line that a request may be.", unit="bytes", minimum=16
    )


@implementer(IFramer)
class MemoFramer:
    """
    Finds the requests and replies of one connection.

    @param longest: the most bytes that a request's line may have, without its end.
    """

    turns = False
    opaque = ""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._next = 1
        self._kept = b""
        self._awaited: deque[Exchange] = deque()

    def fromClient(self, data: bytes) -> Iterator[Piece]:
        """
        A piece for each whole line; the beginning of another is kept.
        """
        *lines, self._kept = (self._kept + data).split(b"\n")
        for place, line in enumerate(lines):
            if len(line) > self._longest:
                self._refuse(lines[place:])
            yield self._request(line), line + b"\n", True
        if len(self._kept) > self._longest:
            self._refuse([])

    def _refuse(self, lines: list[bytes]) -> None:
        rest, self._kept = b"\n".join([*lines, self._kept]), b""
        raise FramingError(f"a line is over {self._longest} bytes", rest)

    def _request(self, line: bytes) -> Exchange:
        verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
        exchange = Exchange(self._next, verb.upper(), rest.partition(" ")[0])
        self._next += 1
        return exchange

    def expect(self, exchange: Exchange) -> None:
        """
        The server gets this request, and answers in the order in which it gets them.
        """
        self._awaited.append(exchange)

    def fromBackend(self, data: bytes) -> Iterator[Piece]:
        """
        A piece for each line or part of a line: a reply passes as it arrives.
        """
        *ends, part = data.split(b"\n")
        for end in ends:
            # What nobody asked for belongs to no exchange, and passes.
            exchange = self._awaited.popleft() if self._awaited else None
            yield exchange, end + b"\n", True
        if part:
            yield self._awaited[0] if self._awaited else None, part, False

    def clientEnded(self) -> Iterator[Piece]:
        """
        A line without an end is no request; it passes.
        """
        kept, self._kept = self._kept, b""
        if kept:
            yield None, kept, False

    def backendEnded(self) -> Iterator[Piece]:
        """
        Nothing was kept back.
        """
        return iter(())

    def renew(self) -> None:
        """
        Exchanges are known, not guessed at.
        """


@implementer(IPlugin, IWireProtocol)
class Memo(WireProtocol):
    """
    Notes, line by line.  An exchange is a request and its reply; its command is the
    verb, its subject the note's name.
    """

    name = "memo"
    aliases = ("memo1",)
    options = MemoOptions
    catalog = CATALOG
    targets = (
        COMMAND,
        Matcher("note", "glob", "The name of the note.", lambda _, exchange: (exchange.subject,)),
    )

    def framer(self, options: MemoOptions, backend: str) -> MemoFramer:
        """
        A framer for a new connection.
        """
        return MemoFramer(options.longest)

    def encodeError(self, exchange: Exchange, error: WireError) -> Reply:
        """
        One line; after an error that closes, and after C{BYE}, the server closes.
        """
        closes = error.closes or exchange.command == "BYE"
        line = f"ERR {error.code} {error.message}\n"
        return Reply(line.encode(), ConnectionFate.CLOSE if closes else ConnectionFate.KEEP)
