# -*- test-case-name: tests.experiments.test_document -*-
"""
The objects of an experiment's file: proxies, load, hypothesis, method and policy.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.experiments.conditions import CONDITIONS, Condition, phasesOf
from vaurien_twisted.experiments.fields import Choice, Object, decode, field, schemaOf
from vaurien_twisted.experiments.kinds import (
    CommandLine,
    Duration,
    Many,
    Named,
    Number,
    Plain,
    Text,
)
from vaurien_twisted.experiments.located import readText
from vaurien_twisted.experiments.steps import STEPS, Step, named
from vaurien_twisted.model.options import Refused, nearest


@attrs.frozen
class Load:
    """
    A command that puts load on the application while the experiment runs.
    """

    command: str | tuple[str, ...] = field(CommandLine(), "The command.")
    stop: str = field(
        Text(("term", "int", "wait")),
        "How it is ended after the method: by SIGTERM, by SIGINT, or by waiting for its end.",
        "term",
    )
    grace: float = field(Duration(), "How long it may take to end before it is killed.", 10.0)
    status: tuple[int, ...] = field(
        Many(Number(0, 255, whole=True)),
        "Exit statuses that count as success where it ends by itself.",
        (0,),
    )


@attrs.frozen
class Policy:
    """
    What ends an experiment early, and what a fleet does without one of its members.
    """

    halt: float | None = field(
        Duration(), "End when a condition is broken for so long; without it, never.", None
    )
    unreachable: str = field(
        Text(("halt", "continue")),
        "What to do when a service does not answer: end the experiment, or go on without it.",
        "halt",
    )
    lease: float = field(
        Duration(positive=True),
        "How long faults stay in force after the runner is gone (their lease).",
        10.0,
    )
    every: float = field(Duration(positive=True), "How often figures are read.", 1.0)

    def __attrs_post_init__(self) -> None:
        if self.every * 2 > self.lease:
            raise Refused(
                f"lease ({self.lease:g} s) must be at least twice every ({self.every:g} s): "
                "the lease is renewed whenever figures are read",
                "lease",
            )


@attrs.frozen
class Experiment:
    """
    The whole file.
    """

    title: str = field(Text(), "What the experiment is about, in one line.", "")
    description: str = field(Text(), "More about it.", "")
    seed: int = field(
        Number(0, 2**63 - 1, whole=True), "The number from which all random choices follow.", 0
    )
    proxies: dict[str, dict[str, object] | None] = field(
        Named(Plain(optional=True)),
        "Proxies by name.  An object creates one, with the fields that ``POST /proxies`` takes "
        "(``backend``, ``listen``, ``protocol`` and others); nothing (``db:``) means one that "
        "runs already.",
        attrs.Factory(dict),
    )
    load: Load | None = field(
        Object(Load, short="command"), "A command that puts load on the application.", None
    )
    hypothesis: tuple[Condition, ...] = field(
        Many(Choice("a condition", CONDITIONS)), "Conditions that must hold.", ()
    )
    method: tuple[Step, ...] = field(
        Many(Choice("a step", STEPS), least=1), "Steps, one after the other."
    )
    policy: Policy = field(Object(Policy), "What ends it early.", Policy())
    #: The text of the file.
    source: str = attrs.field(default="", eq=False, repr=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        names = [name for name, _ in named(self.method)]
        for name in names:
            if names.count(name) > 1:
                raise Refused(f"two phases are named {name!r}", "method")
        for condition in self.hypothesis:
            for phase in phasesOf(condition):
                if phase not in names:
                    raise Refused(
                        f"hypothesis: there is no phase {phase!r}: {nearest(phase, names)}",
                        "hypothesis",
                    )


def readExperiment(text: str) -> Experiment:
    """
    The experiment that a YAML or JSON text describes.

    @raise Refused: the text is not an experiment; the message names the line, the cause and the
        nearest valid choice.
    """
    return attrs.evolve(decode(Experiment, readText(text)), source=text)


def schema() -> dict[str, object]:
    """
    The JSON Schema (draft 2020-12) of an experiment's file.
    """
    return dict(schemaOf(Experiment, "An experiment of Vaurien"))
