# -*- test-case-name: tests.control.test_state -*-
"""
The state of all proxies: C{/state}.
"""

from __future__ import annotations

from twisted.web.iweb import IRequest

from vaurien_twisted import __version__
from vaurien_twisted.control.responses import answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.metrics.observe import Observed, describeProxy


class StateAPI:
    """
    Gives the rules and the counters of all proxies; cheap enough to be requested every second.
    """

    routes = Routes()

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    @routes.route("/state", "GET")
    def getState(self, request: IRequest) -> bytes:
        """
        The version, the seed, all proxies as L{describeProxy} describes them, and the id of the
        journal's last entry: C{{"version": "2.0", "seed": 7, "proxies": [{"name": "proxy",
        …}], "journal": {"last": 12}}}.
        """
        return answer(
            request,
            {
                "version": __version__,
                "seed": self._observed.seed,
                "proxies": [describeProxy(proxy) for proxy in self._observed.proxies()],
                "journal": {"last": self._observed.journal.last},
            },
        )
