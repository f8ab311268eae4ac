# -*- test-case-name: tests.app.test_backend_url -*-
"""
Backends as URLs, the way that applications are configured: C{redis://host:6379/0}.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import attrs

from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.rules.registry import Registry
from vaurien_twisted.transports.endpoint_kinds import CLIENTS


@attrs.frozen
class Scheme:
    """
    What a scheme means.

    @ivar protocol: the wire protocol; C{tcp} if there is none of that name.
    @ivar port: the port of URLs without one.
    @ivar tls: whether the backend is reached by TLS from the first byte.
    """

    protocol: str
    port: int
    tls: bool = False


#: The ports are those of IANA's registry, and RabbitMQ's for C{amqp}.
SCHEMES = {
    "http": Scheme("http", 80),
    "https": Scheme("http", 443, tls=True),
    "mysql": Scheme("mysql", 3306),
    "mariadb": Scheme("mysql", 3306),
    "postgresql": Scheme("postgresql", 5432),
    "postgres": Scheme("postgresql", 5432),
    "redis": Scheme("redis", 6379),
    "rediss": Scheme("redis", 6379, tls=True),
    "memcached": Scheme("memcache", 11211),
    "memcache": Scheme("memcache", 11211),
    "smtp": Scheme("smtp", 25),
    "amqp": Scheme("amqp", 5672),
}


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
    if not mark or (name not in SCHEMES and name in CLIENTS):
        return taken
    if name not in SCHEMES:
        raise Refused(f"there is no URL scheme {name}://: {nearest(name, SCHEMES)}", "backend")
    scheme = SCHEMES[name]
    taken["backend"] = _address(text, scheme)
    known = scheme.protocol in registry.wires
    taken.setdefault("protocol", scheme.protocol if known else "tcp")
    return taken


def _address(text: str, scheme: Scheme) -> str:
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
