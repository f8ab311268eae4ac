# -*- test-case-name: tests.record.test_decisions_log -*-
"""
Decisions in the log, at level debug.
"""

from __future__ import annotations

from twisted.logger import Logger

from vaurien_twisted.record.journal import Journal

log = Logger()


def logDecisions(journal: Journal) -> None:
    """
    Log each decision from now on, in plain words, at level debug.
    """

    def noted() -> None:
        entry = journal.newest
        if entry["kind"] == "decision":
            log.debug(
                "{proxy}: connection {connection} exchange {exchange}: {description}: "
                "{words} by {rule} ({reason})",
                proxy=entry["proxy"],
                connection=entry["connection"],
                exchange=entry.get("exchange", 0),
                description=entry.get("description", ""),
                words=entry.get("words") or entry.get("effect", ""),
                rule=entry.get("rule", ""),
                reason=entry.get("reason", ""),
            )

    journal.watch(noted)
