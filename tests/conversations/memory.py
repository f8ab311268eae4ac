"""
Plays random conversations on a link between transports in memory.
"""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Any

from tests.conversations.speaking import Flight, Speech, Turn, cut
from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules

#: More than any reply has, of bytes as of units.
HUGE = 2**40

#: Rules under which nothing must change, by name.
HARMLESS: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "other client": [{"behavior": "error", "when": {"client": "203.0.113.9"}}],
    "other command": [{"behavior": "delay", "when": {"command": "nosuch"}}],
    "never": [{"behavior": "delay", "percent": 0}],
    "delay": [{"behavior": "delay", "options": {"sleep": 0}}],
    "partial": [{"behavior": "error", "options": {"at": "partial", "count": HUGE}}],
    "units": [{"behavior": "error", "options": {"at": "partial", "count": HUGE, "unit": "units"}}],
}

#: Where an error strikes.
STRIKES = ("request", "reply")


class Conversation:
    """
    One conversation.

    @ivar log: what was played, for whoever looks for what went wrong.
    """

    def __init__(self, dice: Random, speech: Speech) -> None:
        self.dice = dice
        self.speech = speech
        self.pair = Pair(speech.wire)
        self._ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire(speech.wire))
        self.modes = [*HARMLESS, *STRIKES * 3]
        if not REGISTRY.wire(speech.wire).unit:
            self.modes.remove("units")
        if speech.random:
            # It replaces the reply wherever it strikes.
            self.modes = [mode for mode in self.modes if mode not in ("request", "other command")]
        self.log: list[Any] = []

    def play(self) -> None:
        """
        Play it to its end.

        @raise AssertionError: something was not as without a proxy.
        """
        dice, speech = self.dice, self.speech
        session = speech.begin(dice)
        self.rule(dice.choice([mode for mode in self.modes if mode not in STRIKES]))
        for who, data in session.opening:
            for part in cut(dice, data):
                self.give(who, part)
            self.check(who, data, "opening")
        for _ in range(dice.randrange(1, 6)):
            if dice.random() < 0.7:
                self.rule(dice.choice(self.modes))
            said = session.speak()
            if speech.pipelines and len(said) == 1:
                for _ in range(dice.choice((0, 0, 1, 4))):
                    more = session.speak()
                    if len(more) == 1:
                        said[0] += more[0]
            for flight in said:
                self.fly(flight)
        for entry in self.pair.factory.journal.since():
            assert entry["kind"] in ("decision", "missed", "plan"), entry

    def rule(self, mode: str) -> None:
        """
        Put other rules in force.
        """
        self.mode = mode
        self.log.append(mode)
        rules = HARMLESS.get(mode)
        if rules is None:
            options = {**self.speech.error, "at": mode}
            rules = [{"behavior": "error", "options": options, "when": self.speech.when}]
        self.pair.factory.setPlan(planFromRules(self._ruleBuilder, rules))

    def give(self, who: str, data: bytes) -> None:
        """
        One end says something.
        """
        pair = self.pair
        self.log.append((who, data))
        if who == "client":
            pair.relay.dataReceived(data)
        else:
            pair.backendProtocol.dataReceived(data)
        pair.clock.advance(0)
        assert pair.client.ended == [] == pair.backend.ended, "the connection was closed"

    def check(self, who: str, data: bytes, what: str) -> None:
        """
        That all arrives which was said.
        """
        pair = self.pair
        heard = (pair.backend if who == "client" else pair.client).heard()
        assert heard == data, (what, self.mode, who, data[:300], heard[:300])

    def fly(self, flight: Flight) -> None:
        """
        Send requests, and replies to those that arrive, in parts and in any order that is
        possible.
        """
        dice, pair = self.dice, self.pair
        back = b""
        script: deque[Turn] = deque()
        struck = 0
        for turn in flight:
            if self.mode in STRIKES and turn.struck:
                struck += 1
                back += turn.reply[: turn.interim] * (self.mode == "reply") + turn.struck
                if self.mode == "request":
                    continue
            else:
                back += turn.reply
            script.append(turn)
        before = len(pair.factory.journal.since())
        parts = deque(cut(dice, b"".join(turn.request for turn in flight)))
        got = outbox = waiting = b""
        while parts or outbox:
            if parts and (not outbox or dice.random() < 0.5):
                self.give("client", parts.popleft())
            else:
                replies = cut(dice, outbox)
                self.give("backend", replies[0])
                outbox = outbox[len(replies[0]) :]
            waiting += pair.backend.heard()
            got += pair.client.heard()
            waiting, replies = self.serve(waiting, script)
            outbox += replies
        if self.speech.random and struck:
            # In place of a turn's reply.
            got = bytes(len(got))
        assert not waiting and not script, (self.mode, "to the backend", script, waiting[:300])
        assert got == back, (self.mode, "to the client", back[:600], got[:600])
        if self.mode in STRIKES:
            since = pair.factory.journal.since()[before:]
            # Not what is told of rules that were replaced.
            decided = [entry for entry in since if entry["kind"] != "missed"]
            assert len(decided) == struck, (self.mode, struck, decided)

    def serve(self, waiting: bytes, script: deque[Turn]) -> tuple[bytes, bytes]:
        """
        What the backend has not read yet of what it has heard, and its replies to the rest.

        @param script: the requests that must come, from which those are taken that have.
        """
        said = b""
        own = self.speech.own if self.mode == "request" else None
        while waiting:
            if script and waiting.startswith(script[0].request):
                turn = script.popleft()
                waiting = waiting[len(turn.request) :]
                said += turn.reply
            elif own is not None and waiting.startswith(own[0]):
                waiting = waiting[len(own[0]) :]
                said += own[1]
            else:
                break
        parts = [*(turn.request for turn in list(script)[:1]), *((own or ())[:1])]
        whole = any(each.startswith(waiting) for each in parts)
        assert not waiting or whole, (self.mode, "to the backend", parts, waiting[:300])
        return waiting, said
