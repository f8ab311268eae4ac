# -*- test-case-name: tests.test_reachability -*-
"""
C{--connect-first}: a proxy that listens only while its backend can be connected to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from vaurien_twisted.reachability import Reachability
from vaurien_twisted.relays.factory import RelayFactory


class ConnectFirst:
    """
    Says whether a proxy may listen, as far as its backend is concerned.

    @param relays: know the backend, and whom to tell.
    @param wanted: whether the backend counts at all.
    @param changed: called when another answer is due.
    """

    _log = Logger()

    def __init__(
        self, reactor: Any, relays: RelayFactory, wanted: bool, changed: Callable[[], None]
    ) -> None:
        self._relays = relays
        self._changed = changed
        self._reach: Reachability | None = None
        if wanted:
            self._reach = Reachability(reactor, lambda: relays.backend, self._reached)
            relays.missed = self._reach.doubt

    @property
    def open(self) -> bool:
        """
        Whether it may.
        """
        return self._reach is None or self._reach.reachable

    async def begin(self) -> None:
        """
        Know it when this returns, and from then on.
        """
        reach = self._reach
        if reach is not None and not reach.running:
            await reach.begin()
            if reach.running and not reach.reachable:
                self._tell(reach)

    def renew(self) -> None:
        """
        The backend is another one.
        """
        if self._reach is not None:
            self._reach.renew()

    def stop(self) -> None:
        """
        Nobody wants to know any more.
        """
        if self._reach is not None:
            self._reach.stop()

    def _reached(self) -> None:
        assert self._reach is not None
        self._tell(self._reach)
        self._changed()

    def _tell(self, reach: Reachability) -> None:
        relays = self._relays
        if reach.reachable:
            self._log.info(
                "{name}: {backend} is there: listening",
                name=relays.name,
                backend=relays.backendText,
            )
            relays.journal.record("reached", relays.name, 0)
        else:
            self._log.warn(
                "{name}: {backend} cannot be reached, so clients are refused: {reason}",
                name=relays.name,
                backend=relays.backendText,
                reason=reach.reason,
            )
            relays.journal.record("refusing", relays.name, 0, reason=reach.reason)
