# -*- test-case-name: tests.control.test_experiment -*-
"""
The experiments that use this Vaurien: C{/experiment}.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from twisted.web.iweb import IRequest

from vaurien_twisted.control.json_body import readObject
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import OK, answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.model.names import checkPrintable
from vaurien_twisted.model.options import Refused, build, option, specs
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.experiments import PHASES, ExperimentStatus, Phase
from vaurien_twisted.rules.toxics import checked

#: The outcomes that a runner may report.
OUTCOMES = ("", "held", "broken", "unknown", "halted", "lost")


@attrs.frozen
class ExperimentFields:
    """
    The report of a runner about its experiment.
    """

    title: str = option(str, "", "Its title.")
    begun: float = option(float, 0.0, "When it began, in seconds since 1970.", minimum=0)
    lease: str = option(str, "", "The lease with which it ends at the latest.")
    outcome: str = option(
        str, "", "Its outcome, once it is over; empty while it runs.", choices=OUTCOMES
    )


@attrs.frozen
class PhaseFields:
    """
    The report about a phase.
    """

    name: str = option(str, "", "The name of the phase.")
    what: str = option(str, "", "What is done in it, in words.")
    begin: float = option(float, 0.0, "When it began, in seconds since 1970.", minimum=0)
    end: float | None = option(float, None, "When it ended. Empty: it goes on.", minimum=0)


class ExperimentAPI:
    """
    Shows experiments, and receives the reports of their runners.
    """

    routes = Routes()

    def __init__(self, proxies: ProxyCollection) -> None:
        self._experiments = proxies.experiments

    @routes.route("/experiment", "GET")
    @routes.describe(Operation("Experiments"))
    def getExperiment(self, request: IRequest) -> bytes:
        """
        The current experiment, C{null} if there is none, and the ten before it, oldest first.
        Times are in seconds since 1970; the current phase has no end::

            {"experiment": {"title": "MySQL dies", "begun": 1764000000.5, "outcome": "",
                            "phases": [{"name": "dead", "what": "down on db",
                                        "begin": 1764000015.5, "end": null}]},
             "past": []}
        """
        running = self._experiments.running
        past = [_json(each) for each in self._experiments.past]
        described = {"experiment": None if running is None else _json(running), "past": past}
        return answer(request, described)

    @routes.route("/experiment", "PUT")
    @routes.describe(Operation(body="Experiment"))
    def putExperiment(self, request: IRequest) -> bytes:
        """
        For runners of experiments: report the current experiment, in the form of C{GET
        /experiment}, each time a phase begins.  An C{outcome} ends it; if it has a C{lease}, the
        end of the lease does.  Each report adds an entry of the kind C{experiment} to the journal
        and C{/events}.
        """
        given = checked(readObject(request), (*specs(ExperimentFields), "phases"), "an experiment")
        phases = given.pop("phases", [])
        if not isinstance(phases, list) or len(phases) > PHASES:
            raise Refused(f'"phases" must be a list of at most {PHASES} phases', "phases")
        fields = build(ExperimentFields, given, "an experiment", strict=True)
        for text in (fields.title, fields.lease):
            checkPrintable(text, "title")
        status = ExperimentStatus(
            fields.title,
            fields.begun,
            fields.lease,
            tuple(_phase(each) for each in phases),
            fields.outcome,
        )
        self._experiments.report(status)
        return answer(request, OK)

    @routes.route("/experiment", "DELETE")
    @routes.describe(Operation())
    def deleteExperiment(self, request: IRequest) -> bytes:
        """
        The experiment that runs is over: show it no longer as running.  Its faults stay until its
        runner or its lease ends; C{POST /normal} removes them.
        """
        self._experiments.end("lost")
        return answer(request, OK)


def _phase(item: object) -> Phase:
    fields = build(
        PhaseFields, checked(item, tuple(specs(PhaseFields)), "a phase"), "a phase", strict=True
    )
    for text in (fields.name, fields.what):
        checkPrintable(text, "phases")
    return Phase(fields.name, fields.what, fields.begin, fields.end)


def _json(status: ExperimentStatus) -> Mapping[str, object]:
    return {
        "title": status.title,
        "begun": status.begun,
        "outcome": status.outcome,
        "phases": [attrs.asdict(phase) for phase in status.phases],
    }
