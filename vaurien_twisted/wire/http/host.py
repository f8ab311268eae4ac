# -*- test-case-name: tests.wire.http.test_host -*-
"""
The Host field for requests to the backend.
"""

from __future__ import annotations

import re

#: The default ports, which Host omits, by the kind of endpoint (RFC 9110, section 7.2).
USUAL = {"tcp": "80", "ssl": "443", "tls": "443"}

HOST = re.compile(rb"\n(host:)[^\r\n]*", re.IGNORECASE)

#: The request line up to the end of a target's authority (RFC 9112, section 3.2.2).
ABSOLUTE = re.compile(rb"\A((?:\r?\n)*[^ \r\n]+ +[A-Za-z][A-Za-z0-9+.-]*://)[^/?# \r\n]*")
COLON = re.compile(r"(?<!\\):")


def hostOf(backend: str) -> bytes | None:
    """
    The value of Host for a backend, C{None} if it has no host, such as C{unix:/path}.

    @param backend: C{HOST:PORT}, C{[IPv6]:PORT}, or a client endpoint string
        (L{twisted.internet.endpoints.clientFromString}).
    """
    if re.fullmatch(r"\[[^\]]+\]:\d+|[^:]+:\d+", backend):
        host, _, port = backend.rpartition(":")
        kind = "tcp"
    else:
        kind, *words = COLON.split(backend)
        if kind not in USUAL:
            return None
        parseError = dict(word.split("=", 1) for word in words if "=" in word)
        placed = [word for word in words if "=" not in word] + ["", ""]
        host = parseError.get("host", placed[0]).replace("\\:", ":")
        port = parseError.get("port", placed[1])
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
    if not host:
        return None
    name = host.encode("ascii" if host.isascii() else "idna")
    return name if port in ("", USUAL[kind]) else name + b":" + port.encode("ascii")


def overwriteHost(head: bytes, host: bytes) -> bytes:
    """
    The request head with another Host; unchanged if it has no Host.  A target in absolute
    form, which overrides Host (RFC 9112, section 3.2.2), gets the same authority.
    """
    head = ABSOLUTE.sub(lambda match: match[1] + host, head, count=1)
    return HOST.sub(lambda match: b"\n" + match[1] + b" " + host, head)
