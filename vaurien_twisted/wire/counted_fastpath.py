# -*- test-case-name: tests.wire.test_fastpath -*-
"""
Fast paths of protocols whose replies all have one form: chunks of requests are counted, and divided
if some requests need decisions of their own.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from typing import Protocol, TypeVar

from vaurien_twisted.model.batch_decision import (
    UNAFFECTED,
    BatchDecider,
    BatchDecision,
    DecidedChunk,
    Part,
)
from vaurien_twisted.model.exchange import PassedBatch
from vaurien_twisted.wire.division import STOPPED, Division, Passed
from vaurien_twisted.wire.fastpath import FastPath
from vaurien_twisted.wire.framer import RequestReader, Session


class ReplyReader(Protocol):
    """
    Reads the replies of the backend.
    """

    @property
    def idle(self) -> bool:
        """
        Whether the next byte begins a reply to the first exchange that awaits one.
        """


class CountedFastPath(FastPath):
    """
    The base of fast paths of protocols whose replies all have one form: it counts the requests of a
    chunk.

    @ivar _watched: commands that rules name, in upper case; C{None} for all.
    """

    __slots__ = ("_known", "_parts", "_replies", "_requests", "_spare", "_watched")

    #: The protocol's name.
    protocol: str

    def __init__(self, session: Session, requests: RequestReader, replies: ReplyReader) -> None:
        super().__init__(session)
        self._requests = requests
        self._replies = replies
        #: A batch that has got its replies, to be used again.
        self._spare: PassedBatch | None = None
        self.watch(frozenset())

    def _watch(self, commands: frozenset[str] | None, batchDecider: BatchDecider | None) -> None:
        watched = None if commands is None else frozenset(each.upper() for each in commands)
        self._watched, self._batchDecider = watched, batchDecider
        self._known = knownFor(self.protocol, watched, batchDecider)
        self._parts: Sequence[Part] = ()

    def _always(self, command: str) -> BatchDecision | None:
        """
        What happens to all exchanges of a watched command; C{None} if that is not known.
        """
        batchDecider = self._batchDecider
        batchDecision = None if batchDecider is None else batchDecider.always(command)
        return None if batchDecision is not None and batchDecision.most < 1 else batchDecision

    def _add(
        self, division: Division, end: int, command: str, subject: str, head: bytes = b""
    ) -> None:
        """
        Add an exchange to the division of a chunk.

        @param end: the offset of its end in the chunk, in bytes.
        """
        watched = self._watched
        if watched is not None and command not in watched:
            division.unaffected(1, end)
            return
        batchDecision = self._batchDecision(command, subject, head)
        if batchDecision is UNAFFECTED:
            division.unaffected(1, end)
        elif batchDecision is None or batchDecision.most < 1:
            division.alone(end)
        else:
            division.decided(batchDecision, ((command, subject, head, None),), (end,))

    def requests(self, data: bytes, batch: PassedBatch | None) -> PassedBatch | None:
        """
        Whole requests: the batch that awaits their replies.
        """
        self._parts = ()
        if not self._requests.passable:
            return None
        count, decided, parts = self._known.get(data) or self._look(data)
        if parts and decided is None:
            self._parts = self._drawn(parts)
        elif parts and decided is not None:
            struck = self._struck(decided, self._requests.number)
            if struck:
                self._parts = parts[0].without(struck) if 2 * len(struck) <= count else ()
                return None
        return self._take(count, decided, batch) if count else None

    def _look(self, data: bytes) -> Passed:
        """
        The division of a chunk that is not cached.
        """
        division = self._divide(data)
        if division is None:
            return STOPPED
        count, decided, _ = passed = division.passed()
        if count and (decided is None or count <= FEW_DECIDED):
            if decided is not None:
                decided.requests = tuple(decided.requests)
            remember(self._known, data, passed)
        return passed

    def _drawn(self, parts: Sequence[Part]) -> Sequence[Part]:
        """
        The parts of a chunk after numbers were drawn for the requests that need them; none if too
        many requests need decisions of their own.
        """
        divided: list[Part] = []
        number = self._requests.number
        alone = passing = 0
        for part in parts:
            count = part.count
            struck = self._struck(part.decided, number) if part.decided and part.ends else ()
            if struck:
                divided += part.without(struck)
            else:
                divided.append(part)
            number += count or 1
            alone += len(struck) if count else 1
            passing += count - len(struck)
        return divided if alone <= passing else ()

    def divided(self) -> Sequence[Part]:
        """
        See L{IDividingFastPath<vaurien_twisted.interfaces.IDividingFastPath.divided>}.
        """
        parts, self._parts = self._parts, ()
        return parts

    def take(
        self, count: int, decided: DecidedChunk | None, batch: PassedBatch | None
    ) -> PassedBatch | None:
        """
        See L{IDividingFastPath<vaurien_twisted.interfaces.IDividingFastPath.take>}.
        """
        return self._take(count, decided, batch) if self._requests.passable else None

    def _take(
        self, count: int, decided: DecidedChunk | None, batch: PassedBatch | None
    ) -> PassedBatch:
        """
        Expect the replies to requests that pass.

        @param decided: the requests, if something happens to them.
        @param batch: the batch that is expected last, if it is a batch.
        @return: the batch that they are part of.
        """
        requests = self._requests
        # The same as C{skip} and C{continues}, without the calls.
        number = requests.number + 1
        requests.number += count
        if (
            batch is not None
            and decided is None
            and not batch.commands
            and batch.next + batch.left == number
        ):
            batch.left += count
            return batch
        begun = self._spare
        if begun is None:
            begun = PassedBatch(number, count)
        else:
            self._spare = None
            begun.next, begun.left = number, count
        if decided is not None:
            begun.decided, begun.commands = decided, decided.commands
        self._awaiting.append(begun)
        return begun

    @abstractmethod
    def _divide(self, data: bytes) -> Division | None:
        """
        The parts of a chunk, C{None} if it does not consist of whole requests that may pass.
        """

    def replies(self, data: bytes) -> int:
        """
        The number of whole replies to the first batch.
        """
        awaiting = self._awaiting
        if not awaiting:
            return 0
        batch = awaiting[0]
        if batch.__class__ is not PassedBatch or not self._replies.idle:
            return 0
        count, end = self._scan(data, 0, batch.left)
        if end != len(data):
            return 0
        # The same as C{_pass}, without the call.
        batch.next += count
        batch.left -= count
        if not batch.left:
            awaiting.popleft()
            batch.commands = ()
            self._spare = batch
        return count

    def leading(self, data: bytes, start: int) -> tuple[int, int]:
        """
        The number of complete replies to the first batch at the beginning, and the offset of their
        end.

        @param start: where the first reply begins.
        """
        awaiting = self._awaiting
        batch = awaiting[0] if awaiting else None
        if batch.__class__ is not PassedBatch or not self._replies.idle:
            return 0, start
        count, end = self._scan(data, start, batch.left)
        return (self._pass(batch, count), end) if count else (0, start)

    @abstractmethod
    def _scan(self, data: bytes, start: int, most: int) -> tuple[int, int]:
        """
        The number of complete replies from C{start} on that may pass, and the offset of their end.

        @param most: count no more than this.
        """

    def _pass(self, batch: PassedBatch, count: int) -> int:
        """
        So many replies to the first batch, which is C{batch}, have passed: how many.
        """
        batch.next += count
        batch.left -= count
        if not batch.left:
            self._awaiting.popleft()
            batch.commands = ()
            self._spare = batch
        return count


#: The largest chunk, in bytes and in requests with rules, that is cached, and the most cached
#: chunks.
LONGEST, FEW_DECIDED, MOST_KEPT = 512, 4, 2048

Known = TypeVar("Known")

_known: dict[tuple[str, frozenset[str] | None, Hashable], dict[bytes, Passed]] = {}


def knownFor(
    protocol: str, watched: frozenset[str] | None, batchDecider: Hashable = None
) -> dict[bytes, Passed]:
    """
    The cache of chunks, shared by all connections of a protocol that watch the same commands.

    @param batchDecider: decides about the requests of these commands.
    """
    key = (protocol, watched, batchDecider)
    known = _known.get(key)
    if known is None:
        if len(_known) >= 16:
            # Drops the caches of earlier plans; connections keep the cache that they use.
            _known.clear()
        known = _known[key] = {}
    return known


def remember(known: dict[bytes, Known], data: bytes, what: Known) -> None:
    """
    Cache the division of a chunk.  A full cache is cleared: frequent chunks are soon cached again.
    """
    if len(data) <= LONGEST:
        if len(known) >= MOST_KEPT:
            known.clear()
        known[data] = what
