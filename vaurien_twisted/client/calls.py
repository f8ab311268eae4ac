# -*- test-case-name: tests.client.test_calls -*-
"""
The methods of both clients for a service, written once, as coroutines.
L{blocking<vaurien_twisted.client.driving.blocking>} makes the blocking client's methods of them.
"""

from __future__ import annotations

from urllib.parse import quote

from vaurien_twisted.client.common import journalPath, member
from vaurien_twisted.client.plan_calls import PlanCalls
from vaurien_twisted.model.json_types import Answer


class ServiceCalls(PlanCalls):
    """
    The methods for the whole service, and for its first proxy.
    """

    async def list_behaviors(self) -> list[str]:
        """
        The names of all behaviors, sorted.

        @raise ClientError: the service did not answer.
        """
        return list(await self._get("/behaviors", "behaviors", list))

    async def list_protocols(self) -> list[str]:
        """
        The names of the wire protocols, sorted.

        @raise ClientError: the service did not answer.
        """
        return sorted(await self._get("/protocols", "protocols", dict))

    async def journal(
        self, /, since: int = 0, limit: int = 1000, **filters: object
    ) -> list[Answer]:
        """
        The entries of the journal, oldest first.

        @param since: the id of the entry after which to begin.
        @param limit: the most entries, 1 to 10000.
        @param filters: C{proxy}, C{connection}, C{kind}, C{rule} (its name), C{after} (seconds
            since 1970), C{latest} (the number of newest entries), C{repeat} (adds what repeats each
            decision).
        @raise ClientError: the service did not answer.
        """
        return list(await self._get(journalPath(since, limit, filters), "journal", list))

    async def state(self) -> Answer:
        """
        The answer of C{GET /state}: the version, the seed, all proxies with their faults and
        counts, and the id of the journal's last entry.

        @raise ClientError: the service did not answer.
        """
        return await self.answered("GET", "/state")

    async def reset(self) -> None:
        """
        Enable all proxies and remove all toxics; rules stay.

        @raise ClientError: the service refused.
        """
        await self.answered("POST", "/reset", {})

    async def normal(self) -> None:
        """
        Remove all faults of all proxies: behaviors, rules, toxics and the rules of single
        connections.  Proxies that are disabled stay so.

        @raise ClientError: the service refused.
        """
        await self.answered("POST", "/normal")

    async def names(self) -> list[str]:
        """
        The names of the proxies, in the order of the service.

        @raise ClientError: the service did not answer.
        """
        return list(await self.answered("GET", "/proxies"))

    async def take_lease(self, seconds: float = 30.0, name: str = "") -> str:
        """
        Take a lease.  When it ends, rules, toxics and behaviors whose C{lease} has its name are
        removed, and such proxies are deleted.

        @param seconds: the time after which it ends unless it is renewed.
        @param name: by default a random name.
        @return: its name.
        @raise ClientError: the service refused.
        """
        body: dict[str, object] = {"for": seconds}
        if name:
            body["name"] = name
        return str(member(self.url, await self.answered("POST", "/leases", body), "name", str))

    async def renew_lease(self, name: str) -> None:
        """
        Renew a lease for its whole time.

        @raise ClientError: the lease has ended.
        """
        await self.answered("PUT", _lease(name), {})

    async def end_lease(self, name: str) -> None:
        """
        End a lease, and remove what was set under it.

        @raise ClientError: the lease has ended.
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
