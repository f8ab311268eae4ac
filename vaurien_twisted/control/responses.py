# -*- test-case-name: tests.control.test_site -*-
"""
JSON answers, and refusals in the form that Vaurien has had since 2013 (that of Cornice)::

    {"status": "error",
     "errors": [{"location": "body", "name": "sleep", "description": "..."}]}
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.collection import NoSuchProxy, ProxyCollection
from vaurien_twisted.proxies.proxy import Proxy

JSON = "application/json"

#: The longest text in a refusal, in characters.
WORDS = 1000

#: The answer to requests that were done and have no other result.
OK = {"status": "ok"}

log = Logger()


class Problem(Exception):
    """
    Why a request was refused; it has changed nothing.

    @ivar status: the HTTP status, 400 to 599 (RFC 9110 section 15).
    @ivar description: one line: the cause, and what would be accepted.
    @ivar name: the field, header or path at fault, C{""} for the whole.
    @ivar location: the place of the field: C{"body"}, C{"header"}, C{"path"}, C{"querystring"} or
        C{"method"}.
    @ivar headers: headers to send with the answer.
    """

    def __init__(
        self,
        status: int,
        description: str,
        name: str = "",
        location: str = "body",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(description)
        self.status = status
        self.description = cut(description)
        self.name = cut(name)
        self.location = location
        self.headers = dict(headers or {})

    def asJSON(self) -> dict[str, object]:
        """
        The body of the refusal.
        """
        error = {"location": self.location, "name": self.name, "description": self.description}
        return {"status": "error", "errors": [error]}


def cut(words: str) -> str:
    """
    A text, shortened to L{WORDS} characters, so that a huge value is not sent back whole.
    """
    return words if len(words) <= WORDS else f"{words[:WORDS]}…"


def encode(value: object) -> bytes:
    """
    C{value} as JSON (RFC 8259), with a newline at the end for use in shells.
    """
    return json.dumps(value, allow_nan=False).encode("ascii") + b"\n"


def answer(request: IRequest, value: object, status: int = 200) -> bytes:
    """
    Set status and headers for an answer.

    @return: the body.
    """
    body = encode(value)
    request.setResponseCode(status)
    setHeaders(request)
    request.setHeader(b"content-length", b"%d" % len(body))
    # A HEAD answer has only the headers (RFC 9110 section 9.3.2).
    return b"" if request.method == b"HEAD" else body


def setHeaders(request: IRequest) -> None:
    """
    Set the headers of every JSON answer.
    """
    request.setHeader(b"content-type", JSON.encode())
    # The state changes at any time, so it must not be cached; browsers must not guess the type.
    request.setHeader(b"cache-control", b"no-store")
    request.setHeader(b"x-content-type-options", b"nosniff")


def refuse(request: IRequest, problem: Problem) -> bytes:
    """
    Set status and headers for a refusal.

    @return: the body.
    """
    for name, value in problem.headers.items():
        request.setHeader(name.lower().encode(), value.encode())
    return answer(request, problem.asJSON(), problem.status)


def refused(request: IRequest, failure: Failure) -> bytes:
    """
    Set status and headers for a request that has failed.

    @return: the body.
    """
    return refuse(request, problemOf(request, failure))


def problemOf(request: IRequest, failure: Failure) -> Problem:
    """
    The error for the client.  An unexpected failure is logged, and the client gets no details.
    """
    error = failure.value
    path = request.path.decode("ascii", "replace")
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refused):
        return Problem(400, error.whole, error.name)
    if isinstance(error, (NotFound, RequestRedirect)):
        return Problem(404, f"there is no {path!r} here", path, "path")
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        method = request.method.decode("ascii", "replace")
        return Problem(
            405,
            f"{path!r} does not support {method}: use one of {allowed}",
            method,
            "method",
            {"Allow": allowed},
        )
    if isinstance(error, HTTPException) and error.code is not None:
        return Problem(error.code, f"{error.name}: {path!r}", path, "path")
    log.failure("{path} failed", failure, path=path)
    return Problem(500, "the service failed to answer this request; its log says why", path, "path")


def queried(observed: Observed, name: str) -> Proxy:
    """
    The proxy that the query of a request names, the first one for C{""}.

    @raise Problem: 404: there is no such proxy.
    """
    try:
        return observed.named(name)
    except Refused as refused:
        raise Problem(404, refused.description, "proxy", "querystring") from None


def addressed(proxies: ProxyCollection, name: str | None) -> Proxy:
    """
    The proxy called C{name}, the first one for C{None}.

    @raise Problem: 404: there is no such proxy.
    """
    try:
        return proxies.first if name is None else proxies.get(name)
    except NoSuchProxy as refused:
        raise Problem(404, refused.description, name or "", "path") from None
