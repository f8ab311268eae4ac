# -*- test-case-name: tests.record.test_actors -*-
"""
Who is changing something just now: the journal records it with each change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Set by whoever acts for somebody; C{""} is the program itself.
_actor: ContextVar[str] = ContextVar("vaurien_actor", default="")

#: The longest name that is recorded, in characters.
LIMIT = 200


def actor() -> str:
    """
    Who acts, such as C{curl/8.5.0 at 127.0.0.1}; C{""}: the program itself, or code that uses it.
    """
    return _actor.get()


@contextmanager
def acting(name: str) -> Iterator[None]:
    """
    Act for somebody for the length of a block, and in the coroutines that it starts.
    """
    token = _actor.set(name[:LIMIT])
    try:
        yield
    finally:
        _actor.reset(token)
