# -*- test-case-name: tests.transports.test_files -*-
"""
Which kinds of endpoint strings may be named while Vaurien runs.

Who starts Vaurien may name any endpoint that Twisted or a plugin has.  Over REST there are
those that listen or connect, and can be changed again: C{stdio:} would take the process's own
input, C{fd:} and C{systemd:} descriptors that were handed over once.
"""

from __future__ import annotations

from collections.abc import Collection

from vaurien_twisted.model.names import checkAddress
from vaurien_twisted.model.options import Refused, nearest, shortened
from vaurien_twisted.transports.addresses import hostPort, isEndpoint
from vaurien_twisted.transports.endpoint_strings import checkPath, divided

#: Where to listen.
SERVERS = frozenset({"tcp", "tcp6", "ssl", "tls", "unix", "haproxy", "express"})

#: What to connect to.
CLIENTS = frozenset({"tcp", "ssl", "tls", "unix", "proxied", "express"})


def checkListen(text: str, name: str) -> None:
    """
    @raise Refused: C{text} names an endpoint of another kind than L{SERVERS}.
    """
    _check(text, name, SERVERS)


def checkBackend(text: str, name: str) -> None:
    """
    @raise Refused: C{text} names an endpoint of another kind than L{CLIENTS}.
    """
    _check(text, name, CLIENTS)


def _check(text: str, name: str, kinds: Collection[str]) -> None:
    checkAddress(text, name)
    prefix, colon, rest = text.partition(":")
    # What is no address at all is refused where it is read.
    if not colon or text.startswith("[") or (hostPort(text) is not None and not isEndpoint(text)):
        return
    if prefix not in kinds:
        raise Refused(
            f"{shortened(prefix)} is no kind of endpoint that can be named here: "
            f"{nearest(prefix, kinds)}",
            name,
        )
    if prefix == "unix":
        try:
            checkPath(text)
        except ValueError as error:
            raise Refused(str(error), name) from None
    if prefix == "haproxy":
        _check(rest, name, kinds)
    elif prefix == "proxied":
        _check(rest.partition(":")[2], name, kinds)
    elif prefix == "tls" and kinds is CLIENTS:
        below = divided(text)[2].get("endpoint")
        if below is not None:
            _check(below, name, kinds)
