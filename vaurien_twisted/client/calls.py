# -*- test-case-name: tests.client.test_calls -*-
"""
What both clients can ask of a service, written once, as coroutines; the blocking client's
methods are made of them by L{blocking<vaurien_twisted.client.driving.blocking>}.
"""

from __future__ import annotations

from urllib.parse import quote

from vaurien_twisted.client.common import journalPath, member
from vaurien_twisted.client.plan_calls import PlanCalls
from vaurien_twisted.model.json_types import Answer


class ServiceCalls(PlanCalls):
    """
    What can be asked of the whole service, and of its first proxy.
    """

    async def list_behaviors(self) -> list[str]:
        """
        The names that L{set_behavior} takes, sorted.

        @raise ClientError: there is no answer.
        """
        return list(await self._get("/behaviors", "behaviors", list))

    async def list_protocols(self) -> list[str]:
        """
        The names of the wire protocols, sorted.

        @raise ClientError: there is no answer.
        """
        return sorted(await self._get("/protocols", "protocols", dict))

    async def journal(
        self, /, since: int = 0, limit: int = 1000, **filters: object
    ) -> list[Answer]:
        """
        What was decided and done, oldest first.

        @param since: the id of the last entry that is known already.
        @param limit: how many at most, 1 to 10000.
        @param filters: C{proxy}, C{connection}, C{kind}, C{rule} (its name), C{after} (seconds
            since 1970), C{latest} (so many of the newest), C{repeat} (what is needed to take each
            decision again).
        @raise ClientError: there is no answer.
        """
        return list(await self._get(journalPath(since, limit, filters), "journal", list))

    async def state(self) -> Answer:
        """
        The version, the seed, all proxies with what is in force and their sums, and the id of
        the journal's last entry, as C{GET /state} tells them.

        @raise ClientError: there is no answer.
        """
        return await self.answered("GET", "/state")

    async def reset(self) -> None:
        """
        Enable all proxies and remove all toxics; rules stay.

        @raise ClientError: it was not done.
        """
        await self.answered("POST", "/reset", {})

    async def normal(self) -> None:
        """
        Remove everything that is in force on all proxies: behaviors, rules, toxics and the rules
        of single connections.  Proxies that are disabled stay so.

        @raise ClientError: it was not done.
        """
        await self.answered("POST", "/normal")

    async def names(self) -> list[str]:
        """
        The names of the proxies, in the order of the service.

        @raise ClientError: there is no answer.
        """
        return list(await self.answered("GET", "/proxies"))

    async def take_lease(self, seconds: float = 30.0, name: str = "") -> str:
        """
        Take a lease: rules, toxics and behaviors with its name as their C{lease} are lifted when
        it ends, and proxies are deleted.

        @param seconds: after how many it ends unless it is renewed.
        @param name: by default one that cannot be guessed.
        @return: its name.
        @raise ClientError: it was not done.
        """
        body: dict[str, object] = {"for": seconds}
        if name:
            body["name"] = name
        return str(member(self.url, await self.answered("POST", "/leases", body), "name", str))

    async def renew_lease(self, name: str) -> None:
        """
        Hold a lease for its whole time again.

        @raise ClientError: it has ended.
        """
        await self.answered("PUT", _lease(name), {})

    async def end_lease(self, name: str) -> None:
        """
        End a lease, and lift what was set under it.

        @raise ClientError: it has ended.
        """
        await self.answered("DELETE", _lease(name))

    async def declare(
        self,
        name: str,
        upstream: str,
        listen: str = "127.0.0.1:0",
        protocol: str | None = None,
        **fields: object,
    ) -> Answer:
        """
        Create a proxy; see L{vaurien_twisted.client.blocking.Client.create_proxy}.
        """
        body: dict[str, object] = {"name": name, "upstream": upstream, "listen": listen}
        if protocol is not None:
            body["protocol"] = protocol
        return await self.answered("POST", "/proxies", {**body, **fields})


def _lease(name: str) -> str:
    return f"/leases/{quote(name, safe='')}"
