# -*- test-case-name: tests.behaviors.test_hang -*-
"""
C{hang}: requests are held until the behavior is removed.
"""

from __future__ import annotations

from vaurien_twisted.behaviors._fixed import Fixed
from vaurien_twisted.model.commands import Actions, Hold
from vaurien_twisted.model.options import NoOptions


class Hang(Fixed):
    """
    Holds each request and sends no answer; the connection stays open.  When you change the
    behavior, the held requests go to the backend and are answered.
    """

    name = "hang"

    def actions(self, options: NoOptions) -> Actions:
        return Actions(request=(Hold(),))
