# -*- test-case-name: tests.control.test_connections -*-
"""
The open connections: C{/connections}.
"""

from __future__ import annotations

import heapq

import attrs
from twisted.internet.defer import Deferred
from twisted.web.iweb import IRequest

from vaurien_twisted.control.json_body import readObject, readQuery
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.pieces import answerList
from vaurien_twisted.control.responses import OK, Problem, answer, queried
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.metrics.observe import Observed, describeConnection, end, setOwnPlan
from vaurien_twisted.model.options import Refused, nearest, option
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.relays.link import Link
from vaurien_twisted.rules.codec import planFromRules

#: The most digits of a connection's number.
DIGITS = 18


@attrs.frozen
class ConnectionsQuery:
    """
    The query of C{GET /connections}.
    """

    proxy: str = option(str, "", "The name of a proxy; without it, those of all.")
    limit: int = option(int, 1000, "The most connections to list.", minimum=1, maximum=100_000)


@attrs.frozen
class ConnectionQuery:
    """
    The query of requests for one connection.
    """

    proxy: str = option(str, "", "The name of its proxy; without it, the first one.")
    reset: bool = option(bool, False, "Reset it instead of closing it in order.")


class ConnectionsAPI:
    """
    Lists the open connections, closes one, or sets rules for one.
    """

    routes = Routes()

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    @routes.route("/connections", "GET")
    @routes.describe(Operation("Connections", query=ConnectionsQuery, refusals=(404,)))
    def listConnections(self, request: IRequest) -> bytes | Deferred[bytes]:
        """
        The open connections, oldest first.  There are at most C{?limit=N}, of all proxies or of
        C{?proxy=NAME}; C{"total"} is the number of open connections:
        C{{"connections": [{"proxy": "proxy", "id": 3, …}], "total": 1}}.
        """
        query = readQuery(request, ConnectionsQuery)
        proxies = list(self._observed.proxies())
        if query.proxy:
            proxies = [queried(self._observed, query.proxy)]
        links = ((proxy, link) for proxy in proxies for link in proxy.links)
        oldest = heapq.nsmallest(query.limit, links, key=_age)
        total = sum(len(proxy.links) for proxy in proxies)
        others = {"total": total}
        return answerList(
            request, "connections", oldest, others, lambda own: describeConnection(*own)
        )

    @routes.route("/connections/<number>", "GET")
    @routes.describe(Operation("Connection", query=ConnectionQuery))
    def getConnection(self, request: IRequest, number: str) -> bytes:
        """
        One open connection.
        """
        return answer(request, describeConnection(*self._find(request, number)))

    @routes.route("/connections/<number>", "DELETE")
    @routes.describe(Operation(query=ConnectionQuery))
    def endConnection(self, request: IRequest, number: str) -> bytes:
        """
        Close a connection after the data that was already written to it.  With C{?reset=1}, or
        if it is closing already, reset it.
        """
        query = readQuery(request, ConnectionQuery)
        end(*self._find(request, number), query.reset)
        return answer(request, OK)

    @routes.route("/connections/<number>", "POST")
    @routes.describe(Operation(body="OwnRules", query=ConnectionQuery))
    def setOwnRules(self, request: IRequest, number: str) -> bytes:
        """
        Set the rules of one connection, which replace those of its proxy: C{{"rules":
        [{"behavior": "hang"}]}}.  An empty list removes them.
        """
        proxy, link = self._find(request, number)
        body = readObject(request)
        for name in body:
            if name != "rules":
                raise Refused(f"there is no field {name!r}: {nearest(name, ['rules'])}", name)
        plan = planFromRules(proxy.ruleBuilder, body.get("rules"))
        if any(rule.lease for rule in plan.rules):
            raise Refused("the rules of one connection end with it: remove lease", "lease")
        setOwnPlan(proxy, link, plan)
        return answer(request, OK)

    def _find(self, request: IRequest, number: str) -> tuple[Proxy, Link]:
        query = readQuery(request, ConnectionQuery)
        proxy = queried(self._observed, query.proxy)
        if not (number.isascii() and number.isdecimal() and len(number) <= DIGITS):
            raise Problem(404, f"{number!r} is not the number of a connection", number, "path")
        try:
            return proxy, self._observed.link(proxy, int(number))
        except Refused as refused:
            raise Problem(404, refused.description, number, "path") from None


def _age(place: tuple[Proxy, Link]) -> tuple[float, int]:
    return place[1].since, place[1].connection.number
