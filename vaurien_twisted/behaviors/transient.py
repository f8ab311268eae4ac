# -*- test-case-name: tests.behaviors.test_transient -*-
"""
C{transient}: the first requests fail, later ones succeed.
"""

from __future__ import annotations

import attrs
from zope.interface import implementer

from vaurien_twisted.behaviors.error import ErrorOptions, OfErrors, fail
from vaurien_twisted.interfaces import IBehavior
from vaurien_twisted.model.commands import PASS, Actions
from vaurien_twisted.model.decision import DecisionContext
from vaurien_twisted.model.options import option


@attrs.frozen
class TransientOptions(ErrorOptions):
    """
    The options of C{error}, and how many requests fail.
    """

    agitate: int = option(
        int, 1, "How many requests fail before the others pass.", unit="requests", minimum=0
    )


@implementer(IBehavior)
class Transient(OfErrors):
    """
    Answers the first requests with errors, as C{error} does; later requests pass.
    """

    name = "transient"
    options = TransientOptions

    def decide(self, options: TransientOptions, context: DecisionContext) -> Actions:
        failed = context.number - options.warmup
        if 0 <= failed < options.agitate:
            return fail(options, context)
        return PASS
