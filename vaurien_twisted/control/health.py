# -*- test-case-name: tests.control.test_health -*-
"""
Whether the service is there: C{/health}, for probes of container platforms.
"""

from __future__ import annotations

from twisted.web.iweb import IRequest

from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import answer
from vaurien_twisted.control.routes import Routes


class HealthAPI:
    """
    Answers without a token, since probes have none; the answer has no data that needs one.
    """

    routes = Routes(public=True)

    @routes.route("/health", "GET")
    @routes.describe(Operation())
    def getHealth(self, request: IRequest) -> bytes:
        """
        Whether the service is there: C{{"status": "ok"}}.
        """
        return answer(request, {"status": "ok"})
