# -*- test-case-name: tests.experiments.test_document -*-
"""
The faults of an experiment's steps, and their changes over time.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.experiments.curves import RAMPS, WAVES
from vaurien_twisted.experiments.fields import field
from vaurien_twisted.experiments.kinds import Duration, Flag, Many, Number, Plain, Share, Text
from vaurien_twisted.model.options import Refused

_PROXY = "The proxies that it is done to; by default all of the experiment."
_SHARE = (
    "The share of the services that it is done to, such as ``50%``; which, follows from the seed.  "
    "By default all.  Of a share above 0, at least one."
)
_WHEN = "The exchanges that it is for, as in a rule."
_OPTIONS = "The behavior's options."


@attrs.frozen
class Fault:
    """
    What is set on proxies.  One of C{behavior}, C{rules}, C{toxics}, C{enabled} and C{backend}.
    """

    proxy: tuple[str, ...] = field(Many(Text()), _PROXY, ())
    share: float = field(Share(), _SHARE, 1.0)
    behavior: str = field(Text(), "A behavior, in the form of ``set-behavior``.", "")
    options: dict[str, object] = field(Plain(), _OPTIONS, attrs.Factory(dict))
    when: dict[str, object] = field(Plain(), _WHEN, attrs.Factory(dict))
    percent: float | None = field(Number(0, 100), "How many of a hundred exchanges.", None)
    times: int | None = field(Number(1, whole=True), "How many exchanges at most.", None)
    rules: tuple[dict[str, object], ...] = field(
        Many(Plain()), "Rules, as ``PUT /rules`` takes them.", ()
    )
    toxics: tuple[dict[str, object], ...] = field(
        Many(Plain()), "Toxics, as ``POST /proxies/NAME/toxics`` takes them.", ()
    )
    enabled: bool | None = field(Flag(), "``false`` closes the proxy's port.", None)
    backend: str = field(Text(), "Where new connections go.", "")

    def __attrs_post_init__(self) -> None:
        given = [
            name
            for name in ("behavior", "rules", "toxics", "enabled", "backend")
            if getattr(self, name) not in ("", (), None)
        ]
        if len(given) != 1:
            which = " and ".join(given) or "nothing"
            raise Refused(f"give one of behavior, rules, toxics, enabled and backend, not {which}")
        if given != ["behavior"] and (self.options or self.when or self.percent or self.times):
            raise Refused(f"options, when, percent and times go with behavior, not with {given[0]}")


@attrs.frozen
class RampSpec:
    """
    An option of a behavior, or its percentage, that changes from one value to another.
    """

    behavior: str = field(Text(), "The behavior.")
    option: str = field(Text(), "The option that changes; ``percent`` for the percentage.")
    from_: float = field(Duration(), "The value at the beginning (times may have units).", 0.0)
    to: float = field(Duration(), "The value at the end.")
    curve: str = field(Text(RAMPS), "How it changes.", "linear")
    steps: int = field(Number(2, 1000, whole=True), "How many steps, for ``steps``.", 5)
    proxy: tuple[str, ...] = field(Many(Text()), _PROXY, ())
    share: float = field(Share(), _SHARE, 1.0)
    options: dict[str, object] = field(Plain(), "Options that do not change.", attrs.Factory(dict))
    when: dict[str, object] = field(Plain(), _WHEN, attrs.Factory(dict))


@attrs.frozen
class WaveSpec:
    """
    An option of a behavior, or its percentage, that changes to and fro.
    """

    behavior: str = field(Text(), "The behavior.")
    option: str = field(Text(), "The option that changes; ``percent`` for the percentage.")
    low: float = field(Duration(), "The smallest value, with which it begins.", 0.0)
    high: float = field(Duration(), "The largest value.")
    period: float = field(Duration(positive=True), "How long one turn takes.")
    shape: str = field(Text(WAVES), "How it changes.", "sine")
    proxy: tuple[str, ...] = field(Many(Text()), _PROXY, ())
    share: float = field(Share(), _SHARE, 1.0)
    options: dict[str, object] = field(Plain(), "Options that do not change.", attrs.Factory(dict))
    when: dict[str, object] = field(Plain(), _WHEN, attrs.Factory(dict))


@attrs.frozen
class FlapSpec:
    """
    A backend that comes and goes.
    """

    up: float = field(Duration(positive=True), "How long it is there.")
    down: float = field(Duration(positive=True), "How long it is gone.")
    behavior: str = field(Text(), "The behavior while it is gone.", "down")
    jitter: float = field(
        Duration(), "By how much each of the two is longer or shorter, at most.", 0.0
    )
    proxy: tuple[str, ...] = field(Many(Text()), _PROXY, ())
    share: float = field(Share(), _SHARE, 1.0)


@attrs.frozen
class RestartSpec:
    """
    A backend that is restarted: its connections are closed, new ones are refused, then it
    answers slowly, and ever faster.
    """

    down: float = field(Duration(), "How long connections are refused.", 5.0)
    slow: float = field(Duration(), "How long it answers slowly after that.", 0.0)
    delay: float = field(Duration(), "How slowly at first.", 1.0)
    proxy: tuple[str, ...] = field(Many(Text()), _PROXY, ())
    share: float = field(Share(), _SHARE, 1.0)
