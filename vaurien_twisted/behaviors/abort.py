# -*- test-case-name: tests.behaviors.test_abort -*-
"""
C{abort}: the connection is reset instead of a reply.
"""

from __future__ import annotations

from vaurien_twisted.behaviors._fixed import Fixed
from vaurien_twisted.model.commands import Actions, Reset
from vaurien_twisted.model.options import NoOptions


class Abort(Fixed):
    """
    Passes the request to the backend.  When the backend begins to reply, both connections
    are reset: the client reads ECONNRESET and does not know whether the request was carried
    out.
    """

    name = "abort"

    def actions(self, options: NoOptions) -> Actions:
        return Actions(reply=(Reset(),))
