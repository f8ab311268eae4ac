# -*- test-case-name: tests.control.test_protocols -*-
"""
The wire protocols: C{/protocols}.
"""

from __future__ import annotations

from twisted.web.iweb import IRequest

from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import Problem, answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.control.schema import describeProtocol
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.collection import ProxyCollection


class ProtocolsAPI:
    """
    Lists the wire protocols, with their options, matchers and errors.
    """

    routes = Routes()

    def __init__(self, proxies: ProxyCollection) -> None:
        self._proxies = proxies

    @routes.route("/protocols", "GET")
    @routes.describe(Operation("Protocols"))
    def listProtocols(self, request: IRequest) -> bytes:
        """
        All protocols by name, with their options, matchers and errors, and the protocol of the
        first proxy: C{{"protocol": "mysql", "protocols": {"http": {…}, …}}}.
        """
        wires = self._proxies.defaults.registry.wires
        described = {name: describeProtocol(wires[name]) for name in sorted(wires)}
        own = next((proxy.wire.name for proxy in self._proxies.proxies), "")
        return answer(request, {"protocol": own, "protocols": described})

    @routes.route("/protocols/<name>", "GET")
    @routes.describe(Operation("Protocol"))
    def getProtocol(self, request: IRequest, name: str) -> bytes:
        """
        One protocol, by any of its names: C{{"protocol": "mysql", …}}.
        """
        try:
            wire = self._proxies.defaults.registry.wire(name)
        except Refused as refused:
            raise Problem(404, refused.description, name, "path") from None
        return answer(request, {"protocol": wire.name, **describeProtocol(wire)})
