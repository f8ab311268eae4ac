# -*- test-case-name: tests.integration.test_experiment -*-
"""
A running Vaurien that an experiment uses over REST.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import attrs
from twisted.internet.interfaces import IReactorTime

from vaurien_twisted.client.aio import AsyncClient
from vaurien_twisted.client.common import ClientError, RequestRefused, Unreachable
from vaurien_twisted.experiments.document import Experiment
from vaurien_twisted.experiments.effects import ROUND, Rule
from vaurien_twisted.experiments.figures import Figures, Reading
from vaurien_twisted.experiments.passed import PassedOf
from vaurien_twisted.model.environment import TOKEN_VARIABLE
from vaurien_twisted.model.json_types import Answer


class Service:
    """
    One running Vaurien.

    @param client: the client of its control service.
    @param clock: the clock for renewing the lease.
    """

    def __init__(self, client: AsyncClient, clock: IReactorTime) -> None:
        self.url = client.url
        self.pace = ROUND
        self._client = client
        self._passed = PassedOf(client)
        self._clock = clock
        self._created: list[str] = []
        self._before: dict[str, Sequence[Rule]] = {}
        #: The service's own seed, by the proxies that have another one now.
        self._reseeded: dict[str, int] = {}
        self._proxies: list[str] = []
        self._toxics: dict[tuple[str, int], str] = {}
        self._changed: dict[tuple[str, int], Mapping[str, object]] = {}
        #: The latest figures that came with another answer, and their time.
        self._latestFigures: tuple[float, Reading] | None = None
        self._lease = ""
        self._renewal = self._renewed = 0.0
        self._last = self._newest = self._missed = 0

    async def begin(self, experiment: Experiment) -> list[str]:
        """
        Create the experiment's proxies, and remember the state of the others.

        @raise ClientError: the service refused, or did not answer.
        """
        self._lease = await self._take(experiment.policy.lease)
        there = await self._client.request("GET", "/proxies")
        self._renewal, self._renewed = experiment.policy.lease / 4, self._clock.seconds()
        for name, declared in experiment.proxies.items():
            if declared is not None:
                body = {"name": name, **declared, "lease": self._lease}
                if "backend" in body:
                    body["upstream"] = body.pop("backend")
                # Recorded first: if the answer is lost, the proxy may exist.
                self._created.append(name)
                try:
                    await self._client.request("POST", "/proxies", body)
                except RequestRefused:
                    self._created.remove(name)
                    raise
            elif name not in there:
                known = ", ".join(sorted(there)) or "none"
                raise ClientError(f"{self.url} has no proxy {name!r}, only: {known}")
        self._proxies = list(experiment.proxies) or list(there)
        await self._passed.new(self._proxies)
        for name in self._proxies:
            answer = await self._client.request("GET", f"{_path(name)}/rules")
            self._before[name] = list(answer["rules"])
        state = await self._client.request("GET", "/state")
        self._last = self._newest = int(state["journal"]["last"])
        seed = int(state["seed"])
        if seed != experiment.seed:
            for name in self._proxies:
                # Recorded first: if the answer is lost, the rules may be in force.
                self._reseeded[name] = seed
                path, body = self._seeded(name, experiment.seed)
                await self._client.request("PUT", path, body)
        return self._proxies

    async def _take(self, seconds: float) -> str:
        """
        Take a lease.

        @return: its name.
        @raise ClientError: the service refuses, is not there, or is too old.
        """
        try:
            lease = await self._client.request("POST", "/leases", {"for": seconds})
        except RequestRefused as refused:
            if refused.status == 401:
                reason = f"set {TOKEN_VARIABLE} to it"
                raise ClientError(f"{self.url} needs a token: {reason}") from None
            if refused.status != 404:
                raise
            reason = "it is older than this program; use the one that came with it"
            raise ClientError(
                f"{self.url} has no /leases, which experiments need: {reason}"
            ) from None
        return str(lease["name"])

    def _seeded(self, proxy: str, seed: int) -> tuple[str, dict[str, object]]:
        body = {"rules": self._before[proxy], "keep": True, "seed": seed}
        return f"{_path(proxy)}/rules", body

    async def publish(self, status: Mapping[str, object]) -> None:
        """
        Report the progress of the experiment: the body of C{PUT /experiment} without the lease.
        """
        lease = {} if status["outcome"] else {"lease": self._lease}
        await self._client.request("PUT", "/experiment", {**status, **lease})

    async def end(self) -> list[str]:
        """
        Delete the created proxies, end the lease, undo the remaining changes, and restore the seed.
        If the service cannot be reached, the rest is not tried.

        @return: what could not be done.
        """
        failed = []
        if self._missed:
            failed.append(f"{self._missed} entries of the journal of {self.url} were not seen")
            self._missed = 0
        undone = [
            (f"{' and '.join(before)} of proxy {proxy!r} of {self.url} was not put back", path, b)
            for (proxy, _), before in reversed(self._changed.items())
            if proxy not in self._created
            for path, b in [(_path(proxy), _upstream(before))]
        ]
        work: list[tuple[str, str, str, object]] = []
        for name in reversed(self._created):
            words = f"proxy {name!r} of {self.url} was not deleted"
            work.append((words, "DELETE", _path(name), None))
        if self._lease:
            path = f"/leases/{quote(self._lease, safe='')}"
            work.append((f"the lease of {self.url} was not ended", "DELETE", path, None))
        work += [(words, "POST", path, body) for words, path, body in undone]
        for name, seed in self._reseeded.items():
            if name not in self._created:
                words = f"the seed of proxy {name!r} of {self.url} was not put back"
                work.append((words, "PUT", *self._seeded(name, seed)))
        self._lease = ""
        self._changed.clear()
        self._reseeded.clear()
        self._created.clear()
        gone = ""
        for words, method, path, body in work:
            try:
                if not gone:
                    await self._client.request(method, path, body)
            except Unreachable as error:
                gone = error.reason
            except ClientError as error:
                # With a lease that was not renewed in time, its proxies are deleted already.
                if not _isGone(error, method, path):
                    failed.append(f"{words}: {error.reason}")
            if gone:
                failed.append(f"{words}: {gone}")
        return failed

    async def setRules(self, proxy: str, rules: Sequence[Rule], keep: bool) -> None:
        leased = [_leased(rule, self._lease) for rule in rules]
        body = {"rules": [*self._before.get(proxy, ()), *leased], "keep": keep, "state": True}
        answer = await self._client.request("PUT", f"{_path(proxy)}/rules", body)
        if isinstance(answer.get("state"), dict):
            # The next reading of figures can use these.
            self._latestFigures = self._clock.seconds(), self._reading(answer["state"])

    async def addToxic(self, proxy: str, toxic: Rule, key: int) -> None:
        body = {**toxic, "lease": self._lease}
        answer = await self._client.request("POST", f"{_path(proxy)}/toxics", body)
        self._toxics[proxy, key] = str(answer["name"])

    async def removeToxic(self, proxy: str, key: int) -> None:
        """
        Remove a toxic.  A toxic that does not exist any more is not an error.
        """
        name = self._toxics.pop((proxy, key), None)
        if name is None:
            return
        try:
            await self._client.request("DELETE", f"{_path(proxy)}/toxics/{quote(name, safe='')}")
        except RequestRefused as error:
            if error.status != 404:
                raise

    async def change(self, proxy: str, changes: Mapping[str, object], key: int) -> None:
        before = await self._client.request("GET", _path(proxy))
        # Recorded first: if the answer is lost, the proxy may have changed.
        self._changed[proxy, key] = {
            name: before["upstream" if name == "backend" else name] for name in changes
        }
        body = {**_upstream(changes), "lease": self._lease}
        await self._client.request("POST", _path(proxy), body)

    async def restore(self, proxy: str, key: int) -> None:
        """
        Undo a change.  If that fails, it is tried again at the end.
        """
        before = self._changed.get((proxy, key))
        if before is not None:
            body = {**_upstream(before), "lease": self._lease}
            await self._client.request("POST", _path(proxy), body)
            self._changed.pop((proxy, key), None)

    async def read(self, oldest: float = 0.0) -> Reading:
        """
        The figures of the proxies that take part.  This renews the lease if a quarter of its time
        has passed.
        """
        now = self._clock.seconds()
        if self._lease and now - self._renewed >= self._renewal:
            await self._client.request("PUT", f"/leases/{quote(self._lease, safe='')}")
            self._renewed = now
        figures, self._latestFigures = self._latestFigures, None
        if figures is not None and now - figures[0] <= oldest:
            return attrs.evolve(figures[1], time=figures[0] - now)
        return self._reading(await self._client.request("GET", "/state"))

    def _reading(self, answer: Answer) -> Reading:
        self._newest = int(answer["journal"]["last"])
        proxies = [each for each in answer["proxies"] if each["name"] in self._proxies]
        return Reading(0.0, {str(each["name"]): Figures.fromState(each) for each in proxies})

    async def journal(self) -> list[Mapping[str, object]]:
        """
        The journal's entries since the last call, oldest first, and the exchanges that passed, as
        entries of the kind C{passed}.  No request is sent if the last reading showed no new
        entries.
        """
        passed = await self._passed.new(self._proxies)
        if self._newest <= self._last:
            return passed
        asked = await self._client.journal(self._last, 10000, repeat="true")
        # Another call may have read some of them meanwhile.
        entries: list[Mapping[str, object]] = [
            entry for entry in asked if int(str(entry["id"])) > self._last
        ]
        if entries:
            self._missed += int(str(entries[0]["id"])) - self._last - 1
            self._last = int(str(entries[-1]["id"]))
        return entries + passed


def _isGone(error: ClientError, method: str, path: str) -> bool:
    """
    Whether a request failed because the proxy that it was to delete is not there.
    """
    absent = isinstance(error, RequestRefused) and error.status == 404
    return absent and method == "DELETE" and path.startswith("/proxies/")


def _path(proxy: str) -> str:
    return f"/proxies/{quote(proxy, safe='')}"


def _upstream(changes: Mapping[str, object]) -> dict[str, object]:
    return {("upstream" if name == "backend" else name): v for name, v in changes.items()}


def _leased(rule: Rule, lease: str) -> Rule:
    """
    A rule, or the alternatives of a draw, under a lease.
    """
    draw = rule.get("draw")
    if isinstance(draw, list):
        return {**rule, "draw": [{**each, "lease": lease} for each in draw]}
    return {**rule, "lease": lease}
