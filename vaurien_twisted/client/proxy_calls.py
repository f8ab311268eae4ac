# -*- test-case-name: tests.client.test_calls -*-
"""
The methods of both clients for a proxy by its name, as coroutines.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from vaurien_twisted.client.common import journalPath, member
from vaurien_twisted.client.plan_calls import PlanCalls
from vaurien_twisted.model.json_types import Answer


class ProxyCalls(PlanCalls):
    """
    The methods for a proxy by its name.

    @param client: the client of the service.
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
        The address that it listens on, C{HOST:PORT}.

        @raise ClientError: there is no such proxy.
        """
        return str(member(self.url, await self.info(), "listen", str))

    async def update(self, /, **fields: object) -> Answer:
        """
        Change C{listen}, C{upstream} or C{enabled}.  A new address, and disabling, reset all
        connections.

        @return: the proxy as L{info} returns it.
        @raise ClientError: the service refused; nothing has changed.
        """
        return await self.answered("POST", self.path, fields)

    async def enable(self) -> None:
        """
        Enable the proxy: it listens.

        @raise ClientError: the service refused, for example because the port is in use.
        """
        await self.update(enabled=True)

    async def disable(self) -> None:
        """
        Stop listening and reset all connections, as if the backend were down.

        @raise ClientError: the service refused.
        """
        await self.update(enabled=False)

    async def toggle(self) -> bool:
        """
        Disable the proxy if it is enabled, otherwise enable it.

        @return: whether it is enabled now.
        @raise ClientError: the service refused.
        """
        enabled = not member(self.url, await self.info(), "enabled", bool)
        await self.update(enabled=enabled)
        return enabled

    async def delete(self) -> None:
        """
        Delete the proxy, and close its port.

        @raise ClientError: the service refused.
        """
        await self.answered("DELETE", self.path)

    async def toxics(self) -> list[Answer]:
        """
        Its toxics, those of the stream upstream first.

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
        @param lease: the lease at whose end it is removed.
        @param lasting: the time after which it is removed, in seconds.
        @return: the toxic.
        @raise ClientError: the service refused; nothing has changed.
        """
        body = {"type": type, "stream": stream, "toxicity": toxicity, "attributes": attributes}
        given = {"name": name, "lease": lease, "for": lasting}
        body.update((key, value) for key, value in given.items() if value is not None)
        return await self.answered("POST", f"{self.path}/toxics", body)

    async def update_toxic(
        self, /, name: str, toxicity: float | None = None, **attributes: object
    ) -> Answer:
        """
        Change a toxic.  Values that are not given stay.

        @return: the toxic.
        @raise ClientError: the service refused; nothing has changed.
        """
        body: dict[str, object] = {"attributes": attributes}
        if toxicity is not None:
            body["toxicity"] = toxicity
        return await self.answered("POST", f"{self.path}/toxics/{quote(name, safe='')}", body)

    async def remove_toxic(self, name: str) -> None:
        """
        Remove a toxic.

        @raise ClientError: there is no toxic of that name.
        """
        await self.answered("DELETE", f"{self.path}/toxics/{quote(name, safe='')}")

    async def normal(self) -> None:
        """
        Remove all faults of the proxy: its behavior, its rules, its toxics and the rules of single
        connections.  If it is disabled, it stays so.

        @raise ClientError: the service refused.
        """
        await self.answered("POST", f"{self.path}/normal")

    async def connections(self, limit: int = 1000) -> list[Answer]:
        """
        Its open connections, oldest first.

        @param limit: the most connections.
        @raise ClientError: there is no such proxy.
        """
        query = urlencode({"proxy": self.name, "limit": limit})
        return list(await self._get(f"/connections?{query}", "connections", list))

    async def close_connection(self, number: int, reset: bool = False) -> None:
        """
        Close a connection after the bytes that were already written to it.

        @param reset: reset it instead.
        @raise ClientError: there is no open connection of that number.
        """
        query = urlencode({"proxy": self.name, "reset": int(reset)})
        await self.answered("DELETE", f"/connections/{number}?{query}")

    async def explain(self, connection: int, exchange: int = 0) -> Answer:
        """
        The explanation what happened to an exchange and why, or why nothing happened.

        @param exchange: its number; 0 is the connection itself.
        @raise ClientError: the exchange is not known.
        """
        asked = {"proxy": self.name, "connection": connection, "exchange": exchange}
        return await self.answered("GET", f"/explain?{urlencode(asked)}")

    async def journal(
        self, /, since: int = 0, limit: int = 1000, **filters: object
    ) -> list[Answer]:
        """
        The entries of the journal about this proxy, oldest first.

        @param since: the id of the entry after which to begin.
        @param limit: the most entries, 1 to 10000.
        @param filters: those of the client's C{journal}.
        @raise ClientError: the service did not answer.
        """
        path = journalPath(since, limit, {"proxy": self.name, **filters})
        return list(await self._get(path, "journal", list))
