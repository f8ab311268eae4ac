# -*- test-case-name: tests.wire.http.test_protocol -*-
"""
C{http}: HTTP/1.0 and 1.1 as RFC 9110 and RFC 9112 define them.
"""

from __future__ import annotations

import re

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces import (
    IFaultHeader,
    IForgetting,
    IFramer,
    ISelectiveFastPath,
    ITellsErrors,
    IWireProtocol,
)
from vaurien_twisted.model.commands import Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import option
from vaurien_twisted.wire.errors import ErrorCatalog
from vaurien_twisted.wire.framer import TwoWayFramer
from vaurien_twisted.wire.http.errors import ANY, ROWS, refuse
from vaurien_twisted.wire.http.fastpath import HTTPFastPath
from vaurien_twisted.wire.http.host import hostOf
from vaurien_twisted.wire.http.malformed import FAULTS, inflict
from vaurien_twisted.wire.http.matchers import TARGETS, faultHeaderOf
from vaurien_twisted.wire.http.presets import answer
from vaurien_twisted.wire.http.replies import Replies
from vaurien_twisted.wire.http.requests import Requests
from vaurien_twisted.wire.http.services import PRESETS
from vaurien_twisted.wire.http.session import HTTPSession
from vaurien_twisted.wire.protocol import FramingOptions, WireProtocol

#: Statuses that can stand alone; those below 200 announce another (RFC 9110, section 15.2).
FINAL = re.compile(r"[2-5][0-9][0-9]")


@attrs.frozen
class HTTPOptions(FramingOptions):
    """
    How requests are passed on, and what becomes of bytes that are not HTTP.
    """

    overwrite_host_header: bool = option(
        bool, False, "Set the Host header of requests to the host and port of the backend."
    )
    obey_header: bool = option(
        bool,
        False,
        "Let requests ask for a fault in a header field: X-Vaurien-Behavior: delay; sleep=1.",
    )


@implementer(IFramer, ISelectiveFastPath, IForgetting)
class HTTPFramer(TwoWayFramer):
    """
    Reads HTTP/1.0 and 1.1, pipelined or not, one exchange to a request.  A body is
    passed on as it arrives.  It turns opaque at the preface of HTTP/2, at a reply
    101, at a 2xx to C{CONNECT}, and where it raised L{FramingError}.

    Blank lines between messages, and what the client sends after C{CONNECT} before
    it has been answered, belong to no exchange.  Nor does a reply that nobody asked
    for, such as the 408 with which some servers end an idle connection.

    @param host: put in place of every request's Host, C{None} to leave it.
    """

    __slots__ = ("select",)

    def __init__(self, host: bytes | None = None) -> None:
        session = HTTPSession()
        requests, replies = Requests(session, host), Replies(session)
        fastPath = HTTPFastPath(session, requests, replies)
        super().__init__(session, requests, replies, fastPath)
        self.select = fastPath.select


CATALOG = ErrorCatalog(
    "http",
    (*ROWS, *FAULTS, *(each.row for each in PRESETS.values())),
    form="a status from 200 to 599",
    isCode=lambda code, message: FINAL.fullmatch(code) is not None,
    situations=lambda exchange: (ANY,) if exchange.command else (),
)

#: The codes of the faults.
FAULTY = frozenset(row.code for row in FAULTS)


@implementer(IPlugin, IWireProtocol, IFaultHeader, ITellsErrors)
class HTTP(WireProtocol):
    """
    HTTP/1.0 and HTTP/1.1.  An exchange is a request and its reply.  Its command is the
    method.  Interim replies (1xx) pass; they are not the reply.  HTTP/2, upgraded connections
    (WebSocket) and tunnels pass unread.

    The code of C{error} is a status from 200 to 599, with C{headers} and C{body}, or the name
    of a fault such as C{slow-body}, or of a service's error such as C{openai.rate_limit}.  With
    C{unit=units} a reply is cut after whole chunks; a reply that is not sent in chunks passes
    whole.

    With C{obey_header}, the field C{X-Vaurien-Behavior} of a request can ask for a behavior,
    with its options after semicolons: C{delay; sleep=1}.  It replaces the rules for this
    request; C{dummy} lets the request pass.
    """

    name = "http"
    options = HTTPOptions
    catalog = CATALOG
    injects = False
    targets = TARGETS
    unit = "chunks"

    def framer(self, options: HTTPOptions, backend: str) -> HTTPFramer:
        """
        A framer for a new connection.
        """
        return HTTPFramer(hostOf(backend) if options.overwrite_host_header else None)

    def encodeError(self, exchange: Exchange, error: WireError) -> Reply | None:
        """
        A whole response that says C{error}, or a faulty one.
        """
        if error.code in FAULTY:
            return inflict(exchange, error)
        known = PRESETS.get(error.code)
        return refuse(exchange, error) if known is None else answer(exchange, error, known)

    def enabled(self, options: HTTPOptions) -> bool:
        """
        As the option says.
        """
        return options.obey_header

    def read(self, options: HTTPOptions, exchange: Exchange) -> str:
        """
        The first C{X-Vaurien-Behavior} of the request.
        """
        return faultHeaderOf(exchange.head) if options.obey_header else ""
