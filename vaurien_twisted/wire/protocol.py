# -*- test-case-name: tests.wire.test_errors -*-
"""
What wire protocols have in common: defaults, and errors that follow from a catalog.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from zope.interface import implementer

from vaurien_twisted.interfaces import IFramingOptions
from vaurien_twisted.interfaces.protocols import IURLSchemes
from vaurien_twisted.model.commands import Reply, Send
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.matchers import Matcher
from vaurien_twisted.model.options import option
from vaurien_twisted.model.url_scheme import URLScheme
from vaurien_twisted.wire.errors import ErrorCatalog


@implementer(IFramingOptions)
@attrs.frozen
class FramingOptions:
    """
    The options of every wire protocol that reads messages.
    """

    on_garbage: str = option(
        str,
        "opaque",
        "What to do with a connection whose bytes are not of the protocol: opaque passes them "
        "unread, close closes it.",
        choices=("opaque", "close"),
    )


@implementer(IURLSchemes)
class WireProtocol:
    """
    The base of wire protocols with a catalog of errors.  See
    L{IWireProtocol<vaurien_twisted.interfaces.IWireProtocol>} for the other members.

    @cvar catalog: the errors.
    """

    aliases: tuple[str, ...] = ()
    greets = False
    targets: tuple[Matcher, ...] = ()
    commands: tuple[str, ...] = ()
    schemes: tuple[URLScheme, ...] = ()
    unit = ""
    injects = True
    catalog: ErrorCatalog

    @property
    def errors(self) -> Mapping[str, WireError]:
        return self.catalog.presets

    def parseError(self, code: str, message: str) -> WireError:
        return self.catalog.parse(code, message)

    def transientErrors(self, exchange: Exchange) -> Sequence[WireError]:
        return self.catalog.transient(exchange)

    def encodeError(self, exchange: Exchange, error: WireError) -> Reply | Send | None:
        return self.catalog.encode(exchange, error)
