# -*- test-case-name: tests.transports.test_files -*-
"""
The kinds of endpoint strings that REST accepts.

The command line and the configuration file accept every endpoint of Twisted and of plugins.  REST
accepts only those that can be changed again.  C{stdio:} would use the standard input of the
process, and C{fd:} and C{systemd:} use descriptors that the process got once.
"""

from __future__ import annotations

from collections.abc import Collection

from vaurien_twisted.model.names import checkAddress
from vaurien_twisted.model.options import Refused, nearest, shortened
from vaurien_twisted.transports.addresses import hostPort, isEndpoint
from vaurien_twisted.transports.endpoint_strings import checkPath, divided

#: Kinds of addresses to listen on.
SERVERS = frozenset({"tcp", "tcp6", "ssl", "tls", "unix", "haproxy", "express"})

#: Kinds of addresses of backends.
CLIENTS = frozenset({"tcp", "ssl", "tls", "unix", "proxied", "express"})


def checkListen(text: str, name: str) -> None:
    """
    Check the kind of an address to listen on.

    @param name: the option that C{text} is given for.
    @raise Refused: its kind is not in L{SERVERS}.
    """
    _check(text, name, SERVERS)


def checkBackend(text: str, name: str) -> None:
    """
    Check the kind of a backend's address.

    @param name: the option that C{text} is given for.
    @raise Refused: its kind is not in L{CLIENTS}.
    """
    _check(text, name, CLIENTS)


def _check(text: str, name: str, kinds: Collection[str]) -> None:
    checkAddress(text, name)
    prefix, colon, rest = text.partition(":")
    # A text that is not an address is refused when it is parsed.
    if not colon or text.startswith("[") or (hostPort(text) is not None and not isEndpoint(text)):
        return
    if ":" not in rest and rest[:1].isdigit() and not isEndpoint(text):
        reason = f"{shortened(rest)} is not a port, 0 to 65535"
        raise Refused(f"{shortened(text)} is not an address: {reason}", name)
    if prefix not in kinds:
        raise Refused(
            f"{shortened(prefix)} is not a kind of endpoint that is allowed here: "
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
