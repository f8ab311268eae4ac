"""
What wire protocols can do beside dividing streams into exchanges and encoding errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zope.interface import Interface

if TYPE_CHECKING:
    from vaurien_twisted.model.errors import WireError
    from vaurien_twisted.model.exchange import Exchange


class ICutReplies(Interface):
    """
    A wire protocol in which a reply can be cut with an error behind it, while the connection goes
    on.  Optional, beside L{IWireProtocol}.
    """

    def afterCut(exchange: Exchange, error: WireError) -> bytes:
        """
        What follows the part of the reply that passes; C{b""} where this exchange has no such
        end.
        """


class ITellsErrors(Interface):
    """
    A wire protocol whose framers say which replies are errors: they set C{error} of the
    L{exchange<vaurien_twisted.model.exchange.Exchange>}, and their fast paths do not pass such
    replies.  Optional, beside L{IWireProtocol}: the failed exchanges of others are not counted.
    """
