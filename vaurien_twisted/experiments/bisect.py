# -*- test-case-name: tests.experiments.test_bisect -*-
"""
The smallest set of causes that still has an effect: delta debugging.

Half of the causes are removed, then the other half, then quarters, and so on, as long as the effect
remains (A. Zeller, R. Hildebrandt: "Simplifying and Isolating Failure-Inducing Input", 2002).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def smallest(
    causes: Sequence[T], breaks: Callable[[Sequence[T]], Awaitable[bool]]
) -> list[T]:
    """
    A set of causes of which none can be removed without losing the effect.

    @param causes: all causes, which have the effect together.
    @param breaks: whether some of the causes, in order, have the effect.
    """
    left, parts = list(causes), 2
    while len(left) > 1:
        size = -(-len(left) // parts)
        groups = [left[at : at + size] for at in range(0, len(left), size)]
        found = await _first(groups, breaks)
        if found is not None:
            left, parts = found, 2
            continue
        rests = [_without(groups, at) for at in range(len(groups))] if len(groups) > 2 else []
        found = await _first(rests, breaks)
        if found is not None:
            left, parts = found, max(2, len(groups) - 1)
        elif size == 1:
            break
        else:
            parts = min(len(left), len(groups) * 2)
    if len(left) == 1 and await breaks([]):
        return []
    return left


async def smallestOfGroups(
    groups: Iterable[Sequence[T]], breaks: Callable[[Sequence[T]], Awaitable[bool]]
) -> list[T]:
    """
    The same for causes in groups: first whole groups are removed, then single causes.
    """

    async def together(some: Sequence[Sequence[T]]) -> bool:
        return await breaks([cause for group in some for cause in group])

    kept = await smallest(list(groups), together)
    return await smallest([cause for group in kept for cause in group], breaks)


async def _first(
    sets: Iterable[list[T]], breaks: Callable[[Sequence[T]], Awaitable[bool]]
) -> list[T] | None:
    for each in sets:
        if await breaks(each):
            return each
    return None


def _without(groups: Sequence[Sequence[T]], place: int) -> list[T]:
    return [cause for at, group in enumerate(groups) if at != place for cause in group]
