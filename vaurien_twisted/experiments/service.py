# -*- test-case-name: tests.integration.test_experiment -*-
"""
A running Vaurien, or a fleet of them, as an experiment drives it: over REST.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from vaurien_twisted.client.aio import AsyncClient
from vaurien_twisted.client.common import ClientError, RequestRefused
from vaurien_twisted.experiments.document import Experiment
from vaurien_twisted.experiments.effects import Rule
from vaurien_twisted.experiments.figures import Figures, Reading

T = TypeVar("T")


class Service:
    """
    One running Vaurien.

    @param client: for its control service.
    """

    def __init__(self, client: AsyncClient) -> None:
        self.url = client.url
        self._client = client
        self._created: list[str] = []
        self._before: dict[str, Sequence[Rule]] = {}
        self._proxies: list[str] = []
        self._lease = ""
        self._last = 0

    async def begin(self, experiment: Experiment) -> list[str]:
        """
        Create the experiment's proxies, and remember what the others have in force.

        @raise ClientError: the service refuses, or is not there.
        """
        there = await self._client.request("GET", "/proxies")
        for name, declared in experiment.proxies.items():
            if declared is not None:
                body = {"name": name, **declared}
                if "backend" in body:
                    body["upstream"] = body.pop("backend")
                await self._client.request("POST", "/proxies", body)
                self._created.append(name)
            elif name not in there:
                known = ", ".join(sorted(there)) or "none"
                raise ClientError(f"{self.url} has no proxy {name!r} (it has: {known})")
        self._proxies = list(experiment.proxies) or list(there)
        for name in self._proxies:
            answer = await self._client.request("GET", f"{_path(name)}/rules")
            self._before[name] = list(answer["rules"])
        lease = await self._client.request("POST", "/leases", {"for": experiment.policy.lease})
        self._lease = str(lease["name"])
        state = await self._client.request("GET", "/state")
        self._last = int(state["journal"]["last"])
        return self._proxies

    async def end(self) -> list[str]:
        """
        Delete the proxies that were created.

        @return: what could not be done.
        """
        failed = []
        if self._lease:
            try:
                await self._client.request("DELETE", f"/leases/{quote(self._lease, safe='')}")
            except ClientError as error:
                failed.append(f"the lease of {self.url} was not ended: {error.reason}")
            self._lease = ""
        for name in reversed(self._created):
            try:
                await self._client.request("DELETE", _path(name))
            except ClientError as error:
                failed.append(f"proxy {name!r} of {self.url} was not deleted: {error.reason}")
        self._created.clear()
        return failed

    async def setRules(self, proxy: str, rules: Sequence[Rule], keep: bool) -> None:
        """
        Put rules in force after those that the proxy had before.
        """
        leased = [_leased(rule, self._lease) for rule in rules]
        body = {"rules": [*self._before.get(proxy, ()), *leased], "keep": keep}
        await self._client.request("PUT", f"{_path(proxy)}/rules", body)

    async def addToxic(self, proxy: str, toxic: Rule) -> str:
        """
        Add a toxic; its name is returned.
        """
        body = {**toxic, "lease": self._lease}
        answer = await self._client.request("POST", f"{_path(proxy)}/toxics", body)
        return str(answer["name"])

    async def removeToxic(self, proxy: str, name: str) -> None:
        """
        Remove a toxic.  One that is gone already is no error.
        """
        try:
            await self._client.request("DELETE", f"{_path(proxy)}/toxics/{quote(name, safe='')}")
        except RequestRefused as error:
            if error.status != 404:
                raise

    async def change(self, proxy: str, changes: Mapping[str, object]) -> Mapping[str, object]:
        """
        Change C{enabled} or C{backend}; what they were is returned.
        """
        before = await self._client.request("GET", _path(proxy))
        body = {("upstream" if name == "backend" else name): v for name, v in changes.items()}
        await self._client.request("POST", _path(proxy), body)
        return {name: before["upstream" if name == "backend" else name] for name in changes}

    async def read(self) -> Reading:
        """
        The figures of the proxies that take part.  This renews the lease.
        """
        if self._lease:
            await self._client.request("PUT", f"/leases/{quote(self._lease, safe='')}")
        answer = await self._client.request("GET", "/state")
        return Reading(
            0.0,
            {
                str(each["name"]): Figures(
                    int(each["exchanges"]),
                    _counted(each.get("failed")),
                    int(each["open"]),
                    _durations(each["duration"]["buckets"]),
                )
                for each in answer["proxies"]
                if each["name"] in self._proxies
            },
        )

    async def journal(self) -> list[Mapping[str, object]]:
        """
        What was decided since it was asked last, oldest first.
        """
        entries: list[Mapping[str, object]] = [*await self._client.journal(self._last, 10000)]
        if entries:
            self._last = int(str(entries[-1]["id"]))
        return entries


class Fleet:
    """
    Several services that are driven at once.

    @param missing: called when one does not answer, with its URL and why.  It decides: where
        it returns C{False}, the error is raised; else the others go on without it.
    """

    def __init__(self, services: Sequence[Service], missing: Callable[[str, str], bool]) -> None:
        self.services = list(services)
        self._missing = missing

    async def _all(self, do: Callable[[Service], Awaitable[T]]) -> list[T]:
        services = list(self.services)
        results = await DeferredList(
            [Deferred.fromCoroutine(_await(do, each)) for each in services], consumeErrors=True
        )
        found: list[T] = []
        for service, (_, result) in zip(services, results, strict=True):
            if not isinstance(result, Failure):
                found.append(result)
            elif service in self.services:
                if not self._missing(service.url, str(result.value)):
                    result.raiseException()
                self.services.remove(service)
        if not found and services:
            raise ClientError("no service is left")
        return found

    async def begin(self, experiment: Experiment) -> list[str]:
        """
        See L{Service.begin}.
        """
        names = await self._all(lambda each: each.begin(experiment))
        return sorted(set().union(*map(set, names)))

    async def end(self) -> list[str]:
        """
        See L{Service.end}.
        """
        return [line for lines in await self._all(lambda each: each.end()) for line in lines]

    async def setRules(self, proxy: str, rules: Sequence[Rule], keep: bool) -> None:
        """
        See L{Service.setRules}.
        """
        await self._all(lambda each: each.setRules(proxy, rules, keep))

    async def addToxic(self, proxy: str, toxic: Rule) -> str:
        """
        See L{Service.addToxic}.
        """
        return (await self._all(lambda each: each.addToxic(proxy, toxic)))[0]

    async def removeToxic(self, proxy: str, name: str) -> None:
        """
        See L{Service.removeToxic}.
        """
        await self._all(lambda each: each.removeToxic(proxy, name))

    async def change(self, proxy: str, changes: Mapping[str, object]) -> Mapping[str, object]:
        """
        See L{Service.change}.
        """
        return (await self._all(lambda each: each.change(proxy, changes)))[0]

    async def read(self) -> Reading:
        """
        The figures of all services, added by the proxies' names.
        """
        merged: dict[str, Figures] = {}
        for reading in await self._all(lambda each: each.read()):
            for name, figures in reading.proxies.items():
                merged[name] = merged[name].plus(figures) if name in merged else figures
        return Reading(0.0, merged)

    async def journal(self) -> list[Mapping[str, object]]:
        """
        What was decided on all services since they were asked last, by time; each entry with
        its C{service}.
        """

        async def one(service: Service) -> list[Mapping[str, object]]:
            return [{"service": service.url, **entry} for entry in await service.journal()]

        entries = [entry for found in await self._all(one) for entry in found]
        return sorted(entries, key=lambda entry: float(str(entry["time"])))


async def _await(do: Callable[[Service], Awaitable[T]], service: Service) -> T:
    return await do(service)


def _path(proxy: str) -> str:
    return f"/proxies/{quote(proxy, safe='')}"


def _counted(value: object) -> int | None:
    """
    A count; C{None} from a service that does not count it.
    """
    return None if value is None else int(str(value))


def _durations(buckets: Sequence[tuple[float | None, int]]) -> dict[float, int]:
    """
    The buckets of a histogram by their upper bounds; the last has none.
    """
    return {float("inf") if bound is None else bound: count for bound, count in buckets}


def _leased(rule: Rule, lease: str) -> Rule:
    """
    A rule, or the alternatives of a draw, under a lease.
    """
    draw = rule.get("draw")
    if isinstance(draw, list):
        return {**rule, "draw": [{**each, "lease": lease} for each in draw]}
    return {**rule, "lease": lease}
