# -*- test-case-name: tests.client.test_driving -*-
"""
Makes blocking methods of coroutines, so that both clients share their code.

The methods of a client are written once, as coroutines that await only its requests
(L{vaurien_twisted.client.calls}).  The requests of the blocking client never suspend, so the
coroutines run to their end at once.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


C = TypeVar("C")
Own = TypeVar("Own", covariant=True)


class Caller(Protocol[Own]):
    """
    An object whose C{calls} has the coroutine methods.
    """

    @property
    def calls(self) -> Own:
        """
        What has them.
        """


def run(coroutine: Coroutine[object, None, T]) -> T:
    """
    The result of a coroutine that never suspends.

    @raise RuntimeError: it suspends.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("a request of the blocking client must not await anything")


def blocking(
    method: Callable[Concatenate[C, P], Coroutine[object, None, T]],
) -> Callable[Concatenate[Caller[C], P], T]:
    """
    The method for an object whose C{calls} has the coroutine method.
    """

    @wraps(method)
    def call(self: Caller[C], /, *arguments: P.args, **options: P.kwargs) -> T:
        return run(method(self.calls, *arguments, **options))

    return call


@contextmanager
def driven(manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """
    The same context manager for C{with}.
    """

    async def enter() -> T:
        return await manager.__aenter__()

    async def leave(error: BaseException | None) -> bool | None:
        kind, trace = (None, None) if error is None else (type(error), error.__traceback__)
        return await manager.__aexit__(kind, error, trace)

    value = run(enter())
    try:
        yield value
    except BaseException as raised:
        if not run(leave(raised)):
            raise
    else:
        run(leave(None))
