# -*- test-case-name: tests.control.test_rules -*-
"""
The rules in force, all of them: C{/rules}.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from twisted.web.iweb import IRequest

from vaurien_twisted.control.json_body import readJSON, readObject
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import OK, Problem, addressed, answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.metrics.observe import Observed, describeState
from vaurien_twisted.model.options import Refused, Spec, nearest
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.record.clocks import wallTime
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.codec import planFromRules, ruleFromJSON, rulesOf, ruleToJSON
from vaurien_twisted.rules.counts import countsToJSON
from vaurien_twisted.rules.single import NoSuchRule, RuleExists

#: The members of the object of C{PUT /rules}.
FIELDS = ("rules", "keep", "seed", "counts", "state")

SEED = Spec("seed", int, -1, "Seed of the decisions from now on.", minimum=-1, maximum=2**63 - 1)


class RulesAPI:
    """
    Speaks of the first proxy's rules, under C{/rules}, and under C{/proxies/NAME/rules} of any
    one's.
    """

    routes = Routes()

    def __init__(self, proxies: ProxyCollection) -> None:
        self._proxies = proxies

    @routes.route("/rules", "GET")
    @routes.route("/proxies/<name>/rules", "GET")
    @routes.describe(Operation("RulesInForce", refusals=(404,)))
    def getRules(self, request: IRequest, name: str | None = None) -> bytes:
        """
        All rules in force, in order, with all options: C{{"rules": [{"behavior": "delay",
        "options": {"sleep": 2.0, "before": true}, "percent": 20.0}]}}.  Rules that have expired are
        omitted.

        Beside it C{counts} has what each rule and each toxic has met, in order,
        and C{seed} the seed of the decisions.
        """
        proxy = addressed(self._proxies, name)
        counts = list(countsToJSON(proxy.decider))
        described = {"rules": rulesOf(proxy.plan), "counts": counts, "seed": proxy.decider.seed}
        return answer(request, described)

    @routes.route("/rules", "PUT")
    @routes.route("/proxies/<name>/rules", "PUT")
    @routes.describe(Operation("RulesSet", body="RuleList", refusals=(404,)))
    def setRules(self, request: IRequest, name: str | None = None) -> bytes:
        """
        Replace all rules: a list, or C{{"rules": [...]}}.  All counts and times restart, also of
        rules that were in force before.  With C{"keep": true} in addition to C{rules}, exchanges
        that wait keep their decisions; otherwise the waits of rules that the new plan does not
        contain end.

        With C{"seed": 7} an epoch begins: connections are numbered from 1, in the order in which a
        random number is first drawn for them, and so are the exchanges of each draw.  The decisions
        then do not depend on earlier connections.  C{counts}, which C{GET /rules} has, is ignored.

        With C{"state": true} the answer has, under C{state}, that of C{GET /state}.
        """
        proxy = addressed(self._proxies, name)
        rules = readJSON(request, '[{"behavior": "dummy"}]')
        keep, seed, state = False, -1, False
        if isinstance(rules, dict):
            for key in rules:
                if key not in FIELDS:
                    raise Refused(f"there is no field {key!r}: {nearest(key, FIELDS)}", key)
            keep, state = (_flag(rules, name) for name in ("keep", "state"))
            seed = SEED.convert(rules.get("seed", -1), strict=True)
            rules = rules.get("rules")
        plan = planFromRules(proxy.ruleBuilder, rules)
        proxy.faults.setPlan(attrs.evolve(plan, keep=keep), None if seed < 0 else seed)
        if not state:
            return answer(request, OK)
        proxies = self._proxies
        journal = proxies.journal
        readable = journal if isinstance(journal, Journal) else Journal(wallTime(proxies.reactor))
        observed = Observed(lambda: proxies.proxies, readable, proxies.seed)
        return answer(request, {**OK, "state": describeState(observed)})

    @routes.route("/rules", "POST")
    @routes.route("/proxies/<name>/rules", "POST")
    @routes.describe(Operation("Rule", 201, body="Rule", refusals=(404, 409)))
    def addRule(self, request: IRequest, name: str | None = None) -> bytes:
        """
        Add one rule.  All others keep their counts.  Its name must be unique; without a name it
        gets its behavior's, with a number if that is taken.  The answer is the rule in the form of
        C{GET /rules}.
        """
        proxy = addressed(self._proxies, name)
        rule = ruleFromJSON(proxy.ruleBuilder, readObject(request))
        try:
            added = proxy.faults.add(rule)
        except RuleExists as exists:
            raise Problem(409, exists.description, "name") from None
        return answer(request, ruleToJSON(added), 201)

    @routes.route("/rules/<rule>", "DELETE")
    @routes.route("/proxies/<name>/rules/<rule>", "DELETE")
    @routes.describe(Operation(refusals=(404,)))
    def removeRule(self, request: IRequest, rule: str, name: str | None = None) -> bytes:
        """
        Remove a rule by its name.  All others keep their counts.
        """
        try:
            addressed(self._proxies, name).faults.remove(rule)
        except NoSuchRule as missing:
            raise Problem(404, missing.description, rule, "path") from None
        return answer(request, OK)


def _flag(given: Mapping[str, object], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise Refused(f"{name} must be true or false, not {value!r}", name)
    return value
