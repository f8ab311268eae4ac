"""
A decider as simple as possible: it checks every rule for every exchange, and writes every entry of
the journal at once.
"""

from __future__ import annotations

from typing import Any

from vaurien_twisted.interfaces import IWireProtocol
from vaurien_twisted.model.commands import Close, Drop, Hold, Insert, Reply, Reset, Truncate, Wait
from vaurien_twisted.model.decision import (
    CONNECTION,
    Decision,
    DecisionContext,
    Rule,
    SeededRandom,
    Step,
)
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.rules.plan import Draw, Plan

Key = tuple[int, int]


class ReferenceDecider:
    """
    Decides for the proxy called C{proxy}.

    @ivar entries: what the journal has, without its times.
    """

    def __init__(self, wire: IWireProtocol, seed: int) -> None:
        self.wire = wire
        self.seed = seed
        self.entries: list[dict[str, Any]] = []
        self.setPlan(Plan())

    def setPlan(self, plan: Plan) -> None:
        """
        Another plan: everything is counted from zero.
        """
        self.plan = plan
        self.seen: dict[Key, int] = {}
        self.applied: dict[Key, int] = {}
        self.asked: dict[Key, int] = {}
        self.chosen: dict[tuple[int, Key], bool] = {}

    def shorten(self, plan: Plan) -> None:
        """
        The same plan with some rules expired.
        """
        self.plan = plan

    def amend(self, plan: Plan) -> None:
        """
        The same plan with other toxics.
        """
        old = {draw.key: draw for draw in self.plan.draws if draw.key is not None}
        new = {draw.key: draw for draw in plan.draws if draw.key is not None}
        for key, draw in old.items():
            other = new.get(key)
            if other is None:
                for counts in (self.seen, self.applied, self.asked):
                    for counted in [each for each in counts if each[0] == key]:
                        del counts[counted]
            if other is None or other.alternatives[0].percent != draw.alternatives[0].percent:
                self.chosen = {k: v for k, v in self.chosen.items() if k[1][0] != key}
        self.plan = plan

    def forget(self, connection: Connection) -> None:
        """
        A connection has ended.
        """
        self.chosen = {k: v for k, v in self.chosen.items() if k[0] != connection.number}

    def decide(self, connection: Connection, exchange: Exchange, bare: bool = False) -> Decision:
        """
        What happens to an exchange, or to a bare connection.
        """
        request: list[Step] = []
        reply: list[Step] = []
        for index, draw in enumerate(self.plan.draws):
            key = index if draw.key is None else draw.key
            position = self._choose(key, draw, connection, exchange, bare)
            if position is None:
                continue
            rule = draw.alternatives[position]
            counted = key, position
            number = self.asked.get(counted, 0)
            self.asked[counted] = number + 1
            chance = SeededRandom(self.seed, "proxy", connection.number, exchange.number, key)
            actions = rule.behavior.decide(
                rule.options, DecisionContext(connection, exchange, self.wire, number, chance)
            )
            if not actions.request and not actions.reply:
                continue
            if rule.scope == "exchange":
                self.applied[counted] = self.applied.get(counted, 0) + 1
            request += [Step(command, rule) for command in actions.request]
            reply += [Step(command, rule) for command in actions.reply]
            reason = self._reason(key, draw, position, connection, exchange)
            texts = {
                "description": f"{exchange.command} {exchange.subject}".strip(),
                "rule": rule.describe(),
                "reason": reason,
            }
            self.entries.append(
                {
                    "id": len(self.entries) + 1,
                    "kind": "decision",
                    "proxy": "proxy",
                    "connection": connection.number,
                    "exchange": exchange.number,
                    "description": exchange.description,
                    "rule": _short(rule.describe()),
                    "effect": actions.effect or _effect(actions.request, actions.reply),
                    "reason": _short(reason),
                    **({"message": actions.message} if actions.message else {}),
                    **_whole(exchange.description, texts),
                }
            )
            commands = [*actions.request, *actions.reply]
            if any(isinstance(each, (Reply, Drop, Truncate, Close, Reset)) for each in commands):
                break
        return Decision(tuple(request), tuple(reply))

    def _choose(
        self, key: int, draw: Draw, connection: Connection, exchange: Exchange, bare: bool
    ) -> int | None:
        low = 0.0
        for position, rule in enumerate(draw.alternatives):
            high = low + rule.percent
            if self._applies((key, position), rule, low, high, connection, exchange, bare):
                return position
            low = high
        return None

    def _applies(
        self,
        counted: Key,
        rule: Rule,
        low: float,
        high: float,
        connection: Connection,
        exchange: Exchange,
        bare: bool,
    ) -> bool:
        if rule.expired or rule.streams or (bare and not rule.behavior.connections):
            return False
        if rule.matches is not None and not rule.matches(connection, exchange):
            return False
        whole = rule.scope == "connection"
        if whole and (connection.number, counted) in self.chosen:
            return self.chosen[connection.number, counted]
        self.seen[counted] = self.seen.get(counted, 0) + 1
        applied = self.applied.get(counted, 0)
        number = CONNECTION if whole else exchange.number
        drawn = self._drawn(counted[0], connection, number)
        chosen = (
            self.seen[counted] > rule.after
            and (rule.times is None or applied < rule.times)
            and (rule.percent == 100 or low <= drawn < high)
        )
        if whole:
            self.chosen[connection.number, counted] = chosen
            self.applied[counted] = applied + chosen
        return chosen

    def _drawn(self, key: int, connection: Connection, number: int) -> float:
        return SeededRandom(self.seed, "proxy", connection.number, number, key).percent()

    def _reason(
        self, key: int, draw: Draw, position: int, connection: Connection, exchange: Exchange
    ) -> str:
        rule = draw.alternatives[position]
        whole = rule.scope == "connection"
        words = [f"when {name} {pattern!r}" for name, pattern in rule.when.items()]
        if rule.percent < 100:
            drawn = self._drawn(key, connection, CONNECTION if whole else exchange.number)
            below = sum(each.percent for each in draw.alternatives[:position])
            words.append(
                f"drew {drawn:.2f} for {rule.percent:g} percent"
                + (" of connections" if whole else "")
                + (f" from {below:g} on" if below else "")
            )
        if rule.after:
            words.append(f"after {rule.after}")
        if rule.times is not None and whole:
            words.append(f"one of {rule.times} connections")
        elif rule.times is not None:
            words.append(f"time {self.applied[key, position]} of {rule.times}")
        return ", ".join(words) or "always"


def _short(text: str) -> str:
    return text if len(text) <= 300 else text[:297] + "..."


def _whole(description: str, texts: dict[str, str]) -> dict[str, object]:
    """
    The texts that are shortened elsewhere.
    """
    told = {"description": description, **{n: _short(texts[n]) for n in ("rule", "reason")}}
    longer = {name: text for name, text in texts.items() if text != told[name]}
    return {"whole": longer} if longer else {}


def _effect(request: tuple[Any, ...], reply: tuple[Any, ...]) -> str:
    words = [_word(command) for command in request]
    return ", ".join(words + [f"reply: {_word(command)}" for command in reply])


def _word(command: Any) -> str:
    if isinstance(command, Wait):
        return f"wait {command.seconds:g} s"
    if isinstance(command, (Reply, Insert)):
        return f"{type(command).__name__.lower()} {len(command.data)} bytes"
    assert isinstance(command, (Hold, Drop, Truncate, Close, Reset))
    return type(command).__name__.lower()
