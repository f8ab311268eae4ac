"""
Optional interfaces of wire protocols.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from vaurien_twisted.model.errors import WireError
    from vaurien_twisted.model.exchange import Exchange
    from vaurien_twisted.model.url_scheme import URLScheme


class IStreamProtocol(Interface):
    """
    A wire protocol whose exchanges can be streams of one connection (HTTP/2).  Optional, beside
    L{IWireProtocol<vaurien_twisted.interfaces.IWireProtocol>}.  A reply can then be cut and ended
    with an error while the connection stays open.
    """

    def afterCut(exchange: Exchange, error: WireError) -> bytes:
        """
        The bytes that follow the part of the reply that passes; C{b""} if this exchange cannot end
        so.
        """


class IStreamFacts(Interface):
    """
    The C{context} of an exchange that is a stream of a connection.
    """

    open: int = Attribute("The number of open streams of the connection, including this one.")
    deadline: float | None = Attribute(
        "How many seconds the client waits for the whole reply, from its request; C{None} if the "
        "request does not say so."
    )


class IErrorObstacles(Interface):
    """
    A wire protocol that says why it cannot answer an exchange with an error.  Optional, beside
    L{IWireProtocol<vaurien_twisted.interfaces.IWireProtocol>}.
    """

    def obstacle(exchange: Exchange, error: WireError) -> str:
        """
        The reason in a few words why C{encodeError} has returned C{None}; C{""} if the journal
        needs no entry.
        """


class IErrorReplies(Interface):
    """
    A wire protocol whose framers recognize the errors among replies: they set C{error} of the
    L{exchange<vaurien_twisted.model.exchange.Exchange>}, and their fast paths do not pass such
    replies.  Optional, beside L{IWireProtocol}: the failed exchanges of others are not counted.
    """


class IURLSchemes(Interface):
    """
    A wire protocol whose backends are written as URLs, too.  Optional, beside L{IWireProtocol}.
    """

    schemes: tuple[URLScheme, ...] = Attribute(
        "The L{schemes<vaurien_twisted.model.url_scheme.URLScheme>}."
    )
