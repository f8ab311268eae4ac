# -*- test-case-name: tests.control.test_state -*-
"""
The state of all proxies: C{/state}.
"""

from __future__ import annotations

from twisted.web.iweb import IRequest

from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.metrics.observe import Observed, describeState


class StateAPI:
    """
    Gives the rules and the counters of all proxies; cheap enough to be requested every second.
    """

    routes = Routes()

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    @routes.route("/state", "GET")
    @routes.describe(Operation("State"))
    def getState(self, request: IRequest) -> bytes:
        """
        All proxies, with their counters and everything in force on them.  The answer also has the
        version, the seed, and the id of the journal's last entry: C{{"version": "2.0", "seed": 7,
        "proxies": [{…}], "journal": {"last": 12}}}.
        """
        return answer(request, describeState(self._observed))
