# -*- test-case-name: tests.control.test_history -*-
"""
The rates of a proxy in the last ten minutes: C{/history}.
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
from vaurien_twisted.metrics.history import COLUMNS, KEPT, STEP, History, Mark, ProxyHistory
from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.model.options import option
from vaurien_twisted.proxies.experiments import Experiments


@attrs.frozen
class HistoryQuery:
    """
    The query of C{GET /history}.
    """

    proxy: str = option(str, "", "The name of a proxy; without it, the first one.")
    since: float = option(float, 0.0, "Only later rows, in seconds since 1970.", minimum=0)


class HistoryAPI:
    """
    Gives the history of one proxy.
    """

    routes = Routes()

    def __init__(
        self, observed: Observed, history: History, experiments: Experiments | None = None
    ) -> None:
        self._observed = observed
        self._history = history
        self._experiments = experiments

    def _marks(self, own: ProxyHistory | None, since: float) -> list[Mark]:
        """
        The settings of a proxy, and the phases of experiments, in order.
        """
        marks = [] if own is None else list(own.marks)
        if self._experiments is not None:
            marks += [
                Mark(phase.begin, f"phase {phase.name!r}: {phase.what}")
                for phase in self._experiments.phases
            ]
        return sorted((m for m in marks if m.time > since), key=lambda mark: mark.time)

    @routes.route("/history", "GET")
    @routes.describe(Operation("History", query=HistoryQuery, refusals=(404,)))
    def getHistory(self, request: IRequest) -> bytes | Deferred[bytes]:
        """
        The rates of a proxy in the last ten minutes.  For C{?proxy=NAME}, a row for each second,
        oldest first, or only those after C{&since=SECONDS}; with the settings in that time, and the
        phases of experiments::

            {"rows": [[1764000000.25, 120.0, 480.0, …], …],
             "columns": ["time", "received", "sent", …], "step": 1.0, "kept": 600,
             "marks": [{"time": 1764000000.25, "what": "100:delay sleep=2.0"}],
             "proxy": "proxy"}
        """
        query = readQuery(request, HistoryQuery)
        name = str(queried(self._observed, query.proxy).name)
        own = self._history.of(name)
        marks = self._marks(own, query.since)
        others = {
            "columns": ["time", *COLUMNS],
            "step": STEP,
            "kept": KEPT,
            "marks": [attrs.asdict(mark) for mark in marks],
            "proxy": name,
        }
        if own is None:
            return answerList(request, "rows", [], others, list)
        return answerList(request, "rows", own.since(query.since), others, own.row)
