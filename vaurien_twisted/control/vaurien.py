# -*- test-case-name: tests.control.test_vaurien -*-
"""
Vaurien's own API, as it has been since 2013: C{/behavior}, C{/behaviors}, C{/backend}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import attrs
from twisted.web.iweb import IRequest

from vaurien_twisted.control.json_body import readObject
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import OK, Problem, addressed, answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.control.schema import describe
from vaurien_twisted.model.options import FALSE, TRUE, Refused, nearest, option
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.rules.build import RuleBuilder, planToJSON
from vaurien_twisted.rules.codec import limited, rulesOf
from vaurien_twisted.rules.plan import Plan
from vaurien_twisted.transports.endpoint_kinds import checkBackend

#: Fields of a rule that may be given with a behavior.
LIMITS = ("for", "lease")


@attrs.frozen
class BehaviorsQuery:
    """
    The query of C{GET /behaviors}.
    """

    verbose: bool = option(bool, False, "Describe each behavior and its options.")


class VaurienAPI:
    """
    The behavior and the backend of the first proxy, and under C{/proxies/NAME} of any proxy.
    """

    routes = Routes()

    def __init__(self, proxies: ProxyCollection) -> None:
        self._proxies = proxies

    @routes.route("/behavior", "GET")
    @routes.route("/proxies/<name>/behavior", "GET")
    @routes.describe(Operation("Behavior", refusals=(404,)))
    def getBehavior(self, request: IRequest, name: str | None = None) -> bytes:
        """
        The behavior in force, in a form that C{PUT} accepts::

            {"behavior": "delay", "options": {"sleep": 2.0, "before": true}}
            {"behavior": "20:error,10:delay", "options": {"error": {}, "delay": {}}}

        If that form cannot express all rules, C{"rules"} has them as well, as C{PUT /rules} accepts
        them.
        """
        proxy = addressed(self._proxies, name)
        plan = proxy.plan
        described = planToJSON(plan)
        if not _whole(proxy.ruleBuilder, described, plan):
            described["rules"] = rulesOf(plan)
        return answer(request, described)

    @routes.route("/behavior", "PUT")
    @routes.route("/proxies/<name>/behavior", "PUT")
    @routes.describe(Operation(body="BehaviorSetting", refusals=(404,)))
    def setBehavior(self, request: IRequest, name: str | None = None) -> bytes:
        """
        Put another behavior, or percentages of several, in force::

            {"name": "delay", "sleep": 2}
            {"name": "20:error,10:delay", "options": {"delay": {"sleep": 2}}}

        Options that are not given have their configured values, whatever earlier requests have set.
        C{for} and C{lease} have the same meaning as in rules.
        """
        proxy = addressed(self._proxies, name)
        body = readObject(request)
        behavior = body.pop("name", None)
        if not isinstance(behavior, str):
            known = proxy.ruleBuilder.registry.behaviors
            raise Refused(f'"name" must be the name of a behavior: {nearest("", known)}', "name")
        limits = {name: body.pop(name) for name in LIMITS if body.get(name) is not None}
        plan = proxy.ruleBuilder.one(behavior, _options(behavior, body))
        proxy.faults.setPlan(limited(plan, limits) if limits else plan)
        return answer(request, OK)

    @routes.route("/behaviors", "GET")
    @routes.describe(Operation("Behaviors", query=BehaviorsQuery))
    def listBehaviors(self, request: IRequest) -> bytes:
        """
        The names of all behaviors.  With C{?verbose=1}, C{"details"} has the description and the
        options of each.
        """
        behaviors = self._proxies.defaults.registry.behaviors
        described: dict[str, object] = {"behaviors": sorted(behaviors)}
        if _verbose(request):
            described["details"] = {name: describe(behaviors[name]) for name in sorted(behaviors)}
        return answer(request, described)

    @routes.route("/backend", "GET")
    @routes.route("/proxies/<name>/backend", "GET")
    @routes.describe(Operation("Backend", refusals=(404,)))
    def getBackend(self, request: IRequest, name: str | None = None) -> bytes:
        """
        The backend as the user wrote it: C{{"backend": "HOST:PORT"}}.
        """
        return answer(request, {"backend": addressed(self._proxies, name).backend})

    @routes.route("/backend", "PUT")
    @routes.route("/proxies/<name>/backend", "PUT")
    @routes.describe(Operation(body="Backend", refusals=(404,)))
    def setBackend(self, request: IRequest, name: str | None = None) -> bytes:
        """
        Send new clients to another backend: C{{"backend": "HOST:PORT"}}, or an
        endpoint string.
        """
        proxy = addressed(self._proxies, name)
        body = readObject(request)
        for key in body:
            if key != "backend":
                raise Refused(f"there is no field {key!r}: {nearest(key, ['backend'])}", key)
        backend = body.get("backend")
        if not isinstance(backend, str):
            raise Refused('"backend" must be text, HOST:PORT or an endpoint string', "backend")
        if backend != proxy.backend:
            checkBackend(backend, "backend")
        proxy.setBackend(backend)
        return answer(request, OK)


def _whole(ruleBuilder: RuleBuilder, described: Mapping[str, object], plan: Plan) -> bool:
    """
    Whether the description makes the same plan, apart from expired rules.
    """
    try:
        again = ruleBuilder.one(
            str(described["behavior"]), cast(Mapping[str, object], described["options"])
        )
    except Refused:
        return False
    return rulesOf(again) == (rulesOf(plan) or [{"behavior": "dummy"}])


def _options(name: str, given: dict[str, object]) -> Mapping[str, object]:
    """
    The options in a request: those under C{"options"}, or all members except the name.
    """
    if "options" in given:
        options = given.pop("options")
        for stray in given:
            raise Refused(f'{stray!r} must be within "options"', stray)
        if not isinstance(options, dict):
            raise Refused('"options" must be an object', "options")
        return options
    # With a single behavior, as in 20:delay, the options need not be under its name.
    part, _, only = name.strip().rpartition(":")
    if part and "," not in name and given and set(given) != {only}:
        return {only: given}
    return given


def _verbose(request: IRequest) -> bool:
    word = request.args.get(b"verbose", [b"no"])[-1].decode("ascii", "replace").lower()
    if word not in TRUE | FALSE:
        raise Problem(400, f"{word!r} is not valid: it must be 1 or 0", "verbose", "querystring")
    return word in TRUE
