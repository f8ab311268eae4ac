# -*- test-case-name: tests.transports.test_tls -*-
"""
Endpoints whose files can be read again while they are in use.
"""

from __future__ import annotations

from zope.interface import Interface


class IRenewable(Interface):
    """
    An endpoint whose connections have certificates from files.
    """

    def renew() -> None:
        """
        Read the files again, for connections to come; open connections go on.

        @raise Refused: a file is not acceptable; nothing has changed.
        """
