# -*- test-case-name: tests.experiments.test_notable -*-
"""
The slowest exchanges of an experiment, and those that failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from itertools import islice

#: The most entries of each of the two lists.
MOST = 25

#: The kind of the entries of exchanges that no fault struck.
PASSED = "passed"

#: A step of the reply, in an effect.
_REPLY = "reply: "

#: The first words of effects that delay, and of those after which an exchange has failed.
_DELAYING = {"wait", "pause"}
_FAILING = {"error", "hold", "close", "reset", "drop", "truncate"}

Entry = Mapping[str, object]


def slowest(entries: Iterable[Entry]) -> list[Entry]:
    """
    The entries of the L{MOST} exchanges that took the longest, the longest first.

    @param entries: the journal's entries about decisions, and those about exchanges that passed.
    """
    timed = [(seconds, entry) for entry in entries if (seconds := secondsOf(entry)) > 0]
    return [entry for _, entry in nlargest(MOST, timed, key=lambda each: each[0])]


def failed(entries: Iterable[Entry]) -> list[Entry]:
    """
    The entries of the first L{MOST} exchanges that failed.
    """
    return list(islice(filter(fails, entries), MOST))


def notable(entries: Sequence[Entry]) -> list[Entry]:
    """
    Those of C{entries} that L{slowest} or L{failed} choose, in their order.
    """
    chosen = {id(entry) for entry in (*slowest(entries), *failed(entries))}
    return [entry for entry in entries if id(entry) in chosen]


def secondsOf(entry: Entry) -> float:
    """
    The known duration of an exchange in seconds: to the end of its reply, otherwise its delay.
    """
    duration = _timing(entry).get("duration")
    return max(delayOf(entry), duration if isinstance(duration, int | float) else 0.0)


def delayOf(entry: Entry) -> float:
    """
    The delay of an exchange, in seconds; 0 if it was not delayed.
    """
    return sum(_seconds(rest) for word, rest in _parts(entry) if word in _DELAYING)


def fails(entry: Entry) -> bool:
    """
    Whether an exchange failed: a fault answered it with an error, cut it or left it without a
    reply, or the backend replied with an error.
    """
    return bool(errorOf(entry)) or any(word in _FAILING for word, _ in _parts(entry))


def errorOf(entry: Entry) -> str:
    """
    The code of the backend's reply if it was an error; otherwise C{""}.
    """
    return str(_timing(entry).get("error", ""))


def _timing(entry: Entry) -> Mapping[str, object]:
    timing = entry.get("timing")
    return timing if isinstance(timing, Mapping) else {}


def _parts(entry: Entry) -> Iterator[tuple[str, str]]:
    """
    The parts of an effect: the first word, and the rest.
    """
    for part in str(entry.get("effect") or "").split(", "):
        word, _, rest = part.removeprefix(_REPLY).partition(" ")
        yield word, rest


def _seconds(text: str) -> float:
    """
    The number of seconds in C{0.8 s}; 0 for other texts.
    """
    try:
        return float(text.removesuffix(" s"))
    except ValueError:
        return 0.0
