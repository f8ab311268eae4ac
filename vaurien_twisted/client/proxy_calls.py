# -*- test-case-name: tests.client.test_calls -*-
"""
What both clients can ask of a proxy by its name, as coroutines.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from vaurien_twisted.client.common import journalPath, member
from vaurien_twisted.client.plan_calls import PlanCalls
from vaurien_twisted.model.json_types import Answer


class ProxyCalls(PlanCalls):
    """
    What can be asked of a proxy by its name.

    @param client: asks the service.
    @ivar name: its name.
    """

    def __init__(self, client: PlanCalls, name: str) -> None:
        self.client = client
        self.url = client.url
        self.name = name
        self.prefix = self.path

    async def answered(self, method: str, path: str, body: object = None) -> Answer:
        return await self.client.answered(method, path, body)

    @property
    def path(self) -> str:
        return f"/proxies/{quote(self.name, safe='')}"

    async def info(self) -> Answer:
        """
        Its C{name}, C{listen}, C{upstream}, C{enabled}, C{protocol} and C{toxics}.

        @raise ClientError: there is no such proxy.
        """
        return await self.answered("GET", self.path)

    async def address(self) -> str:
        """
        Where it listens, C{HOST:PORT}.

        @raise ClientError: there is no such proxy.
        """
        return str(member(self.url, await self.info(), "listen", str))

    async def update(self, /, **fields: object) -> Answer:
        """
        Change C{listen}, C{upstream} or C{enabled}.  Another address, and an end of being
        enabled, reset all connections.

        @return: what L{info} tells after that.
        @raise ClientError: it was not done; nothing has changed.
        """
        return await self.answered("POST", self.path, fields)

    async def enable(self) -> None:
        """
        Listen, if it did not.

        @raise ClientError: it cannot.
        """
        await self.update(enabled=True)

    async def disable(self) -> None:
        """
        Stop listening and reset all connections, as if the backend were down.

        @raise ClientError: it was not done.
        """
        await self.update(enabled=False)

    async def toggle(self) -> bool:
        """
        Disable the proxy if it is enabled, else enable it.

        @return: whether it is enabled now.
        @raise ClientError: it was not done.
        """
        enabled = not member(self.url, await self.info(), "enabled", bool)
        await self.update(enabled=enabled)
        return enabled

    async def delete(self) -> None:
        """
        Delete the proxy; its port is free after that.

        @raise ClientError: it was not done.
        """
        await self.answered("DELETE", self.path)

    async def toxics(self) -> list[Answer]:
        """
        Its toxics, those upstream first.

        @raise ClientError: there is no such proxy.
        """
        return list(member(self.url, await self.info(), "toxics", list))

    async def add_toxic(
        self,
        /,
        type: str,
        name: str | None = None,
        stream: str = "downstream",
        toxicity: float = 1.0,
        *,
        lease: str | None = None,
        lasting: float | str | None = None,
        **attributes: object,
    ) -> Answer:
        """
        Add a toxic: C{add_toxic("latency", latency=100)}.

        @param name: by default C{TYPE_STREAM}.
        @param toxicity: the share of connections that it applies to, 0 to 1.
        @param lease: the lease with whose end it is removed.
        @param lasting: after how many seconds it is removed.
        @return: the toxic.
        @raise ClientError: it was not done; nothing has changed.
        """
        body = {"type": type, "stream": stream, "toxicity": toxicity, "attributes": attributes}
        given = {"name": name, "lease": lease, "for": lasting}
        body.update((key, value) for key, value in given.items() if value is not None)
        return await self.answered("POST", f"{self.path}/toxics", body)

    async def update_toxic(
        self, /, name: str, toxicity: float | None = None, **attributes: object
    ) -> Answer:
        """
        Change a toxic; what is not given stays.

        @return: the toxic.
        @raise ClientError: it was not done; nothing has changed.
        """
        body: dict[str, object] = {"attributes": attributes}
        if toxicity is not None:
            body["toxicity"] = toxicity
        return await self.answered("POST", f"{self.path}/toxics/{quote(name, safe='')}", body)

    async def remove_toxic(self, name: str) -> None:
        """
        Remove a toxic.

        @raise ClientError: there is none of that name.
        """
        await self.answered("DELETE", f"{self.path}/toxics/{quote(name, safe='')}")

    async def normal(self) -> None:
        """
        Remove everything that is in force on it: its behavior, its rules, its toxics and the
        rules of single connections.  If it is disabled, it stays so.

        @raise ClientError: it was not done.
        """
        await self.answered("POST", f"{self.path}/normal")

    async def connections(self, limit: int = 1000) -> list[Answer]:
        """
        Its open connections, oldest first.

        @param limit: how many at most.
        @raise ClientError: there is no such proxy.
        """
        query = urlencode({"proxy": self.name, "limit": limit})
        return list(await self._get(f"/connections?{query}", "connections", list))

    async def close_connection(self, number: int, reset: bool = False) -> None:
        """
        Close a connection after what was already written to it.

        @param reset: reset it instead.
        @raise ClientError: there is none of that number.
        """
        query = urlencode({"proxy": self.name, "reset": int(reset)})
        await self.answered("DELETE", f"/connections/{number}?{query}")

    async def explain(self, connection: int, exchange: int = 0) -> Answer:
        """
        What happened to an exchange, and why, or why nothing did.

        @param exchange: its number; 0 is the connection itself.
        @raise ClientError: nothing is known of it.
        """
        asked = {"proxy": self.name, "connection": connection, "exchange": exchange}
        return await self.answered("GET", f"/explain?{urlencode(asked)}")

    async def journal(
        self, /, since: int = 0, limit: int = 1000, **filters: object
    ) -> list[Answer]:
        """
        Those entries of the journal that are about this proxy, oldest first.

        @param since: the id of the last entry that is known already.
        @param limit: how many at most, 1 to 10000.
        @param filters: as those of the client's journal.
        @raise ClientError: there is no answer.
        """
        path = journalPath(since, limit, {"proxy": self.name, **filters})
        return list(await self._get(path, "journal", list))
