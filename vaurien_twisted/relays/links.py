# -*- test-case-name: tests.relays.test_client_protocol -*-
"""
The open links of one proxy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from vaurien_twisted.record.counters import Bytes
from vaurien_twisted.record.logs import logInfo
from vaurien_twisted.relays.context import ProxyContext
from vaurien_twisted.relays.link import Link

#: The log line at the end of a connection.
ENDED = (
    "{name}: connection {number} from {client} ended after {exchanges} exchanges, "
    "{received} bytes from it and {sent} to it"
)

#: How long links that are closed in order may take, in seconds.
GRACE = 0.5


class Outgrowing(Protocol):
    """
    A link without protocols and transports.
    """

    def outgrow(self) -> None:
        """
        Become a L{Link}.
        """


class Links(Set[Link]):
    """
    The links of one proxy that have not ended.  When one ends, its bytes and exchanges are added to
    the counters of the proxy.

    @ivar context: the objects that the links share.
    @ivar accepted: the number of clients that have connected.
    @ivar sockets: the links that have not ended and are only sockets as yet.
    @ivar bare: whether new links are bare: no rule can affect their bytes, and they need no
        framing.
    """

    _log = Logger()

    def __init__(self, context: ProxyContext) -> None:
        self.context = context
        self.accepted = 0
        self.sockets: set[Outgrowing] = set()
        self._open: set[Link] = set()
        self.bare = False
        # Twisted creates a new logger each time an instance reads the class's logger.
        self._logger = self._log
        self._emptied: list[Deferred[None]] = []

    def __iter__(self) -> Iterator[Link]:
        for each in list(self.sockets):
            each.outgrow()
        return iter(list(self._open))

    def __contains__(self, link: object) -> bool:
        return link in self._open

    def __len__(self) -> int:
        return len(self._open) + len(self.sockets)

    def add(self, link: Link) -> None:
        """
        A link begins.
        """
        self._open.add(link)

    def ended(self, link: Link) -> None:
        """
        Remove a link whose two connections are lost.
        """
        self._open.discard(link)
        self.context.decider.forget(link.connection)
        connection = link.connection
        number = connection.number
        self.count(number, connection.client, link.traffic, link.exchanges, not link.unlogged)

    def count(
        self, number: int, client: str, traffic: Bytes, exchanges: int = 0, logged: bool = True
    ) -> None:
        """
        Add the counts of a link that was removed to those of the proxy, and log its end.

        @param number: the number of its connection.
        @param client: the address of its client.
        @param logged: whether the log has a line about it.
        """
        context = self.context
        context.counters.linkEnded(traffic, exchanges, number)
        if self._emptied and not self:
            emptied, self._emptied = self._emptied, []
            for each in emptied:
                each.callback(None)
        if logged:
            logInfo(
                self._logger,
                ENDED,
                name=context.name,
                number=number,
                client=client,
                exchanges=exchanges,
                received=traffic[0],
                sent=traffic[3],
            )

    async def close(self) -> None:
        """
        Close every link in order, each end after the bytes that were already written to it;
        returns when the last link has ended.  A link that takes longer than L{GRACE}, because an
        end does not read, is reset.
        """
        for link in self:
            link.hangUp()
        if self:
            late = self.context.reactor.callLater(GRACE, self._resetAll, list(self))
            await self._emptying()
            if late.active():
                late.cancel()

    async def reset(self) -> None:
        """
        Reset every link; returns when the last link has ended.
        """
        self._resetAll(list(self))
        await self._emptying()

    def _resetAll(self, links: Iterable[Link]) -> None:
        for link in links:
            if link in self:
                link.reset()

    async def _emptying(self) -> None:
        if self:
            emptied: Deferred[None] = Deferred()
            self._emptied.append(emptied)
            await emptied
