# -*- test-case-name: tests.proxies.test_declaration -*-
"""
The fields of a proxy, declared once.

L{ProxyFields} declares the fields that identify a proxy.  L{ProxyOptions} declares its options:
the command line and the section C{[vaurien]} set them for all proxies, C{[proxy:NAME]} and JSON
for one.  The checks, C{GET /schema}, the web form and the documentation read both declarations.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.options import option

#: The default address to listen on: a free port of the loopback interface.
ANYWHERE = "localhost:0"


@attrs.frozen
class ProxyFields:
    """
    A proxy's name, its addresses and its protocol.
    """

    name: str = option(str, "", "The proxy's name; required.")
    listen: str = option(
        str,
        ANYWHERE,
        "The address to listen on: HOST:PORT or a Twisted endpoint string; port 0 takes a free "
        "port.",
    )
    upstream: str = option(
        str, "", "The backend: HOST:PORT or a Twisted endpoint string; required."
    )
    protocol: str = option(str, "", "The wire protocol; without it, the one that --protocol names.")
    enabled: bool = option(bool, True, "Whether the proxy listens.")


@attrs.frozen
class ProxyOptions:
    """
    The options of a proxy.  To add an option, add a field here, and read it from
    C{Proxy.proxyOptions} where it is needed.
    """

    connect_first: bool = option(
        bool,
        False,
        "Listen only while the backend accepts connections; while it is down, clients are refused.",
    )
