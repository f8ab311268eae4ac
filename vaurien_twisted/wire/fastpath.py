# -*- test-case-name: tests.wire.test_fastpath -*-
"""
Fast paths: batches of exchanges that pass without being told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import Exchange, PassedBatch
from vaurien_twisted.model.treatment import UNTREATED, Request, TreatedChunk, Treatment, Treats
from vaurien_twisted.wire.division import MOST_TREATED
from vaurien_twisted.wire.framer import RequestReader, Session

#: Stands for the number of any exchange but the greeting, which never passes: no rule asks more
#: of a number than that.
PASSED = 1


class FastPath:
    """
    The base of fast paths.  See
    L{ISelectiveFastPath<vaurien_twisted.interfaces.ISelectiveFastPath>}.
    """

    __slots__ = ("_asked", "_awaiting", "_treats")

    def __init__(self, session: Session) -> None:
        # The queue is the same for the session's life.
        self._awaiting = session.awaiting
        self._treats: Treats | None = None
        self._asked = Exchange(PASSED)

    def watch(self, commands: frozenset[str]) -> None:
        self._watch(commands, None)

    def select(self, commands: frozenset[str] | None, treats: Treats) -> None:
        """
        The same, and pass those exchanges of these commands, C{None} for all, to which C{treats}
        says what happens.
        """
        self._watch(commands, treats)

    def _watch(self, commands: frozenset[str] | None, treats: Treats | None) -> None:
        raise NotImplementedError("a subclass implements this")

    def _treatment(
        self, command: str, subject: str, head: bytes = b"", context: object = None
    ) -> Treatment | None:
        """
        What happens to an exchange of a watched command, C{None} if it has to be decided by itself.

        @param context: that of the exchange, if rules look at it.
        """
        treats = self._treats
        if treats is None:
            return None
        asked = self._asked
        asked.command, asked.subject, asked.head, asked.context = command, subject, head, context
        return treats(asked)

    def _struck(self, treated: TreatedChunk, number: int) -> Sequence[int]:
        """
        The places of those requests of a chunk that have to be decided by themselves all the same.

        @param number: of the latest request before it.
        """
        treats, treatment = self._treats, treated.treatment
        if not treatment.chances or treats is None:
            return ()
        return treats.struck(treatment, number + 1, len(treated.requests))

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


def continues(batch: PassedBatch, number: int, treated: TreatedChunk | None) -> bool:
    """
    Whether a batch can go on with the requests from C{number} on: one of treated requests, of
    which more is known, is not made longer.
    """
    # A request without a reply, between the two, has a number but is not awaited.
    return treated is None and not batch.commands and batch.next + batch.left == number


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
        self.treated = None
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


class FormedFastPath(FastPath):
    """
    The base of fast paths where replies have several forms.  A chunk passes if the same happens to
    all of its requests.
    """

    __slots__ = ("_treated",)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        #: The requests of the chunk at hand to which something happens, and what.
        self._treated: list[tuple[Treatment, Request]] = []

    def _stops(self, command: str, subject: str, head: bytes = b"", context: object = None) -> bool:
        """
        Whether an exchange of a watched command has to be decided by itself, as do those of
        chunks in which something happens to too many.

        @param context: that of the exchange, if rules look at it.
        """
        treatment = self._treatment(command, subject, head, context)
        if treatment is None:
            return True
        if treatment is UNTREATED:
            return False
        treated = self._treated
        treated.append((treatment, (command, subject, head, context)))
        # If there are more, a rule with a percentage probably chooses one of them.
        return len(treated) > min(treatment.most, MOST_TREATED)

    def _together(self, count: int) -> TreatedChunk | None:
        """
        The requests of a chunk to which something happens; C{None} if not the same happens to all.

        @param count: how many requests the chunk is.
        """
        treated, self._treated = self._treated, []
        treatment = treated[0][0]
        if len(treated) != count or any(each is not treatment for each, _ in treated):
            return None
        return TreatedChunk(treatment, tuple(request for _, request in treated))

    def _extend(
        self,
        batch: PassedBatch | None,
        requests: RequestReader,
        forms: bytes,
        contexts: Callable[[int], object],
    ) -> PassedBatch | None:
        """
        Expect the replies to requests that may each pass.

        @param batch: the last of what is awaited, if it is a batch.
        @return: the batch that they are part of; C{None} where not the same happens to all, and
            nothing has changed.
        """
        count, treated = len(forms), None
        if self._treated:
            treated = self._together(count)
            if treated is None or self._struck(treated, requests.number):
                return None
        number = requests.skip(count)
        if isinstance(batch, FormedBatch) and continues(batch, number, treated):
            batch.grow(forms)
            return batch
        begun = FormedBatch(number, forms, contexts)
        if treated is not None:
            begun.treated, begun.commands = treated, treated.commands
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
