# -*- test-case-name: tests.control.test_lazy_site -*-
"""
Loads the site in the background.

The modules of the control site take longer to import than the rest of Vaurien.  So the port
opens before they are imported, and a thread imports them while bytes are relayed.  A client that
connects earlier waits, and the reactor with it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from threading import Thread
from typing import Any, cast

from twisted.internet.interfaces import IAddress, IProtocolFactory, IReactorThreads
from twisted.internet.protocol import Factory

from vaurien_twisted.interfaces.network import IServerReactor


class LazySite(Factory):
    """
    Stands in for another factory until that is loaded, and then passes it every connection.

    @param module: the name of the module that is slow to import.
    @param make: makes the factory; imports the module.
    """

    noisy = False

    def __init__(self, module: str, make: Callable[[], IProtocolFactory]) -> None:
        self._module = module
        self._make = make
        self._factory: IProtocolFactory | None = None

    def load(self, reactor: IServerReactor) -> None:
        """
        Import the module in a thread once C{reactor} runs.  Does nothing if it is imported already
        or the reactor has no threads.
        """
        threads: bool = IReactorThreads.providedBy(reactor)
        if threads and self._module not in sys.modules:
            reactor.callWhenRunning(self._begin, reactor)

    def _begin(self, reactor: IServerReactor) -> None:
        # Not from the reactor's thread pool, whose threads stay: operations on file descriptors
        # are slower in a process with several threads.
        Thread(target=self._import, args=(reactor,), daemon=True).start()

    def _import(self, reactor: IServerReactor) -> None:
        try:
            import_module(self._module)
        except Exception:
            # The first connection raises it again, and logs it.
            return
        reactor.callFromThread(self._ready)

    def _ready(self) -> IProtocolFactory | None:
        """
        The factory; C{None} if all ports are closed.
        """
        if self._factory is None and self.numPorts:
            self._factory = self._make()
            self._factory.doStart()
        return self._factory

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """
        Build the protocol of a connection; this needs the factory now.
        """
        factory = self._ready()
        return None if factory is None else factory.buildProtocol(cast(IAddress, addr))

    def stopFactory(self) -> None:
        factory, self._factory = self._factory, None
        if factory is not None:
            factory.doStop()
