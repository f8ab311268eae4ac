# -*- test-case-name: tests.control.test_normal -*-
"""
Back to normal: C{/normal}.
"""

from __future__ import annotations

from collections.abc import Iterable

from twisted.web.iweb import IRequest

from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import addressed, answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.normal import backToNormal
from vaurien_twisted.proxies.proxy import Proxy


class NormalAPI:
    """
    Removes all faults: of all proxies under C{/normal}, of one under C{/proxies/NAME/normal}.
    """

    routes = Routes()

    def __init__(self, proxies: ProxyCollection) -> None:
        self._proxies = proxies

    @routes.route("/normal", "POST")
    @routes.describe(Operation("Normal"))
    def setAllNormal(self, request: IRequest) -> bytes:
        """
        Remove everything that is in force on all proxies: behaviors, rules, toxics, and the rules
        of single connections.  Disabled proxies stay disabled, backends stay as they are.  A body
        is not needed, and ignored.

        The answer lists what was in force on each proxy: the number of rules, the names of toxics,
        and the connections with rules of their own::

            {"proxies": [{"name": "db", "enabled": true, "rules": 2,
                          "toxics": ["latency_downstream"], "connections": [3]}]}
        """
        return _normal(request, self._proxies.proxies)

    @routes.route("/proxies/<name>/normal", "POST")
    @routes.describe(Operation("Normal"))
    def setProxyNormal(self, request: IRequest, name: str) -> bytes:
        """
        Remove everything that is in force on one proxy; the answer is that of C{POST /normal}.
        """
        return _normal(request, [addressed(self._proxies, name)])


def _normal(request: IRequest, proxies: Iterable[Proxy]) -> bytes:
    removed = []
    for proxy in proxies:
        was = backToNormal(proxy)
        removed.append(
            {
                "name": proxy.name,
                "enabled": proxy.enabled,
                "rules": was.rules,
                "toxics": was.toxics,
                "connections": was.connections,
            }
        )
    return answer(request, {"proxies": removed})
