# -*- test-case-name: tests.experiments.test_struck -*-
"""
Which exchanges the faults of an experiment delayed the most, and which they made fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import nlargest
from itertools import islice

#: The most entries of each of the two lists.
MOST = 25

#: A step of the reply, in an effect.
_REPLY = "reply: "

#: The first words of effects that delay, and of those after which an exchange has failed.
_DELAYING = {"wait", "pause"}
_FAILING = {"error", "hold", "close", "reset", "drop", "truncate"}

Entry = Mapping[str, object]


def slowest(journal: Iterable[Entry]) -> list[Entry]:
    """
    The entries of the L{MOST} exchanges that were delayed the longest, the longest first.

    @param journal: entries of decisions, with C{effect} as the journal has it.
    """
    delayed = [(delay, entry) for entry in journal if (delay := delayOf(entry)) > 0]
    return [entry for _, entry in nlargest(MOST, delayed, key=lambda each: each[0])]


def failed(journal: Iterable[Entry]) -> list[Entry]:
    """
    The entries of the first L{MOST} exchanges that a fault made fail.
    """
    return list(islice(filter(fails, journal), MOST))


def delayOf(entry: Entry) -> float:
    """
    How long an exchange was delayed, in seconds; 0 if it was not.
    """
    return sum(_seconds(rest) for word, rest in _parts(entry) if word in _DELAYING)


def fails(entry: Entry) -> bool:
    """
    Whether a fault made an exchange fail: it was answered with an error, cut, or not answered.
    """
    return any(word in _FAILING for word, _ in _parts(entry))


def _parts(entry: Entry) -> Iterator[tuple[str, str]]:
    """
    The parts of an effect: the first word, and the rest.
    """
    for part in str(entry.get("effect") or "").split(", "):
        word, _, rest = part.removeprefix(_REPLY).partition(" ")
        yield word, rest


def _seconds(text: str) -> float:
    """
    The number of C{0.8 s}; 0 if it is none.
    """
    try:
        return float(text.removesuffix(" s"))
    except ValueError:
        return 0.0
