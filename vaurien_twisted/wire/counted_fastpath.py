# -*- test-case-name: tests.wire.test_fastpath -*-
"""
Fast paths of protocols whose replies all have one form: chunks of requests are counted.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable

from vaurien_twisted.model.exchange import PassedBatch
from vaurien_twisted.model.treatment import Treats
from vaurien_twisted.wire.fastpath import STOPPED, FastPath, Passed
from vaurien_twisted.wire.framer import RequestReader, Session


class CountedFastPath(FastPath):
    """
    The base of fast paths where all replies have one form: a chunk of requests is counted.

    @ivar _watched: commands that rules name, in upper case; C{None} for all.
    """

    __slots__ = ("_known", "_longest", "_requests", "_spare", "_watched")

    #: The protocol's name.
    protocol: str

    def __init__(self, session: Session, requests: RequestReader) -> None:
        super().__init__(session)
        self._requests = requests
        #: A batch that has got its replies, to be used again.
        self._spare: PassedBatch | None = None
        self.watch(frozenset())

    def _watch(self, commands: frozenset[str] | None, treats: Treats | None) -> None:
        watched = None if commands is None else frozenset(each.upper() for each in commands)
        self._watched, self._treats = watched, treats
        self._known = knownFor(self.protocol, watched, treats)
        #: From which length on it is not worth while to look at a chunk, in bytes.
        self._longest = sys.maxsize
        self._tooMany = False

    def _chosen(self, command: str, subject: str, head: bytes = b"") -> bool:
        """
        Whether an exchange has to be decided by itself.
        """
        watched = self._watched
        if watched is not None and command not in watched:
            return False
        return self._stops(command, subject, head)

    def requests(self, data: bytes, batch: PassedBatch | None) -> PassedBatch | None:
        """
        Whole requests: the batch that awaits their replies.
        """
        requests = self._requests
        if not requests.passable or len(data) >= self._longest:
            return None
        count, treated = self._known.get(data) or self._look(data)
        number = requests.number
        if not count or (treated is not None and self._strikes(treated, number)):
            return None
        # The same as C{skip} and C{continues}, without the calls.
        requests.number = number + count
        number += 1
        if (
            batch is not None
            and treated is None
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
        if treated is not None:
            begun.treated, begun.commands = treated, treated.commands
        self._awaiting.append(begun)
        return begun

    def _look(self, data: bytes) -> Passed:
        """
        What a chunk is that is not known yet.
        """
        self._treated.clear()
        count = self._count(data)
        if self._tooMany:
            self._tooMany, self._longest = False, len(data)
        passed = self._together(count) if count else STOPPED
        remember(self._known, data, passed)
        return passed

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

    def _count(self, data: bytes) -> int:
        """
        How many whole requests C{data} is, 0 if they do not all pass.
        """
        raise NotImplementedError("each protocol counts its own requests")


#: Only short chunks of few treated requests are remembered, and so many of them.
LONGEST, FEW_TREATED, MOST_KEPT = 512, 4, 2048

_known: dict[tuple[str, frozenset[str] | None, Hashable], dict[bytes, Passed]] = {}


def knownFor(
    protocol: str, watched: frozenset[str] | None, treats: Hashable = None
) -> dict[bytes, Passed]:
    """
    What is known of chunks; for all connections of a protocol on which the same commands are
    watched.

    @param treats: what else says whether a request passes.
    """
    key = (protocol, watched, treats)
    known = _known.get(key)
    if known is None:
        if len(_known) >= 16:
            # Plans that are no longer in force; those that are go on with what they hold.
            _known.clear()
        known = _known[key] = {}
    return known


def remember(known: dict[bytes, Passed], data: bytes, passed: Passed) -> None:
    """
    Remember a chunk that passes.  When there are too many, all are forgotten: frequent ones are
    soon known again.
    """
    count, treated = passed
    if count and len(data) <= LONGEST and (treated is None or count <= FEW_TREATED):
        if len(known) >= MOST_KEPT:
            known.clear()
        known[data] = passed
