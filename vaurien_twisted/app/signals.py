# -*- test-case-name: tests.app.test_signals,tests.integration.test_signals -*-
"""
Signals: SIGHUP reads the configuration again, SIGUSR1 reopens the log and the journal,
SIGTERM and SIGINT end the process in order, also before the reactor runs.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeAlias

from vaurien_twisted.interfaces.network import IServerReactor

Handler = Callable[[int, FrameType | None], Any]

#: What may be installed for a signal.
Installed: TypeAlias = "Handler | int | signal.Handlers"

#: The signals that end the process.
STOPPING = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """
    The signal handlers of a process, installed from L{begin} to L{end}.  A signal that was
    ignored when the process began does not end it: C{nohup} ignores SIGHUP, and a shell ignores
    SIGINT for background processes.

    @param reload: called in the reactor for each SIGHUP.
    @param reopen: called in the reactor for each SIGUSR1, after the handler that was installed
        before, such as that of C{twistd}'s log.
    """

    def __init__(
        self, reactor: IServerReactor, reload: Callable[[], object], reopen: Callable[[], object]
    ) -> None:
        self._reactor = reactor
        self._does: dict[int, Callable[[], object]] = {}
        for name, does in (("SIGHUP", reload), ("SIGUSR1", reopen)):
            # Not all systems have them.
            number = getattr(signal, name, None)
            if number is not None:
                self._does[number] = does
        self._before: dict[int, Installed] = {}
        self._ours: dict[int, Handler] = {}
        self._pending: int | None = None
        self._ending = False
        self._terminals: list[int] = []

    def begin(self) -> None:
        """
        Install the handlers, if this is the main thread: others may not.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        self._terminals = [number for number in (0, 1, 2) if _isTerminal(number)]
        for number in self._does:
            self._install(number, self._asked)
        for number in STOPPING:
            # The reactor installs its own handlers when it runs.
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                self._install(number, self._early)
        self._reactor.callWhenRunning(self._running)

    def end(self) -> None:
        """
        Restore the handlers from before, except those of a signal that is ending the process.
        """
        for number, ours in self._ours.items():
            if signal.getsignal(number) == ours and not (self._ending and number in STOPPING):
                signal.signal(number, self._before[number])
        self._ours.clear()
        self._before.clear()

    def _install(self, number: int, handler: Handler) -> None:
        before = signal.getsignal(number)
        # A handler that was not installed from Python cannot be restored.
        self._before.setdefault(number, signal.SIG_DFL if before is None else before)
        self._ours[number] = handler
        signal.signal(number, handler)

    def _early(self, number: int, frame: FrameType | None) -> None:
        self._pending = number

    def _running(self) -> None:
        if not self._ours:
            return
        for number in STOPPING:
            handler: Installed | None = signal.getsignal(number)
            if handler == self._early:
                # The reactor leaves other handlers than the system's in place.
                name = "sigTerm" if number == signal.SIGTERM else "sigInt"
                handler = getattr(self._reactor, name, None)
            if callable(handler) and handler is not signal.default_int_handler:
                self._install(number, self._once(handler))
        if self._pending is not None:
            signal.raise_signal(self._pending)

    def _once(self, handler: Handler) -> Handler:
        def stop(number: int, frame: FrameType | None) -> None:
            # Only once: the reactor raises an error if it is stopped again.
            if not self._ending:
                self._ending = True
                handler(number, frame)

        return stop

    def _asked(self, number: int, frame: FrameType | None) -> None:
        before = self._before.get(number)
        if callable(before) and before != self._asked:
            before(number, frame)
        if self._hungUp(number):
            signal.raise_signal(signal.SIGTERM)
        else:
            self._reactor.callFromThread(self._does[number])

    def _hungUp(self, number: int) -> bool:
        """
        Whether SIGHUP was sent because the terminal of this process was closed.
        """
        return (
            number == getattr(signal, "SIGHUP", None)
            and self._before.get(number) == signal.SIG_DFL
            and bool(self._terminals)
            and not any(map(_isTerminal, self._terminals))
        )


def _isTerminal(number: int) -> bool:
    try:
        return os.isatty(number)
    except OSError:
        return False
