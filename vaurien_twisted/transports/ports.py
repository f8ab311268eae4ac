# -*- test-case-name: tests.transports.test_unix_sockets,tests.transports.test_systemd -*-
"""
A port that stops listening without what Twisted's own would do to files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from twisted.internet.interfaces import IAddress, IListeningPort
from zope.interface import implementer

if TYPE_CHECKING:
    from twisted.internet.tcp import Port


@implementer(IListeningPort)
class OpenPort:
    """
    A port that listens already.  Its socket is closed at the end, and no file is touched.

    @param port: Twisted's port.
    """

    def __init__(self, port: IListeningPort) -> None:
        self._port: Port | None = cast("Port", port)

    def startListening(self) -> None:
        """
        Nothing: it listens.
        """

    def stopListening(self) -> None:
        """
        Accept no more.
        """
        port, self._port = self._port, None
        if port is not None:
            port.stopReading()
            port.socket.close()
            self.closed()
            assert port.factory is not None
            port.factory.doStop()

    def closed(self) -> None:
        """
        Called when the socket is closed, before the factory stops; does nothing here.
        """

    def getHost(self) -> IAddress:
        """
        Where it listens.

        @raise RuntimeError: it does not.
        """
        if self._port is None:
            raise RuntimeError("the port is not listening")
        host: IAddress = self._port.getHost()
        return host
