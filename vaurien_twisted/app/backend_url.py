# -*- test-case-name: tests.app.test_backend_url -*-
"""
Backends as URLs, the way that applications are configured: C{redis://host:6379/0}.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from vaurien_twisted.interfaces.protocols import IURLSchemes
from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.model.url_scheme import URLScheme
from vaurien_twisted.rules.registry import Registry
from vaurien_twisted.transports.endpoint_kinds import CLIENTS

#: Schemes that no wire protocol declares; such backends are relayed as C{tcp}.
UNREAD = (URLScheme("amqp", 5672),)


def schemes(registry: Registry) -> dict[str, tuple[str, URLScheme]]:
    """
    The protocol and the scheme of each name, those of plugins included.
    """
    known = {scheme.name: ("tcp", scheme) for scheme in UNREAD}
    for wire in registry.wires.values():
        declared = IURLSchemes(wire, None)
        if declared is not None:
            known.update((scheme.name, (wire.name, scheme)) for scheme in declared.schemes)
    return known


def withBackendURL(registry: Registry, settings: Mapping[str, str]) -> dict[str, str]:
    """
    The settings with the address in place of a URL as C{backend}, and with its C{protocol} if they
    have none.  User names, passwords, paths and queries of the URL are not needed, and dropped.

    @raise Refused: the URL is not acceptable.
    """
    taken = dict(settings)
    text = taken.get("backend", "")
    name, mark, _ = text.partition("://")
    # Drivers, as in postgresql+psycopg://, are SQLAlchemy's.
    name = name.lower().partition("+")[0]
    known = schemes(registry)
    if not mark or (name not in known and name in CLIENTS):
        return taken
    if name not in known:
        raise Refused(f"there is no URL scheme {name}://: {nearest(name, known)}", "backend")
    protocol, scheme = known[name]
    taken["backend"] = _address(text, scheme)
    taken.setdefault("protocol", protocol)
    return taken


def _address(text: str, scheme: URLScheme) -> str:
    try:
        parts: SplitResult = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused("the URL has no valid port: write HOST:PORT after ://", "backend") from None
    if not host:
        raise Refused("the URL has no host: write HOST:PORT after ://", "backend")
    if port is None:
        port = scheme.port
    if scheme.tls:
        escaped = host.replace(":", "\\:")
        return f"tls:{escaped}:{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
