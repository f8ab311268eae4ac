# -*- test-case-name: tests.rules -*-
"""
Texts about decisions for the journal.  They are made when the journal is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import attrs

from vaurien_twisted.model.commands import Actions, Command, Truncate
from vaurien_twisted.model.effects import inWords
from vaurien_twisted.model.exchange import DESCRIPTION_LIMIT, describe
from vaurien_twisted.model.options import values
from vaurien_twisted.model.progress import Progress
from vaurien_twisted.record.whole_texts import WholeText
from vaurien_twisted.rules.draws import Alternative, conditions, drawWords

#: The longest text about a rule, and the longest reason, in characters.
WORDS = 300

#: How much is kept of longer ones, in characters.
LONGEST = 4096

#: The longest options of a rule that are kept to repeat its decisions, as JSON, in characters.
OPTIONS = 4096


def short(text: str) -> str:
    """
    C{text}, shortened to L{WORDS} characters, since the options of a rule can be long.
    """
    return text if len(text) <= WORDS else text[: WORDS - 3] + "..."


def wholeOf(described: Mapping[str, object], texts: Mapping[str, str]) -> dict[str, object]:
    """
    The member C{whole} of an entry: the full form of those C{texts} that C{described} has
    shortened.

    @param texts: the texts of some members, C{""} where they are not known any more.
    """
    longer = {name: text for name, text in texts.items() if len(text) > len(str(described[name]))}
    return {"whole": longer} if longer else {}


class RuleTexts:
    """
    The texts about one rule, each at most L{LONGEST} characters, so entries of the journal do not
    keep plans in memory that are no longer in force.

    @param seed: the seed of the decisions.
    @param proxy: the name of the proxy.
    @ivar rule: the rule as one line.
    """

    __slots__ = (
        "_alternative",
        "_behavior",
        "_conditions",
        "_options",
        "_proxy",
        "_seed",
        "_whole",
        "rule",
    )

    def __init__(self, alternative: Alternative, seed: int, proxy: str) -> None:
        rule = alternative.rule
        words = rule.describe()
        self.rule = short(words)
        #: Most are not longer.
        self._whole = words[:LONGEST] if len(words) > WORDS else ""
        self._conditions = ", ".join(conditions(rule))[:LONGEST]
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
        decided: int = 0,
        numbers: tuple[int, int] | None = None,
        progress: Progress | None = None,
        message: str = "",
        whole: WholeText | None = None,
    ) -> dict[str, object]:
        """
        The members of the journal entry of one decision.

        @param drawn: the numbers of the connection and the exchange in its draw.
        @param applied: how many exchanges the rule has applied to, including this one.
        @param decided: how many exchanges its behavior has decided about, including this one.
        @param numbers: the numbers in the behavior's own random numbers; C{None}: C{drawn}.
        @param progress: the times and sizes of the exchange.
        @param message: the words of the error that was sent.
        @param whole: the full text of the exchange, if it is longer than the description.
        """
        reason = self._reason(*drawn, applied)
        described: dict[str, object] = {
            "exchange": exchange,
            "description": describe(command, subject),
            "rule": self.rule,
            "effect": effect,
            "words": inWords(effect, self.rule),
            "reason": short(reason),
        }
        if message:
            described["message"] = message
        description = "" if whole is None else whole.text
        texts = {"description": description, "rule": self._whole, "reason": reason}
        return {**described, **wholeOf(described, texts), **timing(progress)}

    def repeat(self, *facts: object) -> dict[str, object] | None:
        """
        The data that repeats a decision about the same exchange: C{behavior} and all of its
        C{options}, C{seed}, C{drawn}, C{key} and C{number}.

        @param facts: the arguments of the call that describes the decision.
        @return: C{None} if the options are too long to be kept.
        """
        if self._options is None:
            return None
        decided, numbers = facts[6:8] or (0, None)
        return {
            "behavior": self._behavior,
            "options": self._options,
            "seed": self._seed,
            "drawn": numbers or facts[1],
            "key": self._alternative.key,
            "number": decided,
        }

    def _reason(self, connection: int, exchange: int, applied: int) -> str:
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
        return ", ".join(words) or "always"


def timing(progress: Progress | None) -> dict[str, object]:
    """
    The member C{timing} of the entry of an exchange, as far as its times and sizes are known.
    """
    described = {} if progress is None else progress.toJSON()
    return {"timing": described} if described else {}


def effect(actions: Actions) -> str:
    """
    The effect in the behavior's own description, otherwise a short description of the commands.
    """
    if actions.effect:
        return actions.effect
    words = [_word(command) for command in actions.request]
    words += ["reply: " + _word(command) for command in actions.reply]
    return ", ".join(words)


def uncut(actions: Actions, missing: int) -> str:
    """
    The text for a reply that was too short to be cut.

    @param missing: how many bytes or units it lacked.
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
    The part of a command or subject that L{describe} needs.
    """
    return text if len(text) <= DESCRIPTION_LIMIT else text[: DESCRIPTION_LIMIT + 1]
