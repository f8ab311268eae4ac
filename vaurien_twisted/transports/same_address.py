# -*- test-case-name: tests.transports.test_same_address -*-
"""
Which addresses are the same place: where a server listens, and what a client connects to.

One place has many addresses: C{localhost}, C{127.0.0.1} and C{::ffff:127.0.0.1} are one, a
server on C{0.0.0.0} is reached by each IPv4 address of this machine, and a UNIX socket by each
symbolic link to it.  No name is looked up here but those that this machine has for itself.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket

import attrs

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Stands for any address of this machine.
OWN = "this machine"

#: What C{HOST:PORT} is made of, for those who have checked that it is one.
_HOST_PORT = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]]*)):([0-9]+)")

#: Of Twisted's strings and ours: which argument, by number and by name, is the port and the
#: host, and what the host is where none is given.
_SERVERS = {
    "tcp": (0, None, "0.0.0.0"),
    "tcp4": (0, None, "0.0.0.0"),
    "tcp6": (0, 1, "::"),
    "ssl": (0, None, "0.0.0.0"),
    "tls": (1, None, "::"),
    "express": (0, 1, "0.0.0.0"),
}
_CLIENTS = frozenset(("tcp", "ssl", "tls", "express"))


@attrs.frozen
class Place:
    """
    Where a server listens, or a client connects to.

    @ivar host: an IP address, a name, or L{OWN}; C{""} for a UNIX socket.
    @ivar port: its port, 0 for a UNIX socket.
    @ivar path: the path of a UNIX socket, else C{""}.
    """

    host: str
    port: int
    path: str = ""


def served(text: str) -> Place | None:
    """
    Where an address has a proxy listen; C{None} where that is not known before it does.
    """
    prefix = text.partition(":")[0]
    if prefix == "haproxy":
        return served(text.partition(":")[2])
    if prefix == "unix":
        return _path(text)
    if prefix not in _SERVERS:
        return _hostPort(text, "0.0.0.0")
    portAt, hostAt, host = _SERVERS[prefix]
    words, named = _arguments(text)
    port = named.get("port") or (words[portAt] if len(words) > portAt else "")
    if hostAt is not None and len(words) > hostAt:
        host = words[hostAt]
    host = named.get("interface") or host
    return Place(host, int(port)) if port.isdecimal() and int(port) else None


def reached(text: str) -> Place | None:
    """
    What an address has a proxy connect to; C{None} where that is not known.
    """
    prefix = text.partition(":")[0]
    if prefix == "proxied":
        return reached(text.split(":", 2)[-1])
    if prefix == "unix":
        return _path(text)
    if prefix not in _CLIENTS:
        return _hostPort(text, "127.0.0.1")
    words, named = _arguments(text)
    if "endpoint" in named:
        return reached(named["endpoint"])
    host = named.get("host") or (words[0] if words else "")
    rest = words if "host" in named else words[1:]
    port = named.get("port") or (rest[0] if rest else "")
    return Place(host or "127.0.0.1", int(port)) if port.isdecimal() else None


def _arguments(text: str) -> tuple[list[str], dict[str, str]]:
    # Only now: C{HOST:PORT} does not need it.
    from vaurien_twisted.transports.endpoint_strings import divided

    _, words, named = divided(text)
    return words, named


def _path(text: str) -> Place | None:
    words, named = _arguments(text)
    path = named.get("address") or named.get("path") or (words[0] if words else "")
    return Place("", 0, path) if path and "\0" not in path else None


def _hostPort(text: str, everywhere: str) -> Place | None:
    match = _HOST_PORT.fullmatch(text)
    if match is None or not int(match[3]):
        return None
    return Place(match[1] or match[2] or everywhere, int(match[3]))


def placeOf(address: object) -> Place | None:
    """
    The same of an address that a port or a transport has told.
    """
    port = getattr(address, "port", None)
    if port:
        return Place(str(getattr(address, "host", "")), int(port))
    name = getattr(address, "name", None)
    if not name:
        return None
    return Place("", 0, os.fsdecode(name))


def leadsTo(target: Place, server: Place) -> bool:
    """
    Whether who connects to C{target} is at C{server}.
    """
    if target.path or server.path:
        return bool(target.path and server.path) and _samePath(target.path, server.path)
    if target.port != server.port:
        return False
    listening = _addresses(server.host)
    return any(_isAt(each, here) for each in _addresses(target.host) for here in listening)


def _isAt(target: _Address | str, here: _Address | str) -> bool:
    if isinstance(here, str) or isinstance(target, str):
        # A name of this machine, which whoever listens everywhere is reached by.
        return target == here or (target == OWN and not isinstance(here, str) and _isAny(here))
    if not _isAny(here):
        return _loopback(target) == here
    if here.version != target.version and (here.version == 4 or not _takesBoth()):
        return False
    return _isAny(target) or target.is_loopback or isOwn(target)


def _isAny(address: _Address) -> bool:
    return address.is_unspecified


def _loopback(address: _Address) -> _Address:
    """
    What connecting to the address of all addresses reaches.
    """
    if not address.is_unspecified:
        return address
    return ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")


def _addresses(host: str) -> list[_Address | str]:
    """
    The addresses that a host has, C{[]} where it is a name that would have to be looked up.
    """
    name = host.lower().removesuffix(".")
    if name in ("localhost", "ip6-localhost"):
        return [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    own = socket.gethostname().lower()
    if name == OWN or name in (own, own.partition(".")[0]):
        return [OWN]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            # As resolvers take it, 127.1 is an address, too (inet_aton(3)).
            return [ipaddress.IPv4Address(socket.inet_aton(host))]
        except OSError:
            return []
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return [mapped or address]


def isOwn(address: _Address) -> bool:
    """
    Whether it is an address of this machine: whether a socket can have it.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def _takesBoth() -> bool:
    """
    Whether a server on all addresses of IPv6 takes clients of IPv4 too (ipv6(7)).
    """
    try:
        with socket.socket(socket.AF_INET6) as probe:
            return not probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    except OSError:
        return False


def _samePath(one: str, other: str) -> bool:
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
