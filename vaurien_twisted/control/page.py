# -*- test-case-name: tests.control.test_page -*-
"""
The web page: C{/} and its files under C{/page}.

The files are those of the folder C{page}.  They contain no data, so they need no token; the page
gets its data from the other APIs, which do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources import files

import attrs
from twisted.web.http import CACHED
from twisted.web.iweb import IRequest
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import JSON, Problem, answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.model.options import nearest

#: Allows only the page's own files, and no frame around it (CSP level 3, W3C).
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

#: The headers of every file.
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    # Cached, but revalidated each time: after an upgrade no file may be of the old release.
    b"cache-control": b"no-cache",
}

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

_OTHERS = tuple((TYPES[kind], "Text") for kind in ("js", "svg"))

#: The entry points for programs.
LINKS = {
    "page": "/",
    "openapi": "/openapi.json",
    "health": "/health",
    "version": "/version",
    "state": "/state",
    "proxies": "/proxies",
    "rules": "/rules",
    "behavior": "/behavior",
    "behaviors": "/behaviors",
    "protocols": "/protocols",
    "schema": "/schema",
    "backend": "/backend",
    "connections": "/connections",
    "journal": "/journal",
    "history": "/history",
    "passed": "/passed",
    "events": "/events",
    "explain": "/explain",
    "metrics": "/metrics",
    "normal": "/normal",
    "leases": "/leases",
}

#: The file at C{/}.
INDEX = "index.html"


@attrs.frozen
class Part:
    """
    One file of the page.

    @ivar kind: its media type.
    @ivar tag: its entity tag (RFC 9110 section 8.8.3), a hash of its content.
    """

    kind: str
    body: bytes = attrs.field(repr=False)
    tag: bytes = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        digest = hashlib.blake2b(self.body, digest_size=12).hexdigest()
        object.__setattr__(self, "tag", f'"{digest}"'.encode())


def loadParts() -> dict[str, Part]:
    """
    All files of the page, by name.
    """
    parts = {}
    for file in files("vaurien_twisted.control").joinpath("page").iterdir():
        kind = TYPES.get(file.name.rpartition(".")[2])
        if kind is not None:
            parts[file.name] = Part(kind, file.read_bytes())
    return parts


class PageAPI:
    """
    Serves the page.

    @param parts: by file name, of which one is C{index.html}.
    """

    routes = Routes(public=True)

    def __init__(self, parts: Mapping[str, Part] | None = None) -> None:
        self._parts = loadParts() if parts is None else dict(parts)

    @routes.route("/", "GET")
    @routes.describe(Operation("Text", media=TYPES["html"], others=((JSON, "Index"),)))
    def getIndex(self, request: IRequest) -> bytes:
        """
        The page.  With C{Accept: application/json}, links to the entry points::

            {"links": {"page": "/", "openapi": "/openapi.json", "state": "/state", …}}
        """
        request.setHeader(b"vary", b"accept")
        if _wantsJSON(request):
            return answer(request, {"links": LINKS})
        return _send(request, self._parts[INDEX])

    @routes.route("/page/<name>", "GET")
    @routes.describe(
        Operation(
            "Text",
            media="text/css",
            others=(("text/javascript", "Text"), ("image/svg+xml", "Text")),
        )
    )
    def getPart(self, request: IRequest, name: str) -> bytes:
        """
        A file of the page: a style sheet, a script or a picture.

        @raise Problem: 404: there is no such file.
        """
        part = self._parts.get(name)
        # The links of the index only work at C{/}.
        if part is None or name == INDEX:
            known = sorted(set(self._parts) - {INDEX})
            raise Problem(
                404, f"the page has no {name!r}: {nearest(name, known)}", f"/page/{name}", "path"
            )
        return _send(request, part)


def _wantsJSON(request: IRequest) -> bool:
    """
    Whether a client prefers JSON to the page (RFC 9110 section 12.5.1).
    """
    words = ",".join(request.requestHeaders.getRawHeaders("accept", []))
    return parse_accept_header(words, MIMEAccept).best_match(["text/html", JSON]) == JSON


def _send(request: IRequest, part: Part) -> bytes:
    for name, value in HEADERS.items():
        request.setHeader(name, value)
    if request.setETag(part.tag) is CACHED:
        return b""
    request.setHeader(b"content-type", part.kind.encode())
    request.setHeader(b"content-length", b"%d" % len(part.body))
    # A HEAD answer has only the headers (RFC 9110 section 9.3.2).
    return b"" if request.method == b"HEAD" else part.body
