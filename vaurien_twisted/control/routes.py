# -*- test-case-name: tests.control.test_routes -*-
"""
Routes, each declared once, by the method that answers there::

    class VersionAPI:
        routes = Routes()

        @routes.route("/version", "GET")
        @routes.describe(Operation("Version"))
        def getVersion(self, request: IRequest) -> bytes:
            return answer(request, {"version": __version__})

From this the site knows which paths there are, which methods each has, whether they need a
token, and the form of their refusals; C{/openapi.json} describes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import attrs
from klein import Klein
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource

from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import refused

#: Sets status and headers of the refusal that a failure is, and returns its body.
Refuse = Callable[[IRequest, Failure], bytes]

#: Sets headers of the answer to a request.
Stamp = Callable[[IRequest], None]

Method = TypeVar("Method", bound=Callable[..., Any])

#: Stands for a variable segment of a path.
ANY = "*"


def _noHeaders(request: IRequest) -> None:
    """
    The headers are those of every answer.
    """


@attrs.frozen
class Declared:
    """
    The declaration of a route.

    @ivar path: a pattern of C{werkzeug.routing}.
    @ivar methods: of HTTP.
    @ivar function: answers there.
    @ivar operation: the description of its requests and answers.
    @ivar elsewhere: whether the function answers at other paths, too.
    """

    path: str
    methods: tuple[str, ...]
    function: Callable[..., object]
    operation: Operation
    elsewhere: bool


class Routes:
    """
    The routes of one API.

    @ivar refused: the form of all refusals, of unknown paths below the API's own, too.
    @ivar refusal: the name of the schema of that form; see
        L{vaurien_twisted.control.openapi.answers}.
    @ivar public: whether the routes are served without the token; only for what holds no
        data.
    @ivar stamp: called with each request before it is checked; sets headers of its answer.
    @param head: whether routes with C{"GET"} also answer C{HEAD} (RFC 9110 section 9.3.2).
    """

    def __init__(
        self,
        refused: Refuse = refused,
        public: bool = False,
        refusal: str = "Refusal",
        head: bool = True,
        stamp: Stamp = _noHeaders,
    ) -> None:
        self.refused = refused
        self.refusal = refusal
        self.public = public
        self.stamp = stamp
        self._head = head
        self._places: list[tuple[str, tuple[str, ...], Callable[..., object]]] = []
        self._operations: dict[Callable[..., object], Operation] = {}
        self._app = Klein()
        self._app.handle_errors(Exception)(lambda api, request, failure: refused(request, failure))

    def route(self, path: str, *methods: str) -> Callable[[Method], Method]:
        """
        Declare that the decorated method answers at a path.

        @param path: a pattern of C{werkzeug.routing}; C{<name>} is a variable segment, which
            the method gets as a keyword argument.
        @param methods: of HTTP; C{"GET"} includes C{"HEAD"}, unless the API answers none.  Others
            are refused with 405.
        """

        def declare(function: Method) -> Method:
            self._app.route(path, methods=list(methods))(function)
            if not self._head:
                # Werkzeug adds it to GET.
                for rule in self._app.url_map.iter_rules():
                    (rule.methods or set()).discard("HEAD")
            self._places.append((path, methods, function))
            return function

        return declare

    def describe(self, operation: Operation) -> Callable[[Method], Method]:
        """
        Declare the requests and answers of the decorated method.  Used below L{route}.
        """

        def declare(function: Method) -> Method:
            self._operations[function] = operation
            return function

        return declare

    @property
    def declared(self) -> Iterator[Declared]:
        """
        The routes, in the order in which they were declared.
        """
        functions = [function for _, _, function in self._places]
        for path, methods, function in self._places:
            operation = self._operations.get(function, Operation())
            elsewhere = functions.count(function) > 1
            yield Declared(path, methods, function, operation, elsewhere)

    def prefixes(self) -> Iterator[tuple[str, ...]]:
        """
        The prefixes of the routes, in segments: each route's path up to its last fixed segment,
        with L{ANY} for a variable one.
        """
        for rule in self._app.url_map.iter_rules():
            segments = [ANY if each.startswith("<") else each for each in rule.rule.split("/")[1:]]
            while segments[-1] == ANY:
                segments.pop()
            yield tuple(segments)

    def resource(self, api: object) -> IResource:
        """
        The resource that serves the routes of C{api}; it expects the whole path.
        """
        resource: IResource = self._app.__get__(api, type(api)).resource()
        return resource


class API(Protocol):
    """
    An object whose class declares routes.
    """

    @property
    def routes(self) -> Routes:
        """
        Its routes.
        """


@attrs.frozen
class Mounted:
    """
    One API on the site.
    """

    routes: Routes
    resource: IResource


class RouteTable:
    """
    Finds the API that a path belongs to.

    @ivar roots: the first segments of all paths; C{""} is that of the path C{/}.
    """

    def __init__(self) -> None:
        self._mounted: dict[tuple[str, ...], Mounted] = {}
        self.roots: set[str] = set()

    @property
    def paths(self) -> list[str]:
        """
        The paths under which there is something, such as C{/proxies/*/rules}.
        """
        return [f"/{'/'.join(prefix)}" for prefix in self._mounted]

    def add(self, api: API) -> None:
        """
        Serve the routes of C{api}.
        """
        mounted = Mounted(api.routes, api.routes.resource(api))
        for prefix in api.routes.prefixes():
            self._mounted[prefix] = mounted
            self.roots.add(prefix[0])

    def find(self, path: list[str]) -> Mounted | None:
        """
        The API with the longest prefix of C{path}; C{None} if there is none.
        """
        prefixes = [prefix for prefix in self._mounted if _begins(path, prefix)]
        return self._mounted[max(prefixes, key=len)] if prefixes else None


def _begins(path: list[str], prefix: tuple[str, ...]) -> bool:
    return len(path) >= len(prefix) and all(
        wanted in (given, ANY) for given, wanted in zip(path, prefix, strict=False)
    )
