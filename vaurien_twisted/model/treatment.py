# -*- test-case-name: tests.rules.test_batches -*-
"""
Treatments: what the rules of a plan do to an exchange, where they do the same to each such
exchange.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.decision import NOTHING, Decision


@attrs.frozen(eq=False)
class Treatment:
    """
    What happens to some exchanges.  Equal ones are the same object.

    @ivar decision: the steps, which are waits of the request and nothing else.
    @ivar rules: the rules that it comes from, as whoever made it knows them.
    """

    decision: Decision = NOTHING
    rules: tuple[object, ...] = ()


#: Nothing happens.
UNTREATED = Treatment()


@attrs.frozen(eq=False)
class TreatedChunk:
    """
    Requests that came in one chunk, and all have one treatment.

    @ivar requests: of each its command, its subject and its head.
    """

    treatment: Treatment
    requests: tuple[tuple[str, str, bytes], ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """
        The command of each.
        """
        return tuple(command for command, _, _ in self.requests)
