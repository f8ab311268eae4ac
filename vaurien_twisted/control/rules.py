# -*- test-case-name: tests.control.test_rules -*-
"""
The face that speaks of the whole plan: C{/rules}.
"""

from __future__ import annotations

from klein import Klein
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource

from vaurien_twisted.control.answers import OK, answer, problemOf, refuse
from vaurien_twisted.control.bodies import readJSON
from vaurien_twisted.options import Refused, nearest
from vaurien_twisted.proxy import Proxy
from vaurien_twisted.rules import planFromRules, rulesOf


class RulesFace:
    """
    Speaks of one proxy's rules.

    @cvar segments: the first path segments that are this face's.
    """

    app = Klein()
    segments = ("rules",)

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

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

    @app.route("/rules", methods=["GET"])
    def getRules(self, request: IRequest) -> bytes:
        """
        All that is in force, in order, with all options: C{{"rules": [{"behavior": "delay",
        "options": {"sleep": 2.0, "before": true}, "percent": 20.0}]}}.  Rules whose time
        is over are left out.
        """
        return answer(request, {"rules": rulesOf(self._proxy.plan)})

    @app.route("/rules", methods=["PUT"])
    def setRules(self, request: IRequest) -> bytes:
        """
        Put other rules in force in place of all: a list, or C{{"rules": [...]}}.  They
        begin to count at zero and their times begin anew, also those that were in force
        before.  What a list can hold says L{planFromRules}.
        """
        rules = readJSON(request, '[{"behavior": "dummy"}]')
        if isinstance(rules, dict):
            for name in rules:
                if name != "rules":
                    raise Refused(f"{name!r} is not known: {nearest(name, ['rules'])}", name)
            rules = rules.get("rules")
        self._proxy.setPlan(planFromRules(self._proxy.planner, rules))
        return answer(request, OK)
