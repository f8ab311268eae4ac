# -*- test-case-name: tests.wire.memcache.test_errors -*-
"""
Errors as memcached sends them, and misses: memcached's C{doc/protocol.txt} and the
messages of memcached 1.6.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.errors import namedError
from vaurien_twisted.wire.memcache.commands import FAILURES, MENTIONED, RETRIEVAL, STORAGE, Meta


def _error(text: str, description: str, transient: bool = False) -> WireError:
    return WireError(text, text, description, transient)


#: What is said to a connection that there is no room for.
TOO_MANY = "ERROR Too many open connections"

#: Presets by code, which is the whole line.
ERRORS = {
    error.code: error
    for error in (
        _error(
            "SERVER_ERROR out of memory storing object",
            "There is no memory for the value and nothing can be evicted.",
            True,
        ),
        _error(
            "SERVER_ERROR out of memory writing get response",
            "There is no memory to put the answer together.",
            True,
        ),
        _error(
            "SERVER_ERROR out of memory reading request",
            "There is no memory to read the request into.",
            True,
        ),
        _error(
            "SERVER_ERROR temporary failure",
            "A proxy or a persistent bucket cannot do it at the moment.",
            True,
        ),
        _error(
            "SERVER_ERROR object too large for cache",
            "The value exceeds the largest item that the server was set up to store.",
        ),
        _error("ERROR", "The server does not know the command."),
        _error("CLIENT_ERROR bad data chunk", "The value is not as long as the command said."),
        _error("CLIENT_ERROR bad command line format", "The command's arguments are wrong."),
        _error(
            "CLIENT_ERROR cannot increment or decrement non-numeric value",
            "The value is not a number.",
        ),
        _error("CLIENT_ERROR unauthenticated", "The connection has not authenticated itself."),
        _error(
            TOO_MANY,
            "The server has as many connections as it was set up for, and closes this one.",
        ),
        WireError("miss", "", "No error: the item is not there, as the command has it."),
    )
}

#: What is said where something is not there, by command; C{END} and C{EN} have their own rule.
ABSENT = {
    **dict.fromkeys(("cas", "decr", "delete", "incr", "touch"), b"NOT_FOUND\r\n"),
    **dict.fromkeys(("add", "append", "prepend", "replace", "set"), b"NOT_STORED\r\n"),
}


def parseError(code: str, message: str) -> WireError:
    """
    A preset, or a line of the user's own that begins with one of L{FAILURES}.  A message
    takes the place of the words after that.

    @raise Refused: the code is no such line, or C{SERVER_ERROR} or C{CLIENT_ERROR} alone
        and there is no message.
    """

    def isCode(code: str) -> bool:
        word, _, rest = code.partition(" ")
        known = word.encode("utf-8", "backslashreplace") in FAILURES
        return known and code.isprintable() and bool(rest.strip() or message)

    form = "a preset, or a line that begins with SERVER_ERROR, CLIENT_ERROR or ERROR"
    error = namedError("memcache", ERRORS, code, message, isCode, form)
    if not message or code == "miss":
        return error
    word = code.partition(" ")[0]
    whole = message if message.partition(" ")[0] == word else f"{word} {message}"
    return attrs.evolve(error, message=whole)


def transientErrors(exchange: Exchange) -> Sequence[WireError]:
    """
    The transient errors with which a server might answer this command.
    """
    command = exchange.command
    if not exchange.replies or not command:
        return ()
    found = [ERRORS["SERVER_ERROR temporary failure"]]
    if command in STORAGE or command in ("ms", "ma", "incr", "decr"):
        found.append(ERRORS["SERVER_ERROR out of memory storing object"])
    if command in RETRIEVAL or command == "mg":
        found.append(ERRORS["SERVER_ERROR out of memory writing get response"])
    if command in STORAGE or command in RETRIEVAL:
        found.append(ERRORS["SERVER_ERROR out of memory reading request"])
    return found


def refuse(exchange: Exchange, error: WireError) -> Reply | None:
    """
    The error as one line.  Quiet meta commands are told of errors too.

    @return: C{None} for a request without an answer, and for a miss of a command that
        cannot miss.
    """
    if not exchange.replies:
        return None
    if error.code == "miss":
        return miss(exchange) if misses(exchange) else None
    text = (error.message or error.code).replace("\r", " ").replace("\n", " ")
    then = ConnectionFate.CLOSE if error.code == TOO_MANY else ConnectionFate.KEEP
    return Reply(text.encode("utf-8", "backslashreplace") + b"\r\n", then)


def misses(exchange: Exchange) -> bool:
    """
    Whether it can be said of the command that its item is not there.
    """
    command = exchange.command
    return command in RETRIEVAL or command in ABSENT or command in MENTIONED or command == "me"


def miss(exchange: Exchange) -> Reply:
    """
    "Not there", as the command has it: C{END}, C{EN}, C{NF}, C{NOT_FOUND}, and for what
    stores C{NOT_STORED}.

    @return: an empty reply where that is said by silence, and C{ERROR} for a command
        that cannot miss.
    """
    command, meta = exchange.command, exchange.context
    if not exchange.replies:
        return Reply(b"")
    if isinstance(meta, Meta):
        if command == "ms":
            return Reply(b" ".join((b"NS", *meta.echoes)) + b"\r\n")
        if meta.quiet:
            return Reply(b"")
        return Reply(b"EN\r\n" if command == "mg" else b" ".join((b"NF", *meta.echoes)) + b"\r\n")
    if command in RETRIEVAL:
        return Reply(b"END\r\n")
    if command == "me":
        return Reply(b"EN\r\n")
    return Reply(ABSENT.get(command, b"ERROR\r\n"))
