"""
A wire protocol of the tests' own, as small as can be: every message is a line.

A request is C{COMMAND subject}.  Its reply is one line; or C{*}, rows, and C{.} to
end them.  C{QUIET} has no reply.  An error is the line C{-CODE message}.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import IFramer, IWireProtocol
from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange, Piece
from vaurien_twisted.model.matchers import COMMAND, Matcher
from vaurien_twisted.model.options import NoOptions
from vaurien_twisted.rules.registry import Registry, loadRegistry
from vaurien_twisted.wire.errors import ErrorCatalog
from vaurien_twisted.wire.protocol import WireProtocol


@implementer(IFramer)
class LineFramer:
    """
    Divides at newlines, and keeps back what is no whole line.
    """

    turns = False
    opaque = ""

    def __init__(self) -> None:
        self._number = 0
        self._client = self._backend = b""
        self._expected: deque[Exchange] = deque()
        self._rows = False

    def fromClient(self, data: bytes) -> Iterator[Piece]:
        """
        An exchange for each line.
        """
        *lines, self._client = (self._client + data).split(b"\n")
        for line in lines:
            self._number += 1
            command, _, subject = line.decode().partition(" ")
            exchange = Exchange(self._number, command, subject, replies=command != "QUIET")
            yield exchange, line + b"\n", True

    def expect(self, exchange: Exchange) -> None:
        """
        Its reply comes next.
        """
        if exchange.replies:
            self._expected.append(exchange)

    def fromBackend(self, data: bytes) -> Iterator[Piece]:
        """
        A piece for each line; rows are the units.
        """
        *lines, self._backend = (self._backend + data).split(b"\n")
        for line in lines:
            exchange = self._expected[0]
            row = self._rows and line != b"."
            self._rows = row or line == b"*"
            if row and exchange.cut is not None:
                exchange.cut -= 1
            if not self._rows:
                self._expected.popleft()
            yield exchange, line + b"\n", not self._rows

    def clientEnded(self) -> Iterator[Piece]:
        """
        What was kept back belongs to nothing.
        """
        rest, self._client = self._client, b""
        if rest:
            yield None, rest, False

    def backendEnded(self) -> Iterator[Piece]:
        """
        What was kept back belongs to nothing.
        """
        rest, self._backend = self._backend, b""
        if rest:
            yield None, rest, False

    def renew(self) -> None:
        """
        Nothing is guessed at.
        """


@implementer(IPlugin, IWireProtocol)
class Lines(WireProtocol):
    """
    The protocol of lines.
    """

    name = "lines"
    aliases = ("rows",)
    options = NoOptions
    greets = True
    catalog = ErrorCatalog(
        "lines",
        (
            WireError("busy", "try again", "It has too much to do.", fits=("loud",)),
            WireError("gone", "no more", "It is going away.", state="X1"),
            WireError("slow", "wait", "It comes slowly."),
        ),
        form="a word",
        isCode=lambda code, message: code.isalnum(),
        situations=lambda exchange: () if exchange.command == "QUIET" else ("loud",),
    )
    targets = (
        COMMAND,
        Matcher("key", "glob", "The first word after the command.", lambda c, e: _words(e)[:1]),
        Matcher("sql", "regex", "All of the subject.", lambda c, e: (e.subject,)),
        Matcher("field", "fields", "Words such as name:value.", lambda c, e: _words(e)),
    )
    unit = "rows"

    def framer(self, options: NoOptions, backend: str) -> LineFramer:
        """
        A framer for lines.
        """
        return LineFramer()

    def encodeError(self, exchange: Exchange, error: WireError) -> Reply | None:
        """
        One line; C{gone} closes, C{slow} comes in parts of three bytes.
        """
        if exchange.command == "QUIET":
            return None
        data = f"-{error.code} {error.message}\n".encode()
        then = (
            ConnectionFate.CLOSE
            if error.code == "gone" or not exchange.number
            else ConnectionFate.KEEP
        )
        if error.code == "slow":
            return Reply(data, then, pause=error.pause, part=3)
        return Reply(data, then)


def _words(exchange: Exchange) -> list[str]:
    return exchange.subject.split()


def linesRegistry() -> Registry:
    """
    All there is, and the protocol of lines.
    """
    registry = loadRegistry()
    known: dict[str, Any] = {**registry.wires, "lines": Lines()}
    return attrs.evolve(registry, wires=known)
