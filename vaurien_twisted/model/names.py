# -*- test-case-name: tests.model.test_names -*-
"""
Checks and formats names and addresses of users and clients for log lines and terminals.
"""

from __future__ import annotations

import ipaddress

from vaurien_twisted.model.options import Refused

#: The longest address, in characters, and the most headers of the PROXY protocol in it.
ADDRESS_LIMIT, HEADERS = 4096, 4


def printable(text: str) -> str:
    """
    C{text} with escapes such as C{\\x1b} instead of control characters, which a terminal would obey
    or which would begin another line.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def checkPrintable(text: str, name: str) -> str:
    """
    Check that a text has only printable characters.

    @param name: the field that C{text} was given for.
    @return: C{text}.
    @raise Refused: it has characters that are not printable.
    """
    if not text.isprintable():
        raise Refused(f"{text!r} has characters that are not printable", name)
    return text


def checkPathName(text: str, name: str) -> str:
    """
    Check that a text can be a segment of a path in the REST API.

    @param name: the field that C{text} was given for.
    @return: C{text}.
    @raise Refused: it has characters that are not printable, or a C{/}, or is C{.} or C{..}.
    """
    if "/" in checkPrintable(text, name) or text in (".", ".."):
        raise Refused(f"{text!r} is not a valid name: it must not be . or .. nor contain /", name)
    return text


def checkAddress(text: str, name: str) -> str:
    """
    Check the length and the characters of an address.

    @param name: the option that C{text} was given for.
    @return: C{text}.
    @raise Refused: it is longer than L{ADDRESS_LIMIT}, has more than L{HEADERS} headers of the
        PROXY protocol, or has characters that are not printable.
    """
    if len(text) > ADDRESS_LIMIT:
        raise Refused(f"the address is over {ADDRESS_LIMIT} characters, the maximum", name)
    if text.count("haproxy:") + text.count("proxied:") > HEADERS:
        raise Refused(f"an address has at most {HEADERS} of haproxy: and proxied:", name)
    return checkPrintable(text, name)


def plainHost(host: str) -> str:
    """
    The form of an IP address that is shown and matched.  An IPv4 client of an IPv6 socket has an
    address such as C{::ffff:10.0.0.7} (RFC 4291, section 2.5.5.2), which becomes C{10.0.0.7}.
    """
    if not host.startswith(":"):
        return host
    try:
        mapped = ipaddress.IPv6Address(host).ipv4_mapped
    except ValueError:
        return host
    return host if mapped is None else str(mapped)


def peerName(address: object) -> str:
    """
    The peer of a connection, for log lines: its IP address, or C{a socket of this machine}.

    @param address: the result of the transport's C{getPeer}.
    """
    return plainHost(str(getattr(address, "host", "") or "")) or "a socket of this machine"


def bareHost(host: str) -> str:
    """
    A host without the brackets that an IPv6 address can be written in.
    """
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host
