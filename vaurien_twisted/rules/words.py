# -*- test-case-name: tests.rules -*-
"""
What the journal says of decisions.  The words are made when somebody reads the journal.
"""

from __future__ import annotations

import json

import attrs

from vaurien_twisted.model.commands import Actions, Command, Truncate
from vaurien_twisted.model.effects import inWords
from vaurien_twisted.model.exchange import DESCRIPTION_LIMIT, describe
from vaurien_twisted.model.options import values
from vaurien_twisted.rules.draws import Alternative, conditions, drawWords

#: How much is told of a rule and of a reason in the journal, in characters.
WORDS = 300

#: The longest options of a rule that are kept to repeat its decisions, as JSON, in characters.
OPTIONS = 4096


def short(text: str) -> str:
    """
    No more than L{WORDS} of C{text}: a rule's options may be as long as a user likes.
    """
    return text if len(text) <= WORDS else text[: WORDS - 3] + "..."


class RuleWords:
    """
    What the journal says of a rule.  It keeps only text of a bounded length, so that an entry
    of the journal does not keep a plan in memory that is no longer in force.

    @param seed: of the decisions.
    @param proxy: the proxy's name.
    @ivar rule: the rule in one line.
    """

    __slots__ = (
        "_alternative",
        "_behavior",
        "_conditions",
        "_options",
        "_proxy",
        "_seed",
        "rule",
    )

    def __init__(self, alternative: Alternative, seed: int, proxy: str) -> None:
        rule = alternative.rule
        self.rule = short(rule.describe())
        self._conditions = ", ".join(conditions(rule))[: WORDS + 1]
        self._behavior = rule.behavior.name
        options = values(rule.options)
        self._options = options if len(json.dumps(options)) <= OPTIONS else None
        self._seed = seed
        self._proxy = proxy
        without = attrs.evolve(rule, options=None, when={}, matches=None, further=None)
        self._alternative = attrs.evolve(alternative, rule=without)

    def __call__(
        self,
        exchange: int,
        drawn: tuple[int, int],
        command: str,
        subject: str,
        effect: str,
        applied: int,
        treated: int = 0,
        numbers: tuple[int, int] | None = None,
    ) -> dict[str, object]:
        """
        The facts of one decision.

        @param drawn: the numbers of connection and exchange that it was drawn with.
        @param applied: to how many exchanges the rule has applied, with this one.
        @param treated: how many its behavior was asked about, likewise.
        @param numbers: those that the behavior's own random numbers were computed from, by default
            C{drawn}.
        """
        return {
            "exchange": exchange,
            "description": describe(command, subject),
            "rule": self.rule,
            "effect": effect,
            "words": inWords(effect, self.rule),
            "reason": self.reason(*drawn, applied),
        }

    def repeat(self, *facts: object) -> dict[str, object] | None:
        """
        What is needed to decide the same about the same exchange again: C{behavior} and all of
        its C{options}, C{seed}, C{drawn}, C{key} and C{number}.  C{None} where the options are
        too long to be kept.

        @param facts: the arguments that give the facts of the decision.
        """
        if self._options is None:
            return None
        treated, numbers = facts[6:] or (0, facts[1])
        return {
            "behavior": self._behavior,
            "options": self._options,
            "seed": self._seed,
            "drawn": numbers,
            "key": self._alternative.key,
            "number": treated,
        }

    def reason(self, connection: int, exchange: int, applied: int) -> str:
        """
        Why the rule applied.
        """
        alternative = self._alternative
        rule = alternative.rule
        words = [self._conditions] if self._conditions else []
        if rule.percent < 100:
            drawn = alternative.drawn(self._seed, self._proxy, connection, exchange)
            words.append(drawWords(alternative, drawn))
        if rule.after:
            words.append(f"after {rule.after}")
        if rule.times is not None and rule.scope == "connection":
            words.append(f"one of {rule.times} connections")
        elif rule.times is not None:
            words.append(f"time {applied} of {rule.times}")
        return short(", ".join(words)) or "always"


def effect(actions: Actions) -> str:
    """
    The effect as the behavior words it, else the commands in a few words.
    """
    if actions.effect:
        return actions.effect
    words = [_word(command) for command in actions.request]
    words += ["reply: " + _word(command) for command in actions.reply]
    return ", ".join(words)


def uncut(actions: Actions, missing: int) -> str:
    """
    Why a reply was not cut: it lacked so much.
    """
    for command in actions.reply:
        if isinstance(command, Truncate):
            unit = "units" if command.units else "bytes"
            had = f"{command.count - missing:,} of {command.count:,} {unit}"
            return f"not cut: the reply had {had}"
    return "not cut"


def _word(command: Command) -> str:
    name = type(command).__name__.lower()
    if hasattr(command, "seconds"):
        return f"{name} {command.seconds:g} s"
    if hasattr(command, "data"):
        return f"{name} {len(command.data)} bytes"
    return name


def cut(text: str) -> str:
    """
    As much of a command or subject as L{describe} may need.
    """
    return text if len(text) <= DESCRIPTION_LIMIT else text[: DESCRIPTION_LIMIT + 1]
