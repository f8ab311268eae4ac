# -*- test-case-name: tests.client.test_blocking -*-
"""
The common parts of both clients: the URL of the service, errors, and the meaning of answers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from vaurien_twisted import __version__
from vaurien_twisted.model.environment import TOKEN_VARIABLE, URL_VARIABLE
from vaurien_twisted.model.json_types import Answer

#: The header fields of all requests.
HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": f"vaurien/{__version__}",
}


T = TypeVar("T")


class ClientError(Exception):
    """
    A request failed.

    @ivar reason: the reason in one line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(ClientError):
    """
    The service did not answer.

    @ivar url: the URL of the service.
    @ivar fact: the reason without the advice how to name another URL.
    """

    def __init__(self, url: str, cause: object) -> None:
        fact = f"no answer from {url} ({cause}): is vaurien running there, with --http?"
        super().__init__(f"{fact} Another place is set by its URL, or by {URL_VARIABLE}")
        self.url = url
        self.fact = fact


class RequestRefused(ClientError, ValueError):
    """
    The service refused the request, and has changed nothing.  It is a C{ValueError}, as with
    Vaurien 1.

    @ivar description: the service's error message.
    @ivar name: the field that is not valid; C{""} for the whole request.
    @ivar location: the place of that field: C{"body"}, C{"header"}, C{"path"}…
    @ivar status: the HTTP status.
    """

    def __init__(self, status: int, description: str, name: str = "", location: str = "") -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.name = name
        self.location = location


def serviceURL(
    host: str | None = None,
    port: int | None = None,
    scheme: str | None = None,
    url: str | None = None,
) -> str:
    """
    The URL of the service: C{url}; otherwise made of the other arguments, with
    C{http://localhost:8080} for those not given; if none is given, C{VAURIEN_URL}.

    @raise ClientError: the URL is not valid.
    """
    if url is None and host is None and port is None and scheme is None:
        url = os.environ.get(URL_VARIABLE) or None
    if url is None:
        host = host or "localhost"
        place = f"[{host}]" if ":" in host and not host.startswith("[") else host
        url = f"{scheme or 'http'}://{place}:{8080 if port is None else port}"
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or any(c <= " " for c in url):
        raise ClientError(f"{url!r} is not a URL such as http://localhost:8080")
    return url.rstrip("/")


def withToken(token: str | None) -> dict[str, str]:
    """
    The header fields of all requests with C{token}; if it is C{None}, with C{VAURIEN_TOKEN}.

    @raise ClientError: the token is not valid.
    """
    if token is None:
        token = os.environ.get(TOKEN_VARIABLE, "")
    if not all("!" <= letter <= "~" for letter in token):
        raise ClientError("a token must be printable ASCII characters without spaces")
    return {**HEADERS, "Authorization": f"Bearer {token}"} if token else dict(HEADERS)


def understand(url: str, status: int, body: bytes) -> Answer:
    """
    The JSON object of an answer; an empty one if the body is empty.

    @raise RequestRefused: the service refused the request.
    @raise ClientError: the answer is not one of Vaurien.
    """
    answer: object = {}
    if body.strip() or not _good(status):
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
    if not isinstance(answer, dict):
        raise notVaurien(url, f"status {status}")
    if _good(status):
        return answer
    try:
        if "error" in answer:
            # The form of Toxiproxy's errors.
            raise RequestRefused(status, str(answer["error"]))
        error = answer["errors"][0]
        description, name, location = error["description"], error["name"], error["location"]
    except (TypeError, KeyError, IndexError):
        raise notVaurien(url, f"status {status}") from None
    raise RequestRefused(status, str(description), str(name), str(location))


def _good(status: int) -> bool:
    return status in (200, 201, 204)


def notVaurien(url: str, what: str) -> ClientError:
    """
    The error for an answer that does not come from a Vaurien control service.

    @param what: what is wrong with the answer.
    """
    return ClientError(f"the server at {url} is not a Vaurien control service ({what})")


def fieldsOf(backend: str) -> dict[str, object]:
    """
    The fields of a proxy before a backend such as C{mysql://localhost:3306} or C{localhost:80}.
    """
    protocol, slashes, upstream = backend.rpartition("://")
    return {"upstream": upstream, **({"protocol": protocol} if slashes else {})}


def member(url: str, answer: Mapping[str, object], name: str, kind: type[T]) -> T:
    """
    One member of an answer.

    @raise ClientError: the member is missing, or its value is not a C{kind}.
    """
    value = answer.get(name)
    if not isinstance(value, kind):
        raise notVaurien(url, f"{name!r} is {value!r}")
    return value


def planRequest(before: Mapping[str, object]) -> tuple[str, Answer]:
    """
    The path and the body of the C{PUT} that puts an earlier plan in force again.

    @param before: the answer of C{GET /rules}, or of C{GET /behavior} if the service has no rules.
    """
    if isinstance(before.get("rules"), list):
        return "/rules", {"rules": before["rules"]}
    # Vaurien 1 returns no options, and accepts none in this form.
    options = {"options": before["options"]} if "options" in before else {}
    return "/behavior", {"name": before.get("behavior"), **options}


def journalPath(since: int, limit: int, filters: Mapping[str, object] | None = None) -> str:
    """
    The path of the journal's entries after one.

    @param filters: the query's other parameters, by name.
    """
    return f"/journal?{urlencode({'since': since, 'limit': limit, **(filters or {})})}"


def leftover(name: str, error: ClientError) -> str:
    """
    The note for an exception after which a behavior is still in force.
    """
    return f"the behavior {name!r} is still in force: {error.reason}"


def cause(error: BaseException) -> str:
    """
    The message of an error in one line.
    """
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())
