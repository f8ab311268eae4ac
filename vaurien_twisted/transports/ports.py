# -*- test-case-name: tests.transports.test_unix_sockets,tests.transports.test_systemd -*-
"""
A listening port that removes no files when it stops.

Twisted's own port removes the file and the lock of a UNIX socket.
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
    A port that is listening already.  When it stops, it closes its socket and removes no file.

    @param port: the Twisted port that listens.
    """

    def __init__(self, port: IListeningPort) -> None:
        self._port: Port | None = cast("Port", port)

    def startListening(self) -> None:
        """
        Does nothing, since the port is listening.
        """

    def stopListening(self) -> None:
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
        The address that it listens on.

        @raise RuntimeError: it has stopped.
        """
        if self._port is None:
            raise RuntimeError("the port is not listening")
        host: IAddress = self._port.getHost()
        return host
