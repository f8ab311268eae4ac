# -*- test-case-name: tests.control.test_lazy_site -*-
"""
A site that is loaded beside everything else.

What the control site is made of takes longer to load than all the rest of Vaurien.  So the
port is opened without it, and a thread loads it while bytes are relayed.  Who asks earlier
than that waits for it, and so does everything else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from threading import Thread
from typing import Any

from twisted.internet.interfaces import IAddress, IReactorThreads
from twisted.internet.protocol import Factory


class LoadedLater(Factory):
    """
    Stands for another factory until that is loaded, and hands it every connection.

    @param module: the name of what takes long to import.
    @param make: makes the factory; imports the module.
    """

    noisy = False

    def __init__(self, module: str, make: Callable[[], Any]) -> None:
        self._module = module
        self._make = make
        self._factory: Any = None

    def load(self, reactor: Any) -> None:
        """
        Load it in a thread, once C{reactor} runs; nothing where it is loaded already, or the
        reactor has no threads.
        """
        threads: Any = IReactorThreads(reactor, None)
        if self._module not in sys.modules and threads is not None:
            threads.callWhenRunning(self._begin, threads)

    def _begin(self, reactor: Any) -> None:
        # None of the reactor's threads, which stay: file descriptors cost a process more that
        # has several.
        Thread(target=self._import, args=(reactor,), daemon=True).start()

    def _import(self, reactor: Any) -> None:
        try:
            import_module(self._module)
        except Exception:
            # Who connects meets the same, where it is told.
            return
        reactor.callFromThread(self._ready)

    def _ready(self) -> Any:
        """
        The factory, C{None} where that is no longer wanted.
        """
        if self._factory is None and self.numPorts:
            self._factory = self._make()
            self._factory.doStart()
        return self._factory

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """
        A protocol for a connection: now the factory is needed.
        """
        factory = self._ready()
        return None if factory is None else factory.buildProtocol(addr)

    def stopFactory(self) -> None:
        """
        No port is left.
        """
        factory, self._factory = self._factory, None
        if factory is not None:
            factory.doStop()
