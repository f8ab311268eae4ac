"""
Tests for L{vaurien_twisted.client.driving}.
"""

from __future__ import annotations

import inspect
from contextlib import asynccontextmanager

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.client.driving import blocking, driven, run


class Calls:
    """
    Coroutines.
    """

    async def double(self, number: int, *, add: int = 0) -> int:
        """
        Twice the number.
        """
        return number * 2 + add


class Blocking:
    """
    Has them as methods.
    """

    double = blocking(Calls.double)

    def __init__(self) -> None:
        self.calls = Calls()


class DrivingTests(SynchronousTestCase):
    """
    Coroutines that never suspend.
    """

    def test_method(self) -> None:
        """
        The method has the coroutine's result, signature and docstring.
        """
        self.assertEqual(Blocking().double(4, add=1), 9)
        self.assertIn("Twice", Blocking.double.__doc__)
        self.assertIn("number", inspect.signature(Blocking.double).parameters)

    def test_suspends(self) -> None:
        """
        A coroutine that waits for something is refused.
        """

        async def wait() -> None:
            await Deferred()

        self.assertRaises(RuntimeError, run, wait())

    def test_context(self) -> None:
        """
        A context manager is entered and left, sees exceptions, and may end them.
        """
        seen = []

        @asynccontextmanager
        async def context(ends: bool):
            seen.append("in")
            try:
                yield 7
            except ZeroDivisionError:
                seen.append("raised")
                if not ends:
                    raise
            seen.append("out")

        with driven(context(False)) as value:
            seen.append(value)
        with driven(context(True)):
            raise ZeroDivisionError
        with self.assertRaises(ZeroDivisionError), driven(context(False)):
            raise ZeroDivisionError
        self.assertEqual(seen, ["in", 7, "out", "in", "raised", "out", "in", "raised"])
