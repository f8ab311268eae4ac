# -*- test-case-name: tests.wire.test_skimming -*-
"""
What skimmers remember: applications ask the same things again and again.
"""

from __future__ import annotations

#: Only short chunks are remembered, and so many of them.
LONGEST, MOST_KEPT = 512, 2048

_counts: dict[tuple[str, frozenset[str]], dict[bytes, int]] = {}


def countsFor(protocol: str, watched: frozenset[str]) -> dict[bytes, int]:
    """
    How many requests a chunk that can be passed over was found to be; for all
    connections of a protocol on which the same commands are watched.
    """
    key = (protocol, watched)
    counts = _counts.get(key)
    if counts is None:
        if len(_counts) >= 16:
            # Plans that are no longer in force; those that are go on with what they hold.
            _counts.clear()
        counts = _counts[key] = {}
    return counts


def remember(counts: dict[bytes, int], data: bytes, count: int) -> None:
    """
    Remember a chunk's count.  When there are too many, all are forgotten: what is
    asked often is soon known again.
    """
    if len(data) <= LONGEST:
        if len(counts) >= MOST_KEPT:
            counts.clear()
        counts[data] = count
