# -*- test-case-name: tests.wire.test_fastpath -*-
"""
Fast paths: batches of exchanges that pass without being divided.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from vaurien_twisted.model.batch_decision import (
    UNAFFECTED,
    BatchDecider,
    BatchDecision,
    DecidedChunk,
    Request,
)
from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import Exchange, PassedBatch
from vaurien_twisted.wire.division import MOST_DECIDED
from vaurien_twisted.wire.framer import RequestReader, Session

#: The exchange number for checks: rules only distinguish the greeting, which never passes, from
#: other numbers.
PASSED = 1


class FastPath(ABC):
    """
    The base of fast paths.  See
    L{ISelectiveFastPath<vaurien_twisted.interfaces.ISelectiveFastPath>}.
    """

    __slots__ = ("_asked", "_awaiting", "_batchDecider")

    def __init__(self, session: Session) -> None:
        # The queue is the same for the session's life.
        self._awaiting = session.awaiting
        self._batchDecider: BatchDecider | None = None
        self._asked = Exchange(PASSED)

    def watch(self, commands: frozenset[str]) -> None:
        self._watch(commands, None)

    def select(self, commands: frozenset[str] | None, batchDecider: BatchDecider) -> None:
        """
        The same, and pass those exchanges of these commands, C{None} for all, for which
        C{batchDecider} has a decision.
        """
        self._watch(commands, batchDecider)

    @abstractmethod
    def _watch(self, commands: frozenset[str] | None, batchDecider: BatchDecider | None) -> None:
        """
        Pass from now on the exchanges that C{select} names.
        """

    def _batchDecision(
        self, command: str, subject: str, head: bytes = b"", context: object = None
    ) -> BatchDecision | None:
        """
        The batch decision about an exchange of a watched command; C{None} if it needs a decision of
        its own.

        @param context: that of the exchange, if rules look at it.
        """
        batchDecider = self._batchDecider
        if batchDecider is None:
            return None
        asked = self._asked
        asked.command, asked.subject, asked.head, asked.context = command, subject, head, context
        return batchDecider(asked)

    def _struck(self, decided: DecidedChunk, number: int) -> Sequence[int]:
        """
        The indices of the requests of a chunk that need decisions of their own.

        @param number: of the latest request before it.
        """
        batchDecider, batchDecision = self._batchDecider, decided.batchDecision
        if not batchDecision.chances or batchDecider is None:
            return ()
        return batchDecider.struck(batchDecision, number + 1, len(decided.requests))

    def expand(self, decision: Decision) -> None:
        """
        Put the exchanges of all batches in their place.
        """
        awaiting = self._awaiting
        waiting = list(awaiting)
        awaiting.clear()
        for each in waiting:
            if isinstance(each, PassedBatch):
                awaiting.extend(each.expand(decision))
            else:
                awaiting.append(each)


def continues(batch: PassedBatch, number: int, decided: DecidedChunk | None) -> bool:
    """
    Whether a batch can be extended by the requests from C{number} on.  A batch with a decision is
    not extended.
    """
    # A request without a reply, between the two, has a number but is not awaited.
    return decided is None and not batch.commands and batch.next + batch.left == number


class FormedBatch(PassedBatch):
    """
    A batch that knows a form for each of its exchanges.

    @param contexts: gives the context of an exchange from its form.
    @ivar forms: a byte for each exchange that awaits its reply.
    """

    __slots__ = ("_contexts", "forms")

    def __init__(self, number: int, forms: bytes, contexts: Callable[[int], object]) -> None:
        # One is made for each request of most clients, so that a call more would be felt.
        self.next = number
        self.left = len(forms)
        self.extra = 0
        self.decided = None
        self.commands = ()
        self._expanded = None
        self.forms = forms
        self._contexts = contexts

    def grow(self, forms: bytes) -> None:
        """
        Add an exchange of each of these forms.
        """
        self.forms += forms
        self.left += len(forms)

    def passed(self, count: int) -> None:
        self.forms = self.forms[count:]
        self.next += count
        self.left -= count

    def expand(self, decision: Decision) -> list[Exchange]:
        exchanges = super().expand(decision)
        for exchange, form in zip(exchanges, self.forms, strict=True):
            exchange.context = self._contexts(form)
        return exchanges


#: The most requests that are remembered because no rule matches them, and the longest subject of
#: these, in characters.
MOST_UNAFFECTED, LONGEST_SUBJECT = 32, 512


class FormedFastPath(FastPath):
    """
    The base of fast paths where replies have several forms.  A chunk passes if the same happens to
    all of its requests.
    """

    __slots__ = ("_decidedTogether", "_unaffected")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        #: The latest commands with their subjects that no rule matches: applications ask the same
        #: things again and again.
        self._unaffected: set[tuple[str, str]] = set()
        #: The requests of the chunk at hand to which something happens, and what.
        self._decidedTogether: list[tuple[BatchDecision, Request]] = []

    def select(self, commands: frozenset[str] | None, batchDecider: BatchDecider) -> None:
        self._unaffected.clear()
        super().select(commands, batchDecider)

    def _stops(self, command: str, subject: str, head: bytes = b"", context: object = None) -> bool:
        """
        Whether an exchange of a watched command needs a decision of its own, or its chunk has too
        many with rules.

        @param context: that of the exchange, if rules look at it.
        """
        if (command, subject) in self._unaffected and not head and context is None:
            return False
        batchDecision = self._batchDecision(command, subject, head, context)
        if batchDecision is None:
            return True
        if batchDecision is UNAFFECTED:
            if len(subject) <= LONGEST_SUBJECT and not head and context is None:
                if len(self._unaffected) >= MOST_UNAFFECTED:
                    self._unaffected.clear()
                self._unaffected.add((command, subject))
            return False
        decided = self._decidedTogether
        decided.append((batchDecision, (command, subject, head, context)))
        # If there are more, a rule with a percentage probably chooses one of them.
        return len(decided) > min(batchDecision.most, MOST_DECIDED)

    def _together(self, count: int) -> DecidedChunk | None:
        """
        The requests of a chunk to which something happens; C{None} if not the same happens to all.

        @param count: how many requests the chunk is.
        """
        decided, self._decidedTogether = self._decidedTogether, []
        batchDecision = decided[0][0]
        if len(decided) != count or any(each is not batchDecision for each, _ in decided):
            return None
        return DecidedChunk(batchDecision, tuple(request for _, request in decided))

    def _extend(
        self,
        batch: PassedBatch | None,
        requests: RequestReader,
        forms: bytes,
        contexts: Callable[[int], object],
    ) -> PassedBatch | None:
        """
        Expect the replies to requests that may each pass.

        @param batch: the batch that is expected last, if it is a batch.
        @return: the batch that they are part of; C{None} where not the same happens to all, and
            nothing has changed.
        """
        count, decided = len(forms), None
        if self._decidedTogether:
            decided = self._together(count)
            if decided is None or self._struck(decided, requests.number):
                return None
        number = requests.skip(count)
        if isinstance(batch, FormedBatch) and continues(batch, number, decided):
            batch.grow(forms)
            return batch
        begun = FormedBatch(number, forms, contexts)
        if decided is not None:
            begun.decided, begun.commands = decided, decided.commands
        self._awaiting.append(begun)
        return begun

    def _pass(self, batch: FormedBatch, count: int) -> int:
        """
        So many replies to the first batch, which is C{batch}, have passed: how many.
        """
        if count == batch.left:
            batch.left = 0
            batch.forms = b""
            self._awaiting.popleft()
        else:
            batch.passed(count)
        return count
