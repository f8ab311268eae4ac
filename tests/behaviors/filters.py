"""
Stages of stream behaviors, without a link.
"""

from __future__ import annotations

from random import Random
from typing import Any

from vaurien_twisted.interfaces import IStreamBehavior, IStreamFilter
from vaurien_twisted.model.decision import StreamContext
from vaurien_twisted.rules.registry import loadRegistry

REGISTRY = loadRegistry()


def behaviorOf(name: str) -> Any:
    """
    The stream behavior called C{name}.
    """
    return IStreamBehavior(REGISTRY.behavior(name))


def optionsOf(name: str, **options: Any) -> Any:
    """
    The options of the behavior called C{name}.
    """
    return behaviorOf(name).options(**options)


def streamFilter(
    name: str,
    *,
    now: float = 0.0,
    began: float = 0.0,
    to: str = "downstream",
    seed: int = 7,
    shared: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """
    The stage of the behavior called C{name} on one connection.

    @param to: its direction.
    """
    context = StreamContext(Random(seed), {} if shared is None else shared, now, began, to)
    return IStreamFilter(behaviorOf(name).streamFilter(optionsOf(name, **options), context))


def near(case: Any, found: float, wanted: float, most: float, what: str = "") -> None:
    """
    Fail unless C{found} differs from C{wanted} by C{most} at most.
    """
    case.assertLessEqual(abs(found - wanted), most, f"{found} instead of {wanted} {what}")
