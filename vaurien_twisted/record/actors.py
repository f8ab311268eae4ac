# -*- test-case-name: tests.record.test_actors -*-
"""
Knows who makes a change, so that the journal can record it with the change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: The current actor; C{""}: the program itself.
_actor: ContextVar[str] = ContextVar("vaurien_actor", default="")

#: The longest name that is recorded, in characters.
LIMIT = 200


def actor() -> str:
    """
    The current actor, such as C{curl/8.5.0 at 127.0.0.1}; C{""}: the program itself, or code that
    uses it.
    """
    return _actor.get()


@contextmanager
def acting(name: str) -> Iterator[None]:
    """
    A context in which C{name} is the actor, also in coroutines that are started in it.
    """
    token = _actor.set(name[:LIMIT])
    try:
        yield
    finally:
        _actor.reset(token)
