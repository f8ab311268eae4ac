# -*- test-case-name: tests.control.test_passed -*-
"""
The exchanges that no rule has affected: C{/passed}.
"""

from __future__ import annotations

import attrs
from twisted.internet.defer import Deferred
from twisted.web.iweb import IRequest

from vaurien_twisted.control.json_body import readQuery
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.pieces import answerList
from vaurien_twisted.control.responses import queried
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.model.exchange import oneLine
from vaurien_twisted.model.options import option
from vaurien_twisted.relays.passed import KEPT, Passed
from vaurien_twisted.rules.texts import wholeOf


@attrs.frozen
class PassedQuery:
    """
    The query of C{GET /passed}.
    """

    proxy: str = option(str, "", "The name of a proxy; without it, the first one.")
    since: int = option(int, 0, "The id of the last exchange that is known already.", minimum=0)
    limit: int = option(int, KEPT, "How many of the newest to tell.", minimum=1, maximum=KEPT)


class PassedAPI:
    """
    Tells the exchanges of one proxy that passed unchanged.
    """

    routes = Routes()

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    @routes.route("/passed", "GET")
    @routes.describe(Operation("Passed", query=PassedQuery, refusals=(404,)))
    def getPassed(self, request: IRequest) -> bytes | Deferred[bytes]:
        """
        The latest exchanges of C{?proxy=NAME} that passed because no rule affected them, oldest
        first: those after C{&since=ID}.  A proxy keeps at most 500, from the first request to this
        path until 30 s after the last one::

            {"passed": [{"id": 1, "proxy": "proxy", "connection": 3, "exchange": 2,
                         "client": "127.0.0.1", "description": "GET /",
                         "timing": {"came": 1764000000.25, "waited": 0.0, "replyBegan": 0.002,
                                    "replyEnded": 0.003, "duration": 0.003,
                                    "requestBytes": 78, "replyBytes": 512}}],
             "last": 1, "kept": 500, "missed": 0}

        C{last} is the id of the newest entry, and C{missed} the number of dropped entries after
        C{since}.  C{timing} has the times that are known so far; an exchange has ended if it has a
        C{duration}.  Requests that arrived in one chunk are one entry, about the last of them;
        C{together} in C{timing} is their number.  If C{description} is shortened, C{whole} has the
        full text.
        """
        query = readQuery(request, PassedQuery)
        proxy = queried(self._observed, query.proxy)
        passed = proxy.relays.context.passed
        asked = passed.kept
        passed.ask()
        found = passed.since(query.since, query.limit)
        behind = passed.last - query.since - len(found)
        others = {
            "last": passed.last,
            "kept": KEPT,
            "missed": max(0, behind) if asked and query.since else 0,
        }
        name = str(proxy.name)
        return answerList(request, "passed", found, others, lambda each: describe(name, each))


def describe(proxy: str, passed: Passed) -> dict[str, object]:
    """
    An exchange that passed, as JSON.

    @param proxy: the name of its proxy.
    """
    words = passed.request
    line = oneLine(words)
    described: dict[str, object] = {
        "id": passed.id,
        "proxy": proxy,
        "connection": passed.connection.number,
        "exchange": passed.last,
        "client": passed.connection.client,
        "description": line,
        "timing": passed.progress.toJSON(),
    }
    return {**described, **wholeOf(described, {"description": words})}
