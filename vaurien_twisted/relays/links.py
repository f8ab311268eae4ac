# -*- test-case-name: tests.relays.test_protocols -*-
"""
The open links of one proxy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from twisted.internet.defer import Deferred
from twisted.logger import Logger

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


class Links:
    """
    Keeps the links of one proxy until they end, and counts their bytes and exchanges.

    @ivar context: the objects that the links share.
    @ivar open: the links that have not ended.
    @ivar bare: whether new links are bare: no rule can affect their bytes, and they need no
        framing.
    """

    _log = Logger()

    def __init__(self, context: ProxyContext) -> None:
        self.context = context
        self.open: set[Link] = set()
        self.bare = False
        # Twisted creates a new logger each time an instance reads the class's logger.
        self._logger = self._log
        self._emptied: list[Deferred[None]] = []

    def __iter__(self) -> Iterator[Link]:
        return iter(list(self.open))

    def ended(self, link: Link) -> None:
        """
        Remove a link whose two connections are lost.
        """
        self.open.discard(link)
        context = self.context
        traffic, exchanges, connection = link.traffic, link.exchanges, link.connection
        context.decider.forget(connection)
        context.counters.linkEnded(traffic, exchanges, connection.number)
        if not self.open:
            emptied, self._emptied = self._emptied, []
            for each in emptied:
                each.callback(None)
        if link.unlogged:
            return
        logInfo(
            self._logger,
            ENDED,
            name=context.name,
            number=connection.number,
            client=connection.client,
            exchanges=exchanges,
            received=traffic.fromClient,
            sent=traffic.toClient,
        )

    async def close(self) -> None:
        """
        Close every link in order, each end after the bytes that were already written to it;
        returns when the last link has ended.  A link that takes longer than L{GRACE}, because an
        end does not read, is reset.
        """
        for link in self:
            link.hangUp()
        if self.open:
            late = self.context.reactor.callLater(GRACE, self._resetAll, list(self.open))
            await self._emptying()
            if late.active():
                late.cancel()

    async def reset(self) -> None:
        """
        Reset every link; returns when the last link has ended.
        """
        self._resetAll(list(self.open))
        await self._emptying()

    def _resetAll(self, links: Iterable[Link]) -> None:
        for link in links:
            if link in self.open:
                link.reset()

    async def _emptying(self) -> None:
        if self.open:
            emptied: Deferred[None] = Deferred()
            self._emptied.append(emptied)
            await emptied
