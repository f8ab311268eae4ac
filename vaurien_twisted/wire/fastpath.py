# -*- test-case-name: tests.wire.test_fastpath -*-
"""
Fast paths: batches of exchanges that pass without being told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from vaurien_twisted.model.decision import Decision
from vaurien_twisted.model.exchange import Exchange, PassedBatch
from vaurien_twisted.wire.framer import RequestReader, Session

#: How many requests pass in one batch.
MOST = 32768

#: Stands for the number of any exchange but the greeting, which never passes: no rule asks more
#: of a number than that.
PASSED = 1


class FastPath:
    """
    The base of fast paths.  See L{IFastPath<vaurien_twisted.interfaces.IFastPath>}.
    """

    __slots__ = ("_awaiting",)

    def __init__(self, session: Session) -> None:
        # The queue is the same for the session's life.
        self._awaiting = session.awaiting

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
        """
        So many replies have passed.
        """
        self.forms = self.forms[count:]
        self.next += count
        self.left -= count

    def expand(self, decision: Decision) -> list[Exchange]:
        """
        The exchanges that are left, each with the context of its form.
        """
        exchanges = super().expand(decision)
        for exchange, form in zip(exchanges, self.forms, strict=True):
            exchange.context = self._contexts(form)
        return exchanges


class FormedFastPath(FastPath):
    """
    The base of fast paths where replies have several forms.
    """

    __slots__ = ()

    def _extend(
        self,
        batch: PassedBatch | None,
        number: int,
        forms: bytes,
        contexts: Callable[[int], object],
    ) -> PassedBatch:
        """
        Expect the replies to requests that pass.

        @param batch: the last of what is awaited, if it is a batch.
        @param number: of the first request.
        @return: the batch that they are part of.
        """
        # A request without a reply, between the two, has a number but is not awaited.
        if isinstance(batch, FormedBatch) and batch.next + batch.left == number:
            batch.grow(forms)
            return batch
        begun = FormedBatch(number, forms, contexts)
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


class CountedFastPath(FastPath):
    """
    The base of fast paths where all replies have one form: a chunk of requests is counted.

    @ivar _watched: commands that rules name, in upper case; C{None} for all.
    """

    __slots__ = ("_counts", "_misses", "_requests", "_watched")

    #: The protocol's name.
    protocol: str

    def __init__(self, session: Session, requests: RequestReader) -> None:
        super().__init__(session)
        self._requests = requests
        self.watch(frozenset())

    def watch(self, commands: frozenset[str]) -> None:
        """
        From now on pass all commands but these, which are in lower case.
        """
        self._watch(commands, None)

    def select(self, commands: frozenset[str] | None, misses: Callable[[Exchange], bool]) -> None:
        """
        The same, and pass exchanges of these commands, C{None} for all, that no rule matches.

        @param misses: says that of an exchange.
        """
        self._watch(commands, misses)

    def _watch(
        self, commands: frozenset[str] | None, misses: Callable[[Exchange], bool] | None
    ) -> None:
        watched = None if commands is None else frozenset(each.upper() for each in commands)
        self._watched, self._misses = watched, misses
        self._counts = countsFor(self.protocol, watched, misses)

    def _chosen(self, command: str, subject: str, head: bytes = b"") -> bool:
        """
        Whether a rule may match an exchange.
        """
        watched = self._watched
        if watched is not None and command not in watched:
            return False
        misses = self._misses
        return misses is None or not misses(Exchange(PASSED, command, subject, head))

    def requests(self, data: bytes, batch: PassedBatch | None) -> PassedBatch | None:
        """
        Whole requests: the batch that awaits their replies.
        """
        if not self._requests.passable:
            return None
        count = self._counts.get(data)
        if count is None:
            count = self._count(data)
            if not count:
                return None
            remember(self._counts, data, count)
        number = self._requests.skip(count)
        if batch is not None:
            batch.left += count
            return batch
        batch = PassedBatch(number, count)
        self._awaiting.append(batch)
        return batch

    def _count(self, data: bytes) -> int:
        """
        How many whole requests C{data} is, 0 if they do not all pass.
        """
        raise NotImplementedError("each protocol counts its own requests")


#: Only short chunks are remembered, and so many of them.
LONGEST, MOST_KEPT = 512, 2048

_counts: dict[tuple[str, frozenset[str] | None, Hashable], dict[bytes, int]] = {}


def countsFor(
    protocol: str, watched: frozenset[str] | None, misses: Hashable = None
) -> dict[bytes, int]:
    """
    How many requests a chunk was counted as; for all connections of a protocol on which the
    same commands are watched.

    @param misses: what else says whether a request passes.
    """
    key = (protocol, watched, misses)
    counts = _counts.get(key)
    if counts is None:
        if len(_counts) >= 16:
            # Plans that are no longer in force; those that are go on with what they hold.
            _counts.clear()
        counts = _counts[key] = {}
    return counts


def remember(counts: dict[bytes, int], data: bytes, count: int) -> None:
    """
    Remember a chunk's count.  When there are too many, all are forgotten: frequent ones are
    soon known again.
    """
    if len(data) <= LONGEST:
        if len(counts) >= MOST_KEPT:
            counts.clear()
        counts[data] = count
