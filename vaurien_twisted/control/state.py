# -*- test-case-name: tests.control.test_state -*-
"""
The face that tells how all proxies are now: C{/state}.
"""

from __future__ import annotations

from klein import Klein
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource

from vaurien_twisted import __version__
from vaurien_twisted.control.responses import answer, problemOf, refuse
from vaurien_twisted.metrics.observe import Observed, tellProxy


class StateFace:
    """
    Tells what is in force, and the sums; cheap enough to be asked once a second.

    @cvar segments: the first path segments that are this face's.
    """

    app = Klein()
    segments = ("state",)

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

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

    @app.route("/state", methods=["GET"])
    def getState(self, request: IRequest) -> bytes:
        """
        The version, the seed, all proxies as L{tellProxy} tells them, and the id of the
        journal's last entry: C{{"version": "2.0", "seed": 7, "proxies": [{"name": "proxy",
        …}], "journal": {"last": 12}}}.
        """
        return answer(
            request,
            {
                "version": __version__,
                "seed": self._observed.seed,
                "proxies": [tellProxy(proxy) for proxy in self._observed.proxies()],
                "journal": {"last": self._observed.journal.last},
            },
        )
