# -*- test-case-name: tests.app.test_replay,tests.integration.test_replay -*-
"""
Repeating an experiment with the same faults for the same exchanges, and finding those of them
that break its hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

import attrs

from vaurien_twisted.client.aio import AsyncClient
from vaurien_twisted.experiments.bisect import smallestOfGroups
from vaurien_twisted.experiments.conduct import Conductor
from vaurien_twisted.experiments.decisions import Decision
from vaurien_twisted.experiments.document import Experiment
from vaurien_twisted.experiments.externals import IExperimentReactor
from vaurien_twisted.experiments.record import HALTED, INTERRUPTED
from vaurien_twisted.experiments.removable_steps import RemovableStep, without
from vaurien_twisted.experiments.service import Service
from vaurien_twisted.experiments.verdict import BROKEN
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.rules.pins import Pin, Pins, pinFromJSON

#: How many decisions that were not repeated a report names.
NAMED = 100

Report = dict[str, object]


class PinnedService(Service):
    """
    A service in this process whose new proxies take decisions again.

    @param proxies: its proxies.
    @ivar pins: the pins by decision.
    """

    def __init__(
        self,
        client: AsyncClient,
        clock: IExperimentReactor,
        proxies: ProxyCollection,
        decisions: Sequence[Decision],
    ) -> None:
        super().__init__(client, clock)
        self._collection = proxies
        self._decisions = decisions
        self.pins: list[tuple[Decision, Pin]] = []

    async def begin(self, experiment: Experiment) -> list[str]:
        """
        Create the experiment's proxies.  They accept clients once the decisions are pinned.
        """
        declared = experiment.proxies
        closed = {
            name: None if proxy is None else {**proxy, "enabled": False}
            for name, proxy in declared.items()
        }
        names = await super().begin(attrs.evolve(experiment, proxies=closed))
        for name in names:
            proxy = self._collection.get(name)
            pins = [
                (each, pinFromJSON(proxy.ruleBuilder, each.toJSON()))
                for each in self._decisions
                if each.proxy == name
            ]
            self.pins += pins
            proxy.relays.pin(Pins(pin for _, pin in pins))
        for name, fields in declared.items():
            if fields is not None and fields.get("enabled", True):
                path = f"/proxies/{quote(name, safe='')}"
                await self._client.request("POST", path, {"enabled": True})
        return names


@attrs.define(eq=False)
class Replayer:
    """
    Repeats runs on proxies of this process.

    @ivar conductor: makes what conducts an experiment, of what makes its service and of whether
        it is quiet.
    @ivar say: called with a line of progress between the runs of a bisection.
    """

    proxies: ProxyCollection
    conductor: Callable[[Callable[[AsyncClient, IExperimentReactor], Service], bool], Conductor]
    say: Callable[[str], None]

    async def repeat(
        self, experiment: Experiment, decisions: Sequence[Decision], quiet: bool = False
    ) -> Report:
        """
        Run an experiment in which decisions are taken again.

        @return: its report, with C{replay}: how many decisions there were, how many were
            C{repeated}, and in words those whose exchange had C{changed}, and those that were
            C{absent}.
        """
        services: list[PinnedService] = []

        def service(client: AsyncClient, clock: IExperimentReactor) -> PinnedService:
            services.append(PinnedService(client, clock, self.proxies, decisions))
            return services[-1]

        found = await self.conductor(service, quiet).perform(experiment)
        pins = [each for service in services for each in service.pins]
        changed = [
            f"{decision.describe()} (now {pin.instead!r})"
            for decision, pin in pins
            if not pin.met and pin.instead is not None
        ]
        absent = [each.describe() for each, pin in pins if not pin.met and pin.instead is None]
        repeated = sum(pin.met for _, pin in pins)
        notes = found["notes"]
        assert isinstance(notes, list)
        notes.append(
            f"{repeated} of {len(decisions)} decisions were repeated; of the others "
            f"{len(changed)} exchanges came with another request, and {len(absent)} did not come"
        )
        found["replay"] = {
            "decisions": len(decisions),
            "repeated": repeated,
            "changed": changed[:NAMED],
            "absent": absent[:NAMED],
        }
        return found

    async def bisect(
        self,
        experiment: Experiment,
        decisions: Sequence[Decision],
        steps: Sequence[RemovableStep],
        phases: Sequence[Mapping[str, object]],
    ) -> Report:
        """
        Find the smallest set of faults that still breaks the hypothesis.

        @param steps: steps that can be removed, in addition to decisions.
        @param phases: those of the run in which the decisions were taken.
        @return: the report of the last run that was broken, with C{bisect}: how many C{runs}
            there were, and the C{faults} in words.
        @raise Refused: the hypothesis is not broken again with all of them.
        """
        everything: list[Decision | RemovableStep] = [*decisions, *steps]
        known: dict[frozenset[int], Report] = {}

        async def run(some: Sequence[Decision | RemovableStep]) -> Report:
            key = frozenset(map(id, some))
            if key not in known:
                left = [each for each in steps if each not in some]
                taken = [each for each in some if isinstance(each, Decision)]
                found = known[key] = await self.repeat(without(experiment, left), taken, True)
                if found["outcome"] == HALTED and found["reason"] == INTERRUPTED:
                    raise Refused(INTERRUPTED)
                verdict = "broken" if _broken(found) else str(found["outcome"])
                self.say(f"run {len(known)}: {len(some)} of {len(everything)} faults: {verdict}")
            return known[key]

        async def breaks(some: Sequence[Decision | RemovableStep]) -> bool:
            return _broken(await run(some))

        if not await breaks(everything):
            raise Refused("the hypothesis was not broken again, with all faults: nothing to find")
        groups = grouped(decisions, phases)
        groups += [[step] for step in steps]
        guilty = await smallestOfGroups(groups, breaks)
        found = await run(guilty)
        words = [each.describe() for each in guilty]
        found["bisect"] = {"runs": len(known), "faults": words}
        self.say(
            f"the hypothesis is broken by {len(guilty)} of {len(everything)} faults:"
            if guilty
            else "the hypothesis is broken without any fault"
        )
        for each in words:
            self.say(f"  {each}")
        return found


def grouped(
    decisions: Sequence[Decision], phases: Sequence[Mapping[str, object]]
) -> list[list[Decision | RemovableStep]]:
    """
    Decisions that belong together: those of one behavior, proxy and phase.
    """
    groups: dict[tuple[object, ...], list[Decision | RemovableStep]] = {}
    for each in decisions:
        begun = [float(str(phase["begin"])) <= each.after for phase in phases]
        at = [place for place, has in enumerate(begun) if has]
        key = (each.proxy, each.repeat["behavior"], *at[-1:])
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _broken(report: Mapping[str, object]) -> bool:
    """
    Whether the hypothesis was broken, also if that ended the run.
    """
    conditions = report["conditions"]
    assert isinstance(conditions, list)
    return report["outcome"] == BROKEN or any(
        judged["outcome"] == BROKEN for each in conditions for judged in each["judged"]
    )
