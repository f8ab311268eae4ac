# -*- test-case-name: tests.wire.test_http -*-
"""
C{http}: HTTP/1.0 and 1.1 as RFC 9110 and RFC 9112 define them.

L{http_head} reads heads, L{http_body} finds where bodies end, L{http_framer} puts
both together, L{http_errors} writes replies and L{http_host} the Host field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.commands import Reply
from vaurien_twisted.exchange import Exchange
from vaurien_twisted.interfaces import IWireProtocol
from vaurien_twisted.options import option
from vaurien_twisted.targets import COMMAND, Target
from vaurien_twisted.wire.errors import WireError, namedError
from vaurien_twisted.wire.http_errors import CODE, ERRORS, TRANSIENT, refuse
from vaurien_twisted.wire.http_framer import HTTPFramer
from vaurien_twisted.wire.http_host import hostOf


@attrs.frozen
class HTTPOptions:
    """
    How requests are passed on, and what becomes of bytes that are not HTTP.
    """

    overwrite_host_header: bool = option(
        bool, False, "Rewrite the Host header of requests to the backend's host and port."
    )
    on_garbage: str = option(
        str,
        "opaque",
        "What to do with bytes that are not HTTP: pass them unread, or close the connection.",
        choices=("opaque", "close"),
    )


@implementer(IPlugin, IWireProtocol)
class HTTP:
    """
    HTTP/1.0 and 1.1.  An exchange is a request and its reply: its command is the
    method, its subject the request target, its head the raw request head.  HTTP/2,
    upgraded connections (WebSocket) and tunnels pass unread.
    """

    name = "http"
    aliases: tuple[str, ...] = ()
    options = HTTPOptions
    greets = False
    errors: Mapping[str, WireError] = ERRORS
    targets: tuple[Target, ...] = (COMMAND,)
    unit = ""

    def framer(self, options: HTTPOptions, backend: str) -> HTTPFramer:
        """
        A framer for a new connection.
        """
        return HTTPFramer(hostOf(backend) if options.overwrite_host_header else None)

    def named(self, code: str, message: str) -> WireError:
        """
        A preset, or a status from 100 to 599.
        """
        return namedError(
            self.name,
            self.errors,
            code,
            message,
            lambda code: CODE.fullmatch(code) is not None,
            "a status from 100 to 599",
        )

    def fitting(self, exchange: Exchange) -> Sequence[WireError]:
        """
        500, 502, 503 and 504; none for what was not asked in HTTP.
        """
        return TRANSIENT if exchange.command else ()

    def refusal(self, exchange: Exchange, error: WireError) -> Reply | None:
        """
        A whole response that says C{error}; any code from 100 to 599 will do.
        """
        return refuse(exchange, error)
