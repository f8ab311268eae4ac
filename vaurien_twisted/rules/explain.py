# -*- test-case-name: tests.rules.test_explain -*-
"""
Explanations why a rule affected an exchange, or did not.

The journal has the faults that took place.  For other rules the decision is computed again:
the number that was drawn is a pure function, and the latest exchanges of a connection are
kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from vaurien_twisted.interfaces import IBehavior
from vaurien_twisted.model.commands import ENDING
from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.effects import inWords
from vaurien_twisted.model.exchange import Connection, Exchange, oneLine, requestWords
from vaurien_twisted.model.matchers import condition
from vaurien_twisted.model.options import Refused
from vaurien_twisted.model.progress import Progress
from vaurien_twisted.rules.decider import Decider
from vaurien_twisted.rules.draws import Alternative, alternatives, drawWords
from vaurien_twisted.rules.stream_rules import NOTHING_SAID
from vaurien_twisted.rules.texts import short, wholeOf


@attrs.frozen
class Question:
    """
    An exchange, or a connection, to explain.

    @ivar decider: the decider of its proxy.
    @ivar connection: the connection, as far as it is known.
    @ivar number: the number of the exchange, 0 for the connection itself.
    @ivar exchange: the exchange, C{None} if it is no longer known.
    @ivar bare: whether it is a connection on which the client sends first.
    @ivar journal: the entries of the journal about the exchange.
    @ivar changed: whether the plan was set after the exchange was decided; C{None} if
        that is not known.
    @ivar progress: its times and sizes, C{None} if they are not known.
    @ivar request: the text of the request, if it is known.
    @ivar forgotten: whether the journal may have dropped entries about the exchange.
    """

    decider: Decider
    connection: Connection
    number: int
    exchange: Exchange | None
    bare: bool
    journal: Sequence[Mapping[str, object]]
    changed: bool | None
    forgotten: bool = False
    progress: Progress | None = None
    request: str = ""


def explain(case: Question) -> dict[str, object]:
    """
    The explanation as JSON: what happened, and for each rule now in force why it applied or
    did not, with the number that was drawn if there was a draw.
    """
    exchange = case.exchange
    done = [entry for entry in case.journal if entry["kind"] == "decision"]
    hit = None if case.forgotten and not done else bool(done)
    rules = [] if case.changed else list(_rules(case, done))
    described: dict[str, object] = {
        "proxy": case.decider.proxy,
        "connection": case.connection.number,
        "exchange": case.number,
        "description": _described(case, done),
        "hit": hit,
        "journal": list(case.journal),
        "known": exchange is not None,
        "rules": rules,
        "summary": _summary(case, done, hit, rules),
        "timing": _timed(case, done),
    }
    request = case.request
    if exchange is not None:
        request = requestWords(exchange.command, exchange.subject)
    return {**described, **wholeOf(described, {"description": request})}


def _described(case: Question, done: Sequence[Mapping[str, object]]) -> str:
    if case.exchange:
        return case.exchange.description
    return str(done[0].get("description", "")) if done else oneLine(case.request)


def _timed(case: Question, done: Sequence[Mapping[str, object]]) -> object:
    """
    The times and sizes of the exchange, as far as they are known.
    """
    if case.progress is not None:
        return case.progress.toJSON()
    return done[0].get("timing", {}) if done else {}


def _summary(
    case: Question,
    done: Sequence[Mapping[str, object]],
    hit: bool | None,
    rules: Sequence[Mapping[str, object]],
) -> str:
    if done:
        return "; ".join(f"{e['rule']}: {_words(e)} ({e['reason']})" for e in done)
    if hit is None:
        return "the journal does not reach back so far: what happened is not known"
    if case.changed:
        missed = [entry for entry in case.journal if entry["kind"] == "missed"]
        reasons = "".join(f"; {entry['rule']}: {entry['effect']}" for entry in missed)
        return f"nothing happened{reasons}; the plan has changed since"
    if not rules:
        return "nothing happened: no rules are in force"
    return "nothing happened: " + "; ".join(f"{rule['rule']}: {rule['reason']}" for rule in rules)


def _words(entry: Mapping[str, object]) -> str:
    return str(entry.get("words") or inWords(str(entry["effect"]), str(entry["rule"])))


def _rules(case: Question, done: Sequence[Mapping[str, object]]) -> Iterator[dict[str, object]]:
    decider, ended = case.decider, ""
    for draw in alternatives(decider.plan):
        for alternative in draw:
            rule = alternative.rule
            words = rule.describe()
            entry = next((entry for entry in done if entry["rule"] == short(words)), None)
            described: dict[str, object] = {"rule": words, "applied": entry is not None}
            if rule.streams:
                described["streams"] = True
            drawn = decider.drawn(alternative, case.connection.number, case.number)
            if rule.percent < 100:
                described["drew"] = None if drawn is None else round(drawn, 2)
            unmet = _unmet(case, words)
            if entry is not None:
                described["reason"] = entry["reason"]
            else:
                described["reason"] = (
                    unmet
                    or _missed(case, rule, ended)
                    or (
                        ""
                        if drawn is None or alternative.covers(drawn)
                        else drawWords(alternative, drawn)
                    )
                    or _beyond(case, alternative)
                )
            if (entry is not None or unmet) and _ends(case.exchange, rule):
                ended = words
            yield described


def _ends(exchange: Exchange | None, rule: Rule) -> bool:
    """
    Whether the actions of C{rule} ended the exchange, so that no further rule was asked.
    """
    decision = None if exchange is None else exchange.decision
    if decision is None:
        return False
    steps = (*decision.request, *decision.reply)
    return any(step.rule == rule and isinstance(step.command, ENDING) for step in steps)


def _unmet(case: Question, words: str) -> str:
    """
    Why a rule that was chosen had no effect; C{""} if it was not chosen.
    """
    for entry in case.journal:
        if entry["kind"] == "missed" and entry["rule"] == short(words):
            return str(entry["effect"])
    return ""


def _missed(case: Question, rule: Rule, ended: str) -> str:
    """
    Why the rule could not match this exchange, C{""} if it could.
    """
    if rule.expired:
        return "its duration has ended"
    exchange = case.exchange
    if rule.streams:
        exchange = NOTHING_SAID
        if case.number:
            return "it is for connections: ask about exchange 0"
    elif ended:
        return f"{ended} ended the exchange first: later rules are not checked"
    elif case.bare and not IBehavior(rule.behavior).connections:
        return "its behavior is for requests, not for connections"
    elif exchange is None:
        # The checks below need the exchange.
        return ""
    if rule.matches is None or rule.matches(case.connection, exchange):
        return ""
    for name, pattern in rule.when.items():
        if not _holds(case, exchange, name, pattern):
            return f"no match: when {name} {pattern!r}"
    return "its behavior does not apply to such an exchange"


def _holds(case: Question, exchange: Exchange, name: str, pattern: object) -> bool:
    wire = case.decider.wire
    try:
        return condition({name: pattern}, wire.targets, wire.name)(case.connection, exchange)
    except Refused:
        return True


def _beyond(case: Question, alternative: Alternative) -> str:
    """
    Why the rule did not apply, although it matched this exchange and the draw chose it.
    """
    rule = alternative.rule
    if case.exchange is None and not rule.streams:
        return (
            "the request is no longer kept: it may not have matched, or "
            "an earlier rule may have ended it"
        )
    tally = case.decider.tally(alternative.counted)
    applied, seen = tally.applied, tally.seen
    if rule.times is not None and applied >= rule.times:
        return f"its window has ended: applied {applied} of {rule.times} times"
    if rule.after and not rule.streams:
        return f"its window had not begun: after {rule.after} requests, {seen} seen by now"
    return "its behavior did nothing to it"
