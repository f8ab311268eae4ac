# -*- test-case-name: tests.control.test_host_check -*-
"""
Keeps web pages out.

A page in the user's browser can send requests to this machine.  By rebinding a DNS name it can even
read the answers; its requests then carry that name in C{Host} (RFC 9110 section 7.2).  A page of
another site carries that site in C{Origin} (RFC 6454 section 7), but not in every request; all of
them have C{Sec-Fetch-Site}, which says whether the page is from this service (W3C, Fetch Metadata
Request Headers, section 2.3).  Programs other than browsers send neither header, and a correct
C{Host}.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from contextlib import suppress

from twisted.web.iweb import IRequest

from vaurien_twisted.control.responses import Problem
from vaurien_twisted.transports.host_names import asciiName

#: C{uri-host [":" port]} (RFC 9110 section 7.2), an IPv6 address in brackets.
_HOST = re.compile(r"(?:\[(?P<six>[^\]\s]+)\]|(?P<name>[^:\[\]\s/@]+))(?::(?P<port>[0-9]*))?")

#: C{Sec-Fetch-Site} of requests from our own page, and from the address bar.
_OWN_SITE = ("same-origin", "none")

_DEFAULT_PORTS = {"http": "80", "https": "443"}


class HostCheck:
    """
    A check that refuses requests of other sites' web pages.

    @param allowedHosts: names of this service, in addition to C{localhost} and every IP
        address.
    @param anyHost: whether C{Host} may be any name, because a token keeps web pages out or
        anyone may use the service.
    """

    def __init__(self, allowedHosts: Iterable[str] = (), anyHost: bool = False) -> None:
        self._anyHost = anyHost
        self._names = {"localhost", *(_plain(name) for name in allowedHosts if name)}

    def check(self, request: IRequest) -> None:
        """
        Check the headers of a request.

        @raise Problem: 403: C{Host} is not a name of this service, or C{Origin} or
            C{Sec-Fetch-Site} names another site.
        """
        host = _only(request, "host")
        match = _HOST.fullmatch(host)
        if match is None or not (self._anyHost or self._ours(match)):
            raise Problem(
                403,
                f"{host!r} is not a name of this service: "
                "use localhost, its IP address, or the name that it listens on",
                "Host",
                "header",
            )
        if request.requestHeaders.hasHeader("origin"):
            origin = _only(request, "origin")
            scheme = "https" if request.isSecure() else "http"
            if _origin(origin) != (scheme, *_place(match, scheme)):
                raise Problem(
                    403, f"web pages of {origin!r} must not use this service", "Origin", "header"
                )

        if request.requestHeaders.hasHeader("sec-fetch-site"):
            site = _only(request, "sec-fetch-site")
            if site.strip() not in _OWN_SITE:
                raise Problem(
                    403,
                    f"web pages of other sites must not use this service ({site})",
                    "Sec-Fetch-Site",
                    "header",
                )

    def _ours(self, match: re.Match[str]) -> bool:
        if match["name"] is not None and _plain(match["name"]) in self._names:
            return True
        try:
            address = ipaddress.ip_address(match["six"] or match["name"])
        except ValueError:
            return False
        return (address.version == 6) == (match["six"] is not None)


def _only(request: IRequest, name: str) -> str:
    values = request.requestHeaders.getRawHeaders(name.encode(), [])
    if len(values) != 1:
        title = name.title()
        raise Problem(403, f"there must be one {title} header, not {len(values)}", title, "header")
    value: bytes = values[0]
    return value.decode("latin-1")


def _plain(name: str) -> str:
    # A trailing dot makes no difference; browsers send the name in ASCII.
    with suppress(ValueError):
        name = asciiName(name)
    return name.lower().removesuffix(".")


def _place(match: re.Match[str], scheme: str) -> tuple[str, str]:
    host = (match["six"] or match["name"]).lower()
    return host, match["port"] or _DEFAULT_PORTS[scheme]


def _origin(text: str) -> tuple[str, str, str] | None:
    scheme, separator, rest = text.lower().partition("://")
    match = _HOST.fullmatch(rest)
    if not separator or match is None or scheme not in _DEFAULT_PORTS:
        return None
    return (scheme, *_place(match, scheme))
