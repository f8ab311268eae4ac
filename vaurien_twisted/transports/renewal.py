# -*- test-case-name: tests.transports.test_tls -*-
"""
Endpoints that can read their certificates again while they are in use.
"""

from __future__ import annotations

from zope.interface import Interface


class IRenewable(Interface):
    """
    An endpoint that reads certificates from files.
    """

    def renew() -> None:
        """
        Read the files again for new connections.  Open connections do not change.

        @raise Refused: a file is not acceptable; nothing has changed.
        """
