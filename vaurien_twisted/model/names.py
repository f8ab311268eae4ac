# -*- test-case-name: tests.model.test_names -*-
"""
Names and other words of users and clients, which log lines and terminals show.
"""

from __future__ import annotations

import ipaddress

from vaurien_twisted.model.options import Refused

#: The longest address, in characters, and how many headers of the PROXY protocol it can have.
ADDRESS_LIMIT, HEADERS = 4096, 4


def printable(text: str) -> str:
    """
    C{text}, in which anyone may have put anything, with escapes such as C{\\x1b} in place of
    what a terminal would obey and of what would begin another line.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def checkPrintable(text: str, name: str) -> str:
    """
    @param name: the field that C{text} was given for.
    @return: C{text}.
    @raise Refused: it has control characters, or others that cannot be shown.
    """
    if not text.isprintable():
        raise Refused(f"{text!r} has characters that cannot be shown", name)
    return text


def checkAddress(text: str, name: str) -> str:
    """
    C{text} itself.

    @raise Refused: it is too long for an address, or cannot be shown.
    """
    if len(text) > ADDRESS_LIMIT:
        raise Refused(f"an address has {ADDRESS_LIMIT} characters at most", name)
    if text.count("haproxy:") + text.count("proxied:") > HEADERS:
        raise Refused(f"an address may send or take {HEADERS} headers at most", name)
    return checkPrintable(text, name)


def plainHost(host: str) -> str:
    """
    An IP address as it is shown and matched: an IPv4 address that came to a socket of IPv6,
    C{::ffff:10.0.0.7} in any spelling (RFC 4291, section 2.5.5.2), is C{10.0.0.7}.
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
    Who is at the other end of a connection, for a log line: an IP address, or words for
    someone who has none.

    @param address: what the transport says.
    """
    return plainHost(str(getattr(address, "host", "") or "")) or "a socket of this machine"


def bareHost(host: str) -> str:
    """
    A host as sockets take it: an IPv6 address may be written in brackets.
    """
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host
