# -*- test-case-name: tests.rules.test_pins -*-
"""
Pinned decisions: the faults of an earlier run, for the same exchanges again.

A pin names an exchange by its connection, its number and its request, and has its decision, with
the data that the behavior's random choices depend on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from vaurien_twisted.interfaces import IWireProtocol
from vaurien_twisted.model.commands import Actions
from vaurien_twisted.model.decision import DecisionContext, Rule, SeededRandom
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.compiled import CompiledRule
from vaurien_twisted.rules.draws import Alternative
from vaurien_twisted.rules.tally import Tally


class Pin:
    """
    One decision to take again.

    @ivar request: the description of the exchange's request.
    @ivar drawn: the numbers of connection and exchange that random choices depend on.
    @ivar met: whether the exchange has occurred again, with this request.
    @ivar instead: the request of another exchange with its number; C{None} if there was none.
    @ivar compiled: its rule, ready for deciding.
    """

    def __init__(
        self,
        connection: int,
        exchange: int,
        request: str,
        rule: Rule,
        seed: int,
        drawn: tuple[int, int],
        key: int,
        number: int,
    ) -> None:
        self.connection, self.exchange, self.request = connection, exchange, request
        self.seed, self.drawn = seed, drawn
        self.met = False
        self.instead: str | None = None
        alternative = Alternative(rule, key, (key, 0), 0.0, 100.0)
        self.compiled = CompiledRule(alternative, Tally(decided=number), None, None)

    def decide(
        self, connection: Connection, exchange: Exchange, wire: IWireProtocol, proxy: str
    ) -> Actions:
        """
        The actions of the behavior, as in the earlier run.
        """
        compiled = self.compiled
        alternative, number = compiled.alternative, compiled.tally.decided
        chance = SeededRandom(self.seed, proxy, *self.drawn, alternative.key)
        # The count has this exchange already.
        context = DecisionContext(connection, exchange, wire, max(0, number - 1), chance)
        return compiled.behavior.decide(alternative.rule.options, context)


class Pins:
    """
    The pinned decisions of one proxy.  While they are set, no rule decides about exchanges.
    """

    def __init__(self, pins: Iterable[Pin]) -> None:
        self._pins: dict[tuple[int, int], list[Pin]] = {}
        for pin in pins:
            self._pins.setdefault((pin.connection, pin.exchange), []).append(pin)

    def __iter__(self) -> Iterator[Pin]:
        for pins in self._pins.values():
            yield from pins

    def of(self, connection: Connection, exchange: Exchange) -> Iterator[Pin]:
        """
        Those of an exchange; none where its request is another one.
        """
        for pin in self._pins.get((connection.number, exchange.number), ()):
            request = exchange.description
            if request == pin.request:
                pin.met = True
                yield pin
            else:
                pin.instead = request


def pinFromJSON(ruleBuilder: RuleBuilder, item: Mapping[str, object]) -> Pin:
    """
    A pin of an entry of the journal and of what repeats it (see
    L{RuleTexts.repeat<vaurien_twisted.rules.texts.RuleTexts.repeat>}): C{{"connection": 3,
    "exchange": 5, "description": "GET /", "repeat": {"behavior": …, "options": {…}, "seed": 7,
    "drawn": [3, 5], "key": 0, "number": 2}}}.

    @raise Refused: something is missing, unknown or out of bounds.
    """
    try:
        repeat = _object(item["repeat"])
        rule = ruleBuilder.rule(str(repeat["behavior"]), _object(repeat["options"]))
        first, second = (int(str(each)) for each in _pair(repeat["drawn"]))
        return Pin(
            int(str(item["connection"])),
            int(str(item["exchange"])),
            str(item["description"]),
            attrs.evolve(rule, unplanned=True),
            int(str(repeat["seed"])),
            (first, second),
            int(str(repeat["key"])),
            int(str(repeat["number"])),
        )
    except Refused:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"this is not a decision of a journal: {error!r}", "repeat") from None


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError("it must be an object")
    return value


def _pair(value: object) -> list[object]:
    if not isinstance(value, list) or len(value) != 2:
        raise TypeError("it must have two numbers")
    return value
