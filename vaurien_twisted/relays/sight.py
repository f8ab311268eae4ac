# -*- test-case-name: tests.relays.test_sight -*-
"""
What can be seen of a link.
"""

from __future__ import annotations

from collections.abc import Sequence

from vaurien_twisted.decider import Decider
from vaurien_twisted.exchange import Connection, Exchange
from vaurien_twisted.plan import Step
from vaurien_twisted.relays.couple import Couple
from vaurien_twisted.relays.dialogue import Dialogue


class Sight:
    """
    A link as it is now; made when somebody looks.

    @param staged: the names of the behaviors whose stages there are.
    @param greeting: the connection itself as an exchange.
    @ivar state: C{"connecting"} to the backend, C{"open"}, C{"waiting"} where something is
        kept back, or C{"closing"}.
    """

    def __init__(
        self,
        couple: Couple,
        dialogue: Dialogue,
        staged: Sequence[str],
        greeting: Exchange,
        closed: bool,
    ) -> None:
        self._dialogue = dialogue
        self._staged = staged
        self._greeting = greeting
        if closed or couple.client is None or couple.clientEnded or couple.backendEnded:
            self.state = "closing"
        elif self.held is not None:
            self.state = "waiting"
        else:
            self.state = "connecting" if couple.backend is None else "open"

    @property
    def held(self) -> tuple[Exchange | None, Step] | None:
        """
        The exchange that is kept back, and by what; C{None} where nothing is.
        """
        return self._dialogue.toBackend.held or self._dialogue.toClient.held

    @property
    def faults(self) -> list[str]:
        """
        The names of the behaviors that act now: of each that keeps an exchange back, and
        of those whose stages the bytes pass through.
        """
        lanes = (self._dialogue.toBackend, self._dialogue.toClient)
        steps = [entry.steps[0] for lane in lanes for entry in lane.queue if entry.steps]
        kept = [step.rule.behavior.name for step in steps if step.rule is not None]
        return [*kept, *self._staged]

    @property
    def recent(self) -> Sequence[Exchange]:
        """
        The latest exchanges that were told apart, in order.
        """
        found = list(self._dialogue.recent or ())
        # A greeting that was decided as an exchange is among them.
        known = self._greeting.decision is None or self._greeting in found
        return found if known else [self._greeting, *found]

    @property
    def decider(self) -> Decider:
        """
        Who decides about its exchanges: the proxy's decider, or one for its own plan.
        """
        return self._dialogue.decider

    @property
    def asked(self) -> Connection:
        """
        The connection as that decider knows it.
        """
        return self._dialogue.connection
