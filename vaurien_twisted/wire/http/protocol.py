# -*- test-case-name: tests.wire.http.test_protocol -*-
"""
C{http}: HTTP/1.0, 1.1 and 2 as RFC 9110, RFC 9112 and RFC 9113 define them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import (
    IDividingFastPath,
    IErrorObstacles,
    IErrorReplies,
    IFaultHeader,
    IForgetting,
    IFramer,
    IHTTP2Options,
    IMultiplexing,
    IStreamProtocol,
    IWireProtocol,
)
from vaurien_twisted.interfaces.editors import IMessageFaults, IReplyEditing, IReplyEditor
from vaurien_twisted.model.commands import Actions, Edit, Reply, Send
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.message_fault import MessageFault
from vaurien_twisted.model.options import Refused, nearest, option
from vaurien_twisted.model.patch import Patch
from vaurien_twisted.model.streaming import StreamFault
from vaurien_twisted.model.url_scheme import URLScheme
from vaurien_twisted.wire.errors import ErrorCatalog
from vaurien_twisted.wire.framer import TwoWayFramer
from vaurien_twisted.wire.grpc.statuses import CALL, STATUSES, statusOf
from vaurien_twisted.wire.http.errors import ANY, ROWS, refuse
from vaurien_twisted.wire.http.fastpath import HTTPFastPath
from vaurien_twisted.wire.http.host import hostOf
from vaurien_twisted.wire.http.malformed import FAULTS, inflict
from vaurien_twisted.wire.http.matchers import TARGETS, callOf, faultHeaderOf
from vaurien_twisted.wire.http.obstacles import obstacle
from vaurien_twisted.wire.http.presets import answer
from vaurien_twisted.wire.http.replies import Replies
from vaurien_twisted.wire.http.reply_editor import HTTP1ReplyEditor
from vaurien_twisted.wire.http.requests import Requests
from vaurien_twisted.wire.http.services import PRESETS
from vaurien_twisted.wire.http.session import HTTPSession
from vaurien_twisted.wire.http2.endings import ENDINGS, isEnding
from vaurien_twisted.wire.http2.stream import StreamFacts
from vaurien_twisted.wire.protocol import FramingOptions, WireProtocol
from vaurien_twisted.wire.streams.event_editor import EventEditor
from vaurien_twisted.wire.streams.patch_editor import PatchEditor
from vaurien_twisted.wire.websocket.faults import messageActions
from vaurien_twisted.wire.websocket.messages import messageOf

#: Statuses of final replies; those below 200 are interim (RFC 9110, section 15.2).
FINAL = re.compile(r"[2-5][0-9][0-9]")


@implementer(IHTTP2Options)
@attrs.frozen
class HTTPOptions(FramingOptions):
    """
    How requests are passed on, and what becomes of bytes that are not HTTP.
    """

    overwrite_host_header: bool = option(
        bool,
        False,
        "Set the Host header of requests, in HTTP/2 the authority, to the host and port of the "
        "backend.",
    )
    obey_header: bool = option(
        bool,
        False,
        "Let requests ask for a fault in a header field: X-Vaurien-Behavior: delay; sleep=1.",
    )
    http2: str = option(
        str,
        "read",
        "What to do with HTTP/2: read reads its streams, opaque passes it unread. "
        "prior-knowledge: the same as read, and TLS offers HTTP/2 without asking the backend.",
        choices=("read", "prior-knowledge", "opaque"),
    )


@implementer(IFramer, IDividingFastPath, IForgetting, IMultiplexing)
class HTTPFramer(TwoWayFramer):
    """
    Reads HTTP/1.0 and 1.1, pipelined or not, one exchange for each request.  A body is passed on as
    it arrives.  It becomes opaque at the preface of HTTP/2, at a reply 101 that is not for
    WebSocket, at a 2xx to C{CONNECT}, and after it has raised L{FramingError}.

    Blank lines between messages, and what the client sends after C{CONNECT} before
    it has been answered, belong to no exchange.  Nor does a reply
    without a request, such as the 408 with which some servers end an idle connection.

    @param host: put in place of every request's Host, C{None} to leave it.
    @param streams: whether HTTP/2 is read, too.
    """

    __slots__ = ("host",)

    _session: HTTPSession

    def __init__(self, host: bytes | None = None, streams: bool = True) -> None:
        self.host = host
        session = HTTPSession(streams)
        requests, replies = Requests(session, host), Replies(session)
        fastPath = HTTPFastPath(session, requests, replies)
        super().__init__(session, requests, replies, fastPath)

    @property
    def multiplexing(self) -> bool:
        return self._session.multiplexing

    @property
    def settings(self) -> bytes | None:
        return self._session.settings

    def earlyBytes(self) -> tuple[bytes, bytes]:
        client, backend = self._session.streams or (b"", b"")
        return bytes(client), bytes(backend)


def situationsOf(exchange: Exchange) -> tuple[str, ...]:
    """
    Whether an exchange is a call of gRPC, another request, or neither.
    """
    if messageOf(exchange) is not None:
        return ()
    if callOf(exchange) is not None:
        return (CALL,)
    return (ANY,) if exchange.command else ()


CATALOG = ErrorCatalog(
    "http",
    (*ROWS, *FAULTS, *STATUSES, *ENDINGS, *(each.row for each in PRESETS.values())),
    form="a status from 200 to 599, a status of gRPC by name or number, or rst-stream:CODE or "
    "goaway:CODE of HTTP/2",
    isCode=lambda code, message: (
        FINAL.fullmatch(code) is not None or statusOf(code) is not None or isEnding(code)
    ),
    situations=situationsOf,
)


def edit(exchange: Exchange, make: Callable[[], IReplyEditor], ending: str = "") -> Edit | None:
    """
    The command that edits a reply of any version of HTTP.

    @param make: makes the editor.
    @param ending: see L{HTTP2ReplyEditor<vaurien_twisted.wire.http2.reply_editor>}.
    @return: C{None} if the exchange has no reply of HTTP.
    """
    if not exchange.command or messageOf(exchange) is not None:
        return None
    context = exchange.context
    if not isinstance(context, StreamFacts):
        return Edit(lambda: HTTP1ReplyEditor(exchange, make()))
    # Imported on first use, since it takes long to load.
    from vaurien_twisted.wire.http2.reply_editor import HTTP2ReplyEditor

    number = context.number
    return Edit(lambda: HTTP2ReplyEditor(exchange.command, number, make(), ending))


#: The codes of the faults.
FAULTY = frozenset(row.code for row in FAULTS)


@implementer(
    IWireProtocol,
    IFaultHeader,
    IReplyEditing,
    IMessageFaults,
    IStreamProtocol,
    IErrorReplies,
    IErrorObstacles,
)
class HTTP(WireProtocol):
    """
    HTTP/1.0, HTTP/1.1 and HTTP/2.  An exchange is a request and its reply; in HTTP/2 it is a
    stream.  Its command is the method.  Interim replies (1xx) pass; they are not the reply.
    After an upgrade to WebSocket an exchange is a message, of either end; its command is the
    opcode.  Other upgraded connections and tunnels pass unread.

    The code of C{error} is a status from 200 to 599, with C{headers} and C{body}, or the name
    of a fault such as C{slow-body}, of a status of gRPC such as C{UNAVAILABLE}, or of a
    service's error such as C{openai.rate_limit}.  With C{unit=units} a reply is cut after whole
    chunks, in HTTP/2 after whole DATA frames, in gRPC after whole messages; a reply of HTTP/1
    that is not sent in chunks passes whole.

    With C{obey_header}, the field C{X-Vaurien-Behavior} of a request can ask for a behavior,
    with its options after semicolons: C{delay; sleep=1}.  It replaces the rules for this
    request; C{dummy} lets the request pass.
    """

    name = "http"
    schemes = (URLScheme("http", 80), URLScheme("https", 443, tls=True))
    options = HTTPOptions
    catalog = CATALOG
    injects = False
    targets = TARGETS
    commands = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE")
    unit = "chunks"

    def framer(self, options: HTTPOptions, backend: str) -> HTTPFramer:
        host = hostOf(backend) if options.overwrite_host_header else None
        return HTTPFramer(host, options.http2 != "opaque")

    def encodeError(self, exchange: Exchange, error: WireError) -> Reply | Send | None:
        if messageOf(exchange) is not None:
            return None
        if isinstance(exchange.context, StreamFacts):
            # Imported on first use, since it takes long to load.
            from vaurien_twisted.wire.http2.answers import encode

            return encode(exchange, exchange.context, error)
        if isEnding(error.code) or statusOf(error.code) is not None:
            return None
        if error.code in FAULTY:
            return inflict(exchange, error)
        known = PRESETS.get(error.code)
        return refuse(exchange, error) if known is None else answer(exchange, error, known)

    def obstacle(self, exchange: Exchange, error: WireError) -> str:
        return obstacle(exchange, error)

    def afterCut(self, exchange: Exchange, error: WireError) -> bytes:
        if not isinstance(exchange.context, StreamFacts):
            return b""
        from vaurien_twisted.wire.http2.answers import afterCut

        return afterCut(exchange.context, error)

    def messageActions(self, exchange: Exchange, fault: MessageFault) -> Actions | None:
        message = messageOf(exchange)
        return None if message is None else messageActions(message, fault)

    def editStream(self, exchange: Exchange, fault: StreamFault) -> Edit | None:
        return edit(exchange, lambda: EventEditor(exchange.command, fault), fault.ending)

    def patchReply(self, exchange: Exchange, patch: Patch) -> Edit | None:
        return edit(exchange, lambda: PatchEditor(exchange.command, patch))

    def streamError(self, code: str, message: str) -> bytes:
        known = PRESETS.get(code)
        if known is None or known.event is None:
            telling = [code for code, each in PRESETS.items() if each.event is not None]
            raise Refused(
                f"protocol {self.name!r} cannot send the error {code!r} as an event: "
                f"{nearest(code, telling)}",
                "code",
            )
        return known.event(message or known.row.message)

    def enabled(self, options: HTTPOptions) -> bool:
        return options.obey_header

    def read(self, options: HTTPOptions, exchange: Exchange) -> str:
        if not options.obey_header or messageOf(exchange) is not None:
            return ""
        return faultHeaderOf(exchange.head)
