# -*- test-case-name: tests.control.test_toxiproxy -*-
"""
Errors in Toxiproxy's form: its statuses, and its messages if it has one (the errors of C{api.go});
Vaurien's message if Toxiproxy would accept the request.
"""

from __future__ import annotations

from twisted.python.failure import Failure
from twisted.web.iweb import IRequest

from vaurien_twisted.control.responses import Problem, answer, cut, problemOf, setHeaders
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.collection import NoSuchProxy, ProxyExists
from vaurien_twisted.proxies.declaration import MissingField
from vaurien_twisted.rules.toxics import NoSuchToxic, ToxicExists, UnknownStream, UnknownType
from vaurien_twisted.transports.addresses import CannotListen, listenPlace

BAD_BODY = "bad request body"

#: Refusals for which Toxiproxy has a status and a message.
_KNOWN: dict[type[Refused], tuple[int, str]] = {
    NoSuchProxy: (404, "proxy not found"),
    ProxyExists: (409, "proxy already exists"),
    NoSuchToxic: (404, "toxic not found"),
    ToxicExists: (409, "toxic already exists"),
    UnknownType: (400, "invalid toxic type"),
    UnknownStream: (400, "stream was invalid, can be either upstream or downstream"),
}


def errorOf(refusal: Refused | Problem) -> tuple[int, str]:
    """
    The status and the message for a refusal.
    """
    if isinstance(refusal, Problem):
        words = refusal.description
        if refusal.status == 400 and refusal.location == "body":
            words = f"{BAD_BODY}: {words}"
        return refusal.status, words
    known = _KNOWN.get(type(refusal))
    if known is not None:
        return known
    if isinstance(refusal, MissingField):
        return 400, f"missing required field: {refusal.description}"
    if isinstance(refusal, CannotListen):
        return 500, f"listen tcp {_numeric(refusal.text)}: bind: {refusal.cause}"
    if refusal.name == "proxy":
        # Toxiproxy tries to listen, and answers 500; but the client's address is wrong.
        return 400, f"listen tcp: {refusal.description}"
    return 400, f"{BAD_BODY}: {refusal.whole}"


def _numeric(text: str) -> str:
    """
    An address with C{127.0.0.1} for C{localhost}, as in Toxiproxy's answers.
    """
    place = listenPlace(text)
    if place is None:
        return text
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def refuse(request: IRequest, problem: Problem) -> bytes:
    """
    Set status and headers for a problem.

    @return: the body.
    """
    for name, value in problem.headers.items():
        request.setHeader(name.lower().encode(), value.encode())
    if problem.status == 405:
        # Toxiproxy's router answers with no body.
        request.setResponseCode(405)
        setHeaders(request)
        request.setHeader(b"content-length", b"0")
        return b""
    status, words = errorOf(problem)
    return answer(request, {"error": words, "status": status}, status)


def refused(request: IRequest, failure: Failure) -> bytes:
    """
    Set status and headers for a request that has failed.

    @return: the body.
    """
    if isinstance(failure.value, Refused):
        status, error = errorOf(failure.value)
        return answer(request, {"error": cut(error), "status": status}, status)
    return refuse(request, problemOf(request, failure))
