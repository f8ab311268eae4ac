# -*- test-case-name: tests.control.test_rules -*-
"""
The face that speaks of the whole plan: C{/rules}.
"""

from __future__ import annotations

from klein import Klein
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource

from vaurien_twisted.control.json_body import readJSON
from vaurien_twisted.control.responses import OK, addressed, answer, problemOf, refuse
from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.rules.codec import planFromRules, rulesOf


class RulesFace:
    """
    Speaks of the first proxy's rules, under C{/rules}, and under C{/proxies/NAME/rules} of any
    one's.

    @cvar segments: the first path segments that are this face's.
    """

    app = Klein()
    segments = ("rules", "proxies/*/rules")

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

    @app.route("/rules", methods=["GET"])
    @app.route("/proxies/<name>/rules", methods=["GET"])
    def getRules(self, request: IRequest, name: str | None = None) -> bytes:
        """
        All that is in force, in order, with all options: C{{"rules": [{"behavior": "delay",
        "options": {"sleep": 2.0, "before": true}, "percent": 20.0}]}}.  Rules whose time
        is over are left out.
        """
        return answer(request, {"rules": rulesOf(addressed(self._proxies, name).plan)})

    @app.route("/rules", methods=["PUT"])
    @app.route("/proxies/<name>/rules", methods=["PUT"])
    def setRules(self, request: IRequest, name: str | None = None) -> bytes:
        """
        Put other rules in force in place of all: a list, or C{{"rules": [...]}}.  They
        begin to count at zero and their times begin anew, also those that were in force
        before.  What a list can hold says L{planFromRules}.
        """
        proxy = addressed(self._proxies, name)
        rules = readJSON(request, '[{"behavior": "dummy"}]')
        if isinstance(rules, dict):
            for key in rules:
                if key != "rules":
                    raise Refused(f"{key!r} is not known: {nearest(key, ['rules'])}", key)
            rules = rules.get("rules")
        proxy.setPlan(planFromRules(proxy.ruleBuilder, rules))
        return answer(request, OK)
