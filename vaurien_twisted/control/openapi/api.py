# -*- test-case-name: tests.control.openapi.test_document -*-
"""
The description of the service: C{/openapi.json}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.web.iweb import IRequest

from vaurien_twisted.control.openapi.document import makeDocument
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.openapi.schema import Schema
from vaurien_twisted.control.responses import answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.proxies.declaration import ProxyDefaults


class OpenAPI:
    """
    Describes all routes.

    @param described: gives the routes of all APIs.
    @param defaults: has the behaviors, and the fields of a proxy.
    @param guarded: whether the service needs a token.
    """

    routes = Routes()

    def __init__(
        self, described: Callable[[], Iterable[Routes]], defaults: ProxyDefaults, guarded: bool
    ) -> None:
        self._described = described
        self._defaults = defaults
        self._guarded = guarded
        self._document: Schema = {}

    @routes.route("/openapi.json", "GET")
    @routes.describe(Operation("OpenAPI"))
    def getDocument(self, request: IRequest) -> bytes:
        """
        This description.  It has all routes with their requests, answers and refusals, in
        OpenAPI 3.1.
        """
        # It takes time to make, and does not change.
        self._document = self._document or makeDocument(
            self._described(), self._defaults, self._guarded
        )
        return answer(request, self._document)
