# -*- test-case-name: tests.control.test_protocols -*-
"""
The face that tells of wire protocols: C{/protocols}.
"""

from __future__ import annotations

from klein import Klein
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource

from vaurien_twisted.control.responses import Problem, answer, problemOf, refuse
from vaurien_twisted.control.schema import describeProtocol
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.collection import ProxyCollection


class ProtocolsFace:
    """
    Tells which wire protocols there are, and what each understands.

    @cvar segments: the first path segments that are this face's.
    """

    app = Klein()
    segments = ("protocols",)

    def __init__(self, proxies: ProxyCollection) -> None:
        self._proxies = proxies

    def resource(self) -> IResource:
        """
        What answers under L{segments}.
        """
        resource: IResource = self.app.resource()
        return resource

    @app.handle_errors(Exception)
    def failed(self, request: IRequest, failure: Failure) -> bytes:
        """
        Every refusal is JSON.
        """
        return refuse(request, problemOf(request, failure))

    @app.route("/protocols", methods=["GET"])
    def listProtocols(self, request: IRequest) -> bytes:
        """
        All protocols by name, each as L{describeProtocol} tells it, and the one that the
        first proxy speaks: C{{"protocol": "mysql", "protocols": {"http": {…}, …}}}.
        """
        wires = self._proxies.defaults.registry.wires
        told = {name: describeProtocol(wires[name]) for name in sorted(wires)}
        own = next((proxy.wire.name for proxy in self._proxies.proxies), "")
        return answer(request, {"protocol": own, "protocols": told})

    @app.route("/protocols/<name>", methods=["GET"])
    def getProtocol(self, request: IRequest, name: str) -> bytes:
        """
        One protocol, by any of its names: C{{"protocol": "mysql", …}}.
        """
        try:
            wire = self._proxies.defaults.registry.wire(name)
        except Refused as refused:
            raise Problem(404, refused.description, name, "path") from None
        return answer(request, {"protocol": wire.name, **describeProtocol(wire)})
