# -*- test-case-name: tests.control.test_explain -*-
"""
Why something happened, or why not: C{/explain}.
"""

from __future__ import annotations

from typing import cast

import attrs
from twisted.web.iweb import IRequest

from vaurien_twisted.control.json_body import readQuery
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import Problem, answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.model.exchange import Connection
from vaurien_twisted.model.options import Refused, option
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.clocks import inWallTime
from vaurien_twisted.relays.link import Link
from vaurien_twisted.rules.explain import Question, explain


@attrs.frozen
class ExplainQuery:
    """
    The query of C{GET /explain}.
    """

    connection: int = option(int, 0, "The number of a connection.", minimum=1)
    exchange: int = option(
        int, 0, "The number of its exchange; 0 is the connection itself.", minimum=0
    )
    proxy: str = option(str, "", "The name of the proxy; without it, the first one.")


class ExplainAPI:
    """
    Explains single exchanges.
    """

    routes = Routes()

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    @routes.route("/explain", "GET")
    @routes.describe(Operation("Explanation", query=ExplainQuery, refusals=(404,)))
    def getExplanation(self, request: IRequest) -> bytes:
        """
        Explains what happened to an exchange and why, or why nothing happened:
        C{?connection=N&exchange=M}.  For old exchanges, and those that took the fast path, only the
        draws are known.  C{timing} has the times of its request, its wait and its reply, as in
        C{/passed}.
        """
        query = readQuery(request, ExplainQuery)
        if not query.connection:
            wanted = "say which connection and exchange: /explain?connection=N&exchange=M"
            raise Problem(400, wanted, "connection", "querystring")
        try:
            proxy = self._observed.named(query.proxy)
            return answer(request, explain(self._case(proxy, query)))
        except Refused as refused:
            raise Problem(404, refused.description, refused.name, "querystring") from None

    def _case(self, proxy: Proxy, query: ExplainQuery) -> Question:
        link = self._link(proxy, query.connection)
        number, exchange = query.exchange, None
        decider, connection = proxy.decider, Connection(query.connection)
        since = proxy.relays.expiry.since
        if link is not None:
            if number > link.exchanges:
                raise Refused(
                    f"the connection has had {link.exchanges} exchanges so far", "exchange"
                )
            snapshot = link.snapshot
            decider, connection, since = snapshot.decider, snapshot.asked, link.planSince
            known = [each for each in snapshot.recent if each.number == number]
            exchange = known[0] if known else None
        passed = proxy.relays.context.passed.find(query.connection, number)
        progress = None if exchange is None else exchange.progress
        if passed is not None:
            progress = progress or passed.progress
            if exchange is None and passed.whole:
                exchange, connection = passed.exchange, passed.connection
        journal = [
            entry
            for entry in self._observed.journal.of(str(proxy.name), query.connection)
            if entry.get("exchange") == number
        ]
        if exchange:
            times = [exchange.began]
        else:
            # The journal has wall-clock times, which are less precise.
            since = inWallTime(proxy.reactor, since) - 1e-4
            times = [cast(float, entry["time"]) for entry in journal]
        return Question(
            decider,
            connection,
            number,
            exchange,
            number == 0 and not proxy.wire.greets,
            journal,
            min(times) < since - 1e-6 if times else None,
            exchange is None and self._observed.journal.first > 1,
            progress,
            "" if passed is None else passed.request,
        )

    def _link(self, proxy: Proxy, number: int) -> Link | None:
        """
        The connection, C{None} if it is closed.

        @raise Refused: there has been no connection of that number.
        """
        try:
            return self._observed.link(proxy, number)
        except Refused:
            if not 0 < number <= proxy.relays.accepted:
                raise
            return None
