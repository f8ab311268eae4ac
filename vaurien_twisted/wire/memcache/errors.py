# -*- test-case-name: tests.wire.memcache.test_errors -*-
"""
Errors as memcached sends them, and misses: memcached's C{doc/protocol.txt} and the
messages of memcached 1.6.
"""

from __future__ import annotations

from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.errors import ErrorCatalog
from vaurien_twisted.wire.memcache.commands import FAILURES, MENTIONED, RETRIEVAL, STORAGE, Meta

#: The situations: any command, storing a value, getting values; and lines that may be longer than
#: others.
ANY, STORE, GET, LONG_LINE = "any", "store", "get", "long line"


def _line(line: str, description: str, fits: tuple[str, ...] = ()) -> WireError:
    """
    A row whose code is the whole line.
    """
    return WireError(line, line, description, fits=fits)


ROWS = (
    _line(
        "SERVER_ERROR temporary failure",
        "A proxy or a persistent bucket cannot do it at the moment.",
        fits=(ANY,),
    ),
    _line(
        "SERVER_ERROR out of memory storing object",
        "There is no memory for the value and nothing can be evicted.",
        fits=(STORE,),
    ),
    _line(
        "SERVER_ERROR out of memory writing get response",
        "There is no memory to put the answer together.",
        fits=(GET,),
    ),
    _line(
        "SERVER_ERROR out of memory reading request",
        "There is no memory to read the request into.",
        fits=(LONG_LINE,),
    ),
    _line(
        "SERVER_ERROR object too large for cache",
        "The value exceeds the largest item that the server was set up to store.",
    ),
    _line("ERROR", "The server does not know the command."),
    _line("CLIENT_ERROR bad data chunk", "The value is not as long as the command said."),
    _line("CLIENT_ERROR bad command line format", "The command's arguments are wrong."),
    _line(
        "CLIENT_ERROR cannot increment or decrement non-numeric value", "The value is not a number."
    ),
    _line("CLIENT_ERROR unauthenticated", "The connection has not authenticated itself."),
    WireError(
        "ERROR Too many open connections",
        "ERROR Too many open connections",
        "The server has as many connections as it was set up for, and closes this one.",
        closes=True,
    ),
    WireError("miss", "", "No error: the item is not there, as the command has it."),
)

#: The replies for a missing item, by command; C{END} and C{EN} have their own rule.
ABSENT = {
    **dict.fromkeys(("cas", "decr", "delete", "incr", "touch"), b"NOT_FOUND\r\n"),
    **dict.fromkeys(("add", "append", "prepend", "replace", "set"), b"NOT_STORED\r\n"),
}


def _isCode(code: str, message: str) -> bool:
    """
    Whether it begins with one of L{FAILURES}, and there is more of it or a message.
    """
    token, _, rest = code.partition(" ")
    known = token.encode("utf-8", "backslashreplace") in FAILURES
    return known and code.isprintable() and bool(rest.strip() or message)


def _messageOf(code: str, message: str) -> str:
    """
    The line: the first word and the message, which may begin with that word.
    """
    if not message or code == "miss":
        return ""
    token = code.partition(" ")[0]
    return message if message.partition(" ")[0] == token else f"{token} {message}"


def _situations(exchange: Exchange) -> set[str]:
    command = exchange.command
    if not exchange.replies or not command:
        return set()
    found = {ANY}
    if command in STORAGE or command in ("ms", "ma", "incr", "decr"):
        found.add(STORE)
    if command in RETRIEVAL or command == "mg":
        found.add(GET)
    if command in STORAGE or command in RETRIEVAL:
        found.add(LONG_LINE)
    return found


def encodeError(exchange: Exchange, error: WireError) -> Reply | None:
    """
    The error as one line.  Quiet meta commands get errors too.

    @return: C{None} for a request without an answer, and for a miss of a command that
        cannot miss.
    """
    if not exchange.replies:
        return None
    if error.code == "miss":
        return miss(exchange) if misses(exchange) else None
    text = (error.message or error.code).replace("\r", " ").replace("\n", " ")
    then = ConnectionFate.CLOSE if error.closes else ConnectionFate.KEEP
    return Reply(text.encode("utf-8", "backslashreplace") + b"\r\n", then)


def misses(exchange: Exchange) -> bool:
    """
    Whether the command has a reply for a missing item.
    """
    command = exchange.command
    return command in RETRIEVAL or command in ABSENT or command in MENTIONED or command == "me"


def miss(exchange: Exchange) -> Reply:
    """
    "Not there", as the command has it: C{END}, C{EN}, C{NF}, C{NOT_FOUND}, and for what
    stores C{NOT_STORED}.

    @return: an empty reply if silence means that, and C{ERROR} for a command without such a reply.
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


CATALOG = ErrorCatalog(
    "memcache",
    ROWS,
    form="a preset, or a line that begins with SERVER_ERROR, CLIENT_ERROR or ERROR",
    isCode=_isCode,
    messageOf=_messageOf,
    situations=_situations,
    encode=encodeError,
)
