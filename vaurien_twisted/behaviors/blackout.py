# -*- test-case-name: tests.behaviors.test_blackout -*-
"""
C{blackout}: connections are closed.
"""

from __future__ import annotations

from vaurien_twisted.behaviors._fixed import Fixed
from vaurien_twisted.model.commands import Actions, Close
from vaurien_twisted.model.options import NoOptions


class Blackout(Fixed):
    """
    Closes connections, as if the backend had been shut down: a new connection at once, an
    open one at its next request.
    """

    name = "blackout"
    connections = True

    def actions(self, options: NoOptions) -> Actions:
        return Actions(request=(Close(),))
