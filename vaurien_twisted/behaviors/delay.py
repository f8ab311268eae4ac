# -*- test-case-name: tests.behaviors.test_delay -*-
"""
C{delay}: requests or replies are late by a fixed time.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.behaviors._fixed import Fixed
from vaurien_twisted.model.commands import Actions, Wait
from vaurien_twisted.model.options import option


@attrs.frozen
class DelayOptions:
    """
    The options of C{delay}.
    """

    sleep: float = option(float, 1.0, "How long to wait.", unit="s", minimum=0, maximum=86400)
    before: bool = option(
        bool,
        True,
        "Delay the request, before the backend gets it; if false, delay the reply.",
    )


class Delay(Fixed):
    """
    Delays each request, or each reply, by a fixed time.
    """

    name = "delay"
    options = DelayOptions

    def actions(self, options: DelayOptions) -> Actions:
        wait = (Wait(options.sleep),)
        return Actions(request=wait) if options.before else Actions(reply=wait)
