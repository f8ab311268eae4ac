# -*- test-case-name: tests.test_admission -*-
"""
Not listening for a while: what C{down} and C{refuse} ask of a proxy.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from vaurien_twisted.listener import Listener
from vaurien_twisted.options import Refused

#: How long until a place that could not be taken again is tried again, in seconds.
RETRY = 1.0


class Admission:
    """
    Leaves the place where a proxy listens and takes it again, as is wanted.  Where that
    fails, as someone else has taken it meanwhile, it is logged and tried again until it
    succeeds or is no longer wanted.

    @param lock: held by whoever opens or closes C{listener}.
    @param wanted: whether the proxy is to listen now.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        listener: Listener,
        lock: DeferredLock,
        wanted: Callable[[], bool],
    ) -> None:
        self._clock = clock
        self._listener = listener
        self._lock = lock
        self._wanted = wanted
        self._timer: IDelayedCall | None = None
        self._told = ""

    def settle(self) -> None:
        """
        What is wanted may have changed: see to it, as soon as that can be.
        """
        self.stop()
        settling = Deferred.fromCoroutine(self._settle())
        settling.addErrback(self._failed)

    async def _settle(self) -> None:
        await self._lock.acquire()
        try:
            if self._wanted():
                await self._listener.open()
            else:
                await self._listener.close()
            self._told = ""
        except Refused as refused:
            # Tried again every second, perhaps for days.
            if refused.description != self._told:
                self._told = refused.description
                self._log.warn("{reason}; trying again", reason=refused.description)
            self._timer = self._clock.callLater(RETRY, self.settle)
        finally:
            self._lock.release()

    def _failed(self, failure: Failure) -> None:
        self._log.failure("listening on {text} failed", failure, text=self._listener.text)

    def stop(self) -> None:
        """
        Try no more.
        """
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
