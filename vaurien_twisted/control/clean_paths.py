# -*- test-case-name: tests.control.test_clean_paths -*-
"""
Redirects to the plain form of a path, as Toxiproxy's router does: C{//proxies} and
C{/proxies/./} become C{/proxies} and C{/proxies/} (C{cleanPath} of github.com/gorilla/mux).
Clients ask so when their URL of the service ends in a slash.
"""

from __future__ import annotations

import posixpath

from twisted.web.iweb import IRequest

from vaurien_twisted.control.responses import setHeaders

#: The statuses of redirects (RFC 9110 sections 15.4.2 and 15.4.9).  Clients follow the first with
#: GET whatever they had sent; they repeat the method and the body for the second.
MOVED, REPEAT = 301, 308


def cleanPath(path: bytes) -> bytes:
    """
    A path without empty segments, C{.} and C{..}.

    @param path: as in the request line, without a query; one that does not begin with C{/}, such
        as C{*}, is returned unchanged.
    """
    if not path.startswith(b"/"):
        return path
    cleaned = posixpath.normpath(b"/" + path.lstrip(b"/"))
    return cleaned + b"/" if path.endswith(b"/") and cleaned != b"/" else cleaned


def redirect(request: IRequest) -> bytes | None:
    """
    Redirect a request whose path is not plain.

    @return: the body, C{None} if the path is plain.
    """
    path = cleanPath(request.path)
    # The path of a target in another form than a path is not as it was sent.
    if path == request.path or not request.uri.startswith(b"/"):
        return None
    query = request.uri.partition(b"?")[2]
    request.setResponseCode(MOVED if request.method in (b"GET", b"HEAD") else REPEAT)
    setHeaders(request)
    request.setHeader(b"location", path + (b"?" + query if query else b""))
    request.setHeader(b"content-length", b"0")
    return b""
