# -*- test-case-name: tests.control.test_service -*-
"""
The control service: listens, and closes its connections when it stops.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger

from vaurien_twisted.control.access import Access
from vaurien_twisted.control.connection_limit import ConnectionLimit
from vaurien_twisted.control.deadlines import OpenConnections
from vaurien_twisted.control.lazy_site import LazySite
from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.model.names import bareHost
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.transports.addresses import addressText, listenOn, serverEndpoint

if TYPE_CHECKING:
    from twisted.web.server import Site

    from vaurien_twisted.metrics.history import History


class ControlService(Service):
    """
    Serves the control site on C{host} and C{port}.

    @param host: a name or IP address to listen on; requests may have it as their C{Host}.
    @param port: 0 to 65535; 0 for a free port.
    @param access: who may use it.
    @param options: the names of the options that set C{host} and C{port}.
    @param history: the history of the proxies, which others start; without it, C{/history} is
        empty.
    @param most: limits the number of connections, together with those of other control services
        that were given the same object; C{None}: those of this one.
    @ivar listening: fires when the service listens, fails with L{Refused} if it cannot;
        C{None} before it was started.
    @raise Refused: C{host} is not valid, or is open to other machines without a token.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: IServerReactor,
        host: str,
        port: int,
        proxies: ProxyCollection,
        access: Access | None = None,
        options: tuple[str, str] = ("http_host", "http_port"),
        history: History | None = None,
        most: ConnectionLimit | None = None,
    ) -> None:
        access = Access() if access is None else access
        host = bareHost(host)
        hostOption, self._portOption = options
        self._text = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._server = serverEndpoint(reactor, self._text, hostOption)
        access.check(host, hostOption)
        self._reactor = reactor
        self._site: Callable[[], Site] = partial(
            _site, reactor, proxies, [host], access.token, access.anyName(host), history
        )
        self._most = ConnectionLimit(reactor.seconds) if most is None else most
        self._connections: OpenConnections | None = None
        self._port: IListeningPort | None = None
        self.listening: Deferred[None] | None = None

    @property
    def address(self) -> str:
        """
        The address that it listens on, C{HOST:PORT}; C{} while it does not listen.
        """
        return "" if self._port is None else addressText(self._port.getHost())

    def preload(self) -> None:
        """
        Load the site now: later the process may not be allowed to read its files.
        """
        site = self._site()
        self._site = lambda: site

    def privilegedStartService(self) -> None:
        """
        Begin to listen, if it has not begun yet; L{listening} has the result.
        """
        if self.listening is None:
            self.listening = Deferred.fromCoroutine(self._listen())

    def startService(self) -> None:
        super().startService()
        self.privilegedStartService()

    async def _listen(self) -> None:
        site = LazySite("vaurien_twisted.control.site", self._site)
        self._connections = OpenConnections(site, self._reactor, self._most)
        self._port = await listenOn(self._server, self._connections, self._text, self._portOption)
        self._log.info("control: http://{address}", address=self.address)
        site.load(self._reactor)

    def stopService(self) -> Deferred[None]:
        """
        Fires when the port is free and no connection is left.
        """
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        port, self._port, self.listening = self._port, None, None
        if port is not None:
            await maybeDeferred(port.stopListening)
        if self._connections is not None:
            await self._connections.abort()


def _site(
    reactor: IServerReactor,
    proxies: ProxyCollection,
    names: list[str],
    token: str,
    anyName: bool,
    history: History | None,
) -> Site:
    """
    Make the site; this imports its modules.
    """
    from vaurien_twisted.control.site import controlRoot, controlSite

    return controlSite(reactor, controlRoot(proxies, names, token, anyName, history))
