"""
Tests for L{vaurien_twisted.app.signals}; with processes in L{tests.integration.test_signals}.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from threading import Thread
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.signals import Signals

NUMBERS = (signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM, signal.SIGINT)


class Reactor:
    """
    A reactor that a test runs.
    """

    def __init__(self) -> None:
        self.waiting: list[Callable[[], object]] = []
        self.stopped = 0

    def callWhenRunning(self, what: Callable[[], object]) -> None:
        """
        Keep it.
        """
        self.waiting.append(what)

    def callFromThread(self, what: Callable[[], object]) -> None:
        """
        Do it.
        """
        what()

    def run(self) -> None:
        """
        It runs: SIGTERM is its own.
        """
        signal.signal(signal.SIGTERM, self.sigTerm)
        for what in self.waiting:
            what()

    def sigTerm(self, number: int, frame: Any) -> None:
        """
        Count it.
        """
        self.stopped += 1

    sigInt = sigTerm


class SignalsTests(SynchronousTestCase):
    """
    Handlers are installed and removed.
    """

    def setUp(self) -> None:
        """
        As in a process that has just begun.
        """
        for number in NUMBERS:
            self.addCleanup(signal.signal, number, signal.getsignal(number))
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.reactor = Reactor()
        self.done: list[str] = []
        self.signals = Signals(
            self.reactor, lambda: self.done.append("reload"), lambda: self.done.append("reopen")
        )

    def test_pitfall35_asked(self) -> None:
        """
        SIGHUP and SIGUSR1 ask for something, before the reactor runs too.
        """
        self.signals.begin()
        signal.raise_signal(signal.SIGHUP)
        self.reactor.run()
        signal.raise_signal(signal.SIGUSR1)
        signal.raise_signal(signal.SIGHUP)
        self.assertEqual(self.done, ["reload", "reopen", "reload"])
        self.signals.end()
        self.assertEqual(signal.getsignal(signal.SIGHUP), signal.SIG_DFL)
        self.assertEqual(signal.getsignal(signal.SIGTERM), signal.SIG_DFL)
        self.assertEqual(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_pitfall35_others(self) -> None:
        """
        Who handled SIGUSR1 before does so still.
        """
        signal.signal(signal.SIGUSR1, lambda number, frame: self.done.append("twistd"))
        self.signals.begin()
        signal.raise_signal(signal.SIGUSR1)
        self.assertEqual(self.done, ["twistd", "reopen"])

    def test_pitfall35_early(self) -> None:
        """
        A signal before the reactor runs is kept until then; several count as one.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            self.setUp()
            self.signals.begin()
            signal.raise_signal(number)
            signal.raise_signal(number)
            self.assertEqual(self.reactor.stopped, 0)
            self.reactor.run()
            self.assertEqual(self.reactor.stopped, 1)
            for again in (signal.SIGTERM, signal.SIGINT):
                signal.raise_signal(again)
            self.signals.end()
            signal.raise_signal(signal.SIGTERM)
            self.assertEqual(self.reactor.stopped, 1)

    def test_pitfall35_ignored(self) -> None:
        """
        A signal that was ignored before does not end it.
        """
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.signals.begin()
        self.reactor.run()
        signal.raise_signal(signal.SIGINT)
        self.assertEqual(self.reactor.stopped, 0)
        self.assertEqual(signal.getsignal(signal.SIGINT), signal.SIG_IGN)

    def test_pitfall36_thread(self) -> None:
        """
        In another thread there are no handlers to install.
        """
        thread = Thread(target=self.signals.begin)
        thread.start()
        thread.join()
        self.assertEqual(signal.getsignal(signal.SIGHUP), signal.SIG_DFL)
        self.signals.end()
