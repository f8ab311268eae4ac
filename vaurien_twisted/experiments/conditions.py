# -*- test-case-name: tests.experiments.test_document -*-
"""
The conditions of an experiment's hypothesis.

In each phase a condition holds or is broken, which is judged by
L{vaurien_twisted.experiments.verdict} and L{vaurien_twisted.experiments.externals}.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from vaurien_twisted.experiments.fields import Object, field
from vaurien_twisted.experiments.kinds import (
    CommandLine,
    Duration,
    Flag,
    Many,
    Named,
    Number,
    Share,
    Text,
)


def _name() -> str:
    what = "The name that reports give it; by default the condition in words."
    return field(Text(), what, "")


def _proxies() -> tuple[str, ...]:
    what = "The proxies whose exchanges count, together; by default all of the experiment."
    return field(Many(Text()), what, ())


def _during() -> tuple[str, ...]:
    return field(Many(Text()), "The phases in which it must hold; by default all.", ())


def _before() -> bool:
    what = "Whether it must hold before the method begins, too: else nothing is begun."
    return field(Flag(), what, True)


def _after() -> bool:
    return field(Flag(), "Whether it must hold after the method, too.", True)


def _commands() -> tuple[str, ...]:
    return field(Many(Text()), "The commands whose errors count (``GET``); by default all.", ())


def _codes() -> tuple[str, ...]:
    what = (
        "The codes of the errors that count; by default all.  ``x`` stands for any character: "
        "``5xx``.  ``closed``: the connection ended before the reply; ``aborted``: the client "
        "ended it."
    )
    return field(Many(Text()), what, ())


@attrs.frozen
class Quantile:
    """
    So many of the exchanges of a phase take less than a time, from the request to the end of
    its reply.
    """

    KEY: ClassVar[str] = "quantile"

    quantile: float = field(Share(), "The share of the exchanges, such as ``99%``.")
    below: float = field(Duration(positive=True), "The time that they take less than.")
    least: int = field(
        Number(1, whole=True), "With fewer exchanges in a phase there is not enough data.", 1
    )
    name: str = _name()
    proxy: tuple[str, ...] = _proxies()
    during: tuple[str, ...] = _during()


@attrs.frozen
class Rate:
    """
    At least so many exchanges end in a second, on the average of a phase.
    """

    KEY: ClassVar[str] = "rate"

    rate: float = field(Number(0), "Exchanges per second.")
    name: str = _name()
    proxy: tuple[str, ...] = _proxies()
    during: tuple[str, ...] = _during()


@attrs.frozen
class Errors:
    """
    At most such a share of the exchanges of a phase fails: is answered with an error, or never.
    """

    KEY: ClassVar[str] = "errors"

    errors: float = field(Share(), "The share of all exchanges of the proxies, such as ``1%``.")
    command: tuple[str, ...] = _commands()
    code: tuple[str, ...] = _codes()
    least: int = field(
        Number(1, whole=True), "With fewer exchanges in a phase there is not enough data.", 1
    )
    name: str = _name()
    proxy: tuple[str, ...] = _proxies()
    during: tuple[str, ...] = _during()


@attrs.frozen
class ErrorRate:
    """
    At most so many exchanges fail in a second, on the average of a phase.
    """

    KEY: ClassVar[str] = "error_rate"

    error_rate: float = field(Number(0), "Failed exchanges per second.")
    command: tuple[str, ...] = _commands()
    code: tuple[str, ...] = _codes()
    name: str = _name()
    proxy: tuple[str, ...] = _proxies()
    during: tuple[str, ...] = _during()


@attrs.frozen
class Connections:
    """
    At most so many connections are open at any reading.
    """

    KEY: ClassVar[str] = "connections"

    connections: int = field(Number(0, whole=True), "Open connections.")
    name: str = _name()
    proxy: tuple[str, ...] = _proxies()
    during: tuple[str, ...] = _during()


@attrs.frozen
class Recovery:
    """
    After a phase a quantile comes below a time soon.
    """

    KEY: ClassVar[str] = "recovery"

    recovery: float = field(Duration(positive=True), "How long it may take.")
    after: str = field(Text(), "The phase from whose end it is measured.")
    below: float = field(Duration(positive=True), "The time that the quantile must come below.")
    share: float = field(Share(), "Which quantile, such as ``99%``.", 0.99)
    name: str = _name()
    proxy: tuple[str, ...] = _proxies()


@attrs.frozen
class Request:
    """
    An HTTP request and what its response must be.
    """

    url: str = field(Text(), "Where it goes.")
    method: str = field(Text(), "Its method.", "GET")
    headers: dict[str, str] = field(Named(Text()), "Its headers.", attrs.Factory(dict))
    body: str = field(Text(), "Its body.", "")
    status: tuple[int, ...] = field(
        Many(Number(100, 599, whole=True)), "The statuses that are good.", (200,)
    )
    contains: str = field(Text(), "Text that the body must have.", "")
    timeout: float = field(Duration(positive=True), "How long it may take.", 5.0)


@attrs.frozen
class Probe:
    """
    An HTTP request of the runner's own has a good response at each reading.
    """

    KEY: ClassVar[str] = "probe"

    probe: Request = field(Object(Request, short="url"), "The request, or its URL.")
    name: str = _name()
    during: tuple[str, ...] = _during()
    before: bool = _before()
    after: bool = _after()


@attrs.frozen
class PromQL:
    """
    A query to a Prometheus server gives a number within bounds at each reading.
    """

    KEY: ClassVar[str] = "promql"

    promql: str = field(Text(), "The query.")
    server: str = field(Text(), "The URL of the Prometheus server.", "http://localhost:9090")
    above: float | None = field(Number(), "The number must be above this.", None)
    below: float | None = field(Number(), "The number must be below this.", None)
    name: str = _name()
    during: tuple[str, ...] = _during()
    before: bool = _before()
    after: bool = _after()


@attrs.frozen
class Command:
    """
    A command ends with a good status at each reading.
    """

    KEY: ClassVar[str] = "command"

    command: str | tuple[str, ...] = field(CommandLine(), "The command.")
    status: tuple[int, ...] = field(
        Many(Number(0, 255, whole=True)), "The exit statuses that are good.", (0,)
    )
    timeout: float = field(Duration(positive=True), "How long it may take.", 10.0)
    name: str = _name()
    during: tuple[str, ...] = _during()
    before: bool = _before()
    after: bool = _after()


#: The conditions that figures decide, and those that are tried.
Measured = Quantile | Rate | Errors | ErrorRate | Connections | Recovery
Tried = Probe | PromQL | Command

Condition = Measured | Tried
CONDITIONS = (
    Quantile, Rate, Errors, ErrorRate, Connections, Recovery, Probe, PromQL, Command
)  # fmt: skip

#: The conditions that hold at a moment, so that a step can wait for them.
MOMENTARY = tuple(each for each in CONDITIONS if each is not Recovery)


def duringOf(condition: Condition) -> tuple[str, ...]:
    """
    The phases in which a condition must hold; empty for all.
    """
    return () if isinstance(condition, Recovery) else condition.during


def phasesOf(condition: Condition) -> tuple[str, ...]:
    """
    The phases that a condition names.
    """
    return (condition.after,) if isinstance(condition, Recovery) else condition.during


def proxiesOf(condition: Condition) -> tuple[str, ...]:
    """
    The proxies whose figures decide a condition; empty for all.
    """
    return condition.proxy if isinstance(condition, Measured) else ()
